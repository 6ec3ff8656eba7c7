import type { Histogram } from '@coalmine/stats'

/** What is measured of a request. `requests` is the bare count, from which lost requests are judged. */
export type SliceMetric = 'latency' | 'errors' | '4xx' | 'requests'

/** One arm's data in one slice. Units of a distribution are seconds. */
export type Side =
  | { readonly kind: 'rate'; readonly n: number; readonly events: number }
  | { readonly kind: 'distribution'; readonly n: number; readonly histogram: Histogram }
  | { readonly kind: 'count'; readonly n: number }

/**
 * A time x operation cell in which the two cohorts are comparable: what ran in the same five seconds on the same
 * route. `tick` is the start of the tick in milliseconds since the epoch. Both sides are of the same kind: `latency`
 * takes distributions, `errors` and `4xx` rates, `requests` counts.
 */
export interface Slice {
  readonly tick: number
  readonly operation: string
  readonly metric: SliceMetric
  readonly stable: Side
  readonly canary: Side
}
