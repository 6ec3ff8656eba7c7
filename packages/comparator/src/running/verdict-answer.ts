import type { Outcome } from '../verdict/outcome.ts'
import type { ComparisonAnswer } from './comparison-state.ts'

/** The query of `GET /api/verdict`, for the newest comparison of these cohorts. */
export interface VerdictQuery {
  readonly service: string
  /** Selectors, such as `service.version=2.0.0`. */
  readonly stable: string
  readonly canary: string
}

/** The answer of `GET /api/verdict`, for deployment gates: `verdict` is `running` until the comparison is settled. */
export interface VerdictAnswer
  extends Pick<ComparisonAnswer, 'id' | 'url' | 'outcome' | 'state' | 'reason' | 'startedAt' | 'judgedAt'> {
  readonly verdict: Outcome | 'running'
}
