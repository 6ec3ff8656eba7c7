import type { Trouble } from '@coalmine/store'

/** Why span metrics cannot be judged: a kind of trouble that any source can have, or the caller's interruption. */
export type SpanMetricsTrouble = Exclude<Trouble, 'bug'> | 'interrupted'

/**
 * An error whose message is meant for the user: what is wrong, where, and what to do.
 *
 * @example new SpanMetricsError('no-data', 'no span metrics at http://localhost:9090').kind // 'no-data'
 */
export class SpanMetricsError extends Error {
  readonly kind: SpanMetricsTrouble

  constructor(kind: SpanMetricsTrouble, message: string) {
    super(message)
    this.name = 'SpanMetricsError'
    this.kind = kind
  }
}
