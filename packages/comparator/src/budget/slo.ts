/** An objective: the share of requests that should be good over a time window. */
export interface Slo {
  readonly name: string
  readonly service: string
  /** Operations that each have their own budget; `service`: one budget for all requests; `each`: one for every operation. */
  readonly journeys: readonly string[] | 'service' | 'each'
  /** The share of requests that should be good, between 0 and 1. */
  readonly objective: number
  readonly windowSeconds: number
  /** Requests slower than this are bad, like errors; null if only errors are bad. */
  readonly latencySeconds: number | null
  /** Whether its journeys are important enough to wake someone up. */
  readonly critical: boolean
  /** The share of the window's budget that one release may cost; null for no expectation. */
  readonly expect: number | null
}

/** A planned share of the traffic, between 0 and 1, and its duration; the last share stays. */
export interface RampStage {
  readonly share: number
  readonly seconds: number
}
