import type { Interval } from '../interval.ts'
import { checkMoments, type Moments } from '../moments.ts'
import { studentQuantile, studentTail } from '../student.ts'
import { checkAlpha, type Sided, type TestResult, untestable } from './result.ts'

/** t with its degrees of freedom, and the difference of the means, canary - stable, with its interval. */
export interface MeanTest {
  readonly t: number
  readonly df: number
  readonly difference: number
  readonly interval: Interval
}

/**
 * Whether the canary's mean is more, less or other than stable's plus `difference`, by one look: Welch's t-test for unequal
 * variances (R's `t.test`). Assumes independent values; means of heavy-tailed values need many of them. The interval has each
 * side at `alpha`.
 *
 * Welch 1947, The generalization of Student's problem when several different population variances are involved.
 *
 * @example
 * welch({ stable: momentsOf([1, 2, 3, 4]), canary: momentsOf([3, 5, 6]) }, { alternative: 'different' })
 * // { kind: 'tested', p: 0.119, t: 1.98, df: 3.96, difference: 2.17, interval: { lower: -0.88, upper: 5.21 } }
 */
export function welch(
  { stable, canary }: { readonly stable: Moments; readonly canary: Moments },
  options: { readonly alternative: Sided; readonly difference?: number; readonly alpha?: number },
): TestResult<MeanTest> {
  const { alternative, difference: margin = 0, alpha = 0.025 } = options
  checkAlpha(alpha)
  checkMoments(stable, 'stable')
  checkMoments(canary, 'canary')
  if (stable.n < 2 || canary.n < 2) return untestable('empty-arm')
  const ofStable = stable.variance / stable.n
  const ofCanary = canary.variance / canary.n
  const variance = ofStable + ofCanary
  if (variance === 0) return untestable('no-variance')
  const df = variance ** 2 / (ofStable ** 2 / (stable.n - 1) + ofCanary ** 2 / (canary.n - 1))
  const error = Math.sqrt(variance)
  const difference = canary.mean - stable.mean
  const t = (difference - margin) / error
  const half = studentQuantile(alpha, df) * error
  const p =
    alternative === 'different' ? 2 * studentTail(Math.abs(t), df) : studentTail(alternative === 'greater' ? t : -t, df)
  return { kind: 'tested', p, t, df, difference, interval: { lower: difference - half, upper: difference + half } }
}
