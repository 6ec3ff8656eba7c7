import type { Histogram } from '@coalmine/stats'

/** One arm's data in one slice. Distributions are in seconds for latency, otherwise in the unit of the attribute. */
export type Side =
  | { readonly kind: 'rate'; readonly n: number; readonly events: number }
  | {
      readonly kind: 'distribution'
      readonly n: number
      readonly histogram: Histogram
      /** For latency: the upper bucket bounds in seconds, if the buckets are not exponential; see `boundedMap`. */
      readonly bounds?: readonly number[]
    }
  | { readonly kind: 'count'; readonly n: number }

/** Name of the slices that count requests, from which lost requests and throughput are judged. No metric may use it. */
export const requestCount = 'requests'

/**
 * A time x operation cell in which the two cohorts are comparable: requests in the same five seconds on the same
 * route. `tick` is the start of the tick in milliseconds since the epoch. `metric` is its name in the policy,
 * or `requests`, which counts traces. Both sides are of the same kind: latency, attributes and calls have
 * distributions; errors, client errors and shares have rates; `requests` has counts.
 */
export interface Slice {
  readonly tick: number
  readonly operation: string
  readonly metric: string
  readonly stable: Side
  readonly canary: Side
}
