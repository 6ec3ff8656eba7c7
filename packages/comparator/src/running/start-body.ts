import type { ComparisonBody } from '../policy/comparison-body.ts'
import type { RunLimits } from './run-limits.ts'

/**
 * The body of `POST /api/comparisons`: what is compared, and when it ends. By default, 30 min of canary traffic are judged,
 * the first spans may take 1 min, and the canary may serve nothing for 15 min.
 */
export interface StartBody extends ComparisonBody, Partial<RunLimits> {
  /** Labels such as commit, author, pipeline. At most 20, of 500 characters each. */
  readonly labels?: Readonly<Record<string, string>>
  /**
   * Idempotency key: requests with the same key mean the same comparison, whatever else they say; at most 200 characters. The header
   * `Idempotency-Key` says the same.
   */
  readonly key?: string
}
