import type { Histogram } from '@coalmine/stats'

/** One arm's data in one slice. A distribution is of seconds for latency, else in the unit of its attribute. */
export type Side =
  | { readonly kind: 'rate'; readonly n: number; readonly events: number }
  | {
      readonly kind: 'distribution'
      readonly n: number
      readonly histogram: Histogram
      /** Of latency: the upper edges of its buckets in seconds, where they are not exponential; see `boundedMap`. */
      readonly bounds?: readonly number[]
    }
  | { readonly kind: 'count'; readonly n: number }

/** The slices that count requests: lost requests and throughput are judged from them. No metric may have this name. */
export const requestCount = 'requests'

/**
 * A time x operation cell in which the two cohorts are comparable: what ran in the same five seconds on the same
 * route. `tick` is the start of the tick in milliseconds since the epoch. `metric` is the name that the policy gives it,
 * or `requests`, which counts traces. Both sides are of the same kind: latency, attributes and calls take
 * distributions, errors, client errors and shares rates, `requests` counts.
 */
export interface Slice {
  readonly tick: number
  readonly operation: string
  readonly metric: string
  readonly stable: Side
  readonly canary: Side
}
