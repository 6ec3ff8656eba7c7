/** An objective: what share of the requests is to be good, over how long. */
export interface Slo {
  readonly name: string
  readonly service: string
  /** Each of these operations has a budget of its own; `service`: all requests have one; `each`: every operation that there is. */
  readonly journeys: readonly string[] | 'service' | 'each'
  /** The share that is to be good, between 0 and 1. */
  readonly objective: number
  readonly windowSeconds: number
  /** What takes longer is bad, as an error is; null where errors alone are. */
  readonly latencySeconds: number | null
  /** Whether its journeys are those that people are woken for. */
  readonly critical: boolean
  /** The share of the window's budget that one release may cost; null where nothing is expected. */
  readonly expect: number | null
}

/** A planned share of the traffic, between 0 and 1, and for how long; the last one stays. */
export interface RampStage {
  readonly share: number
  readonly seconds: number
}
