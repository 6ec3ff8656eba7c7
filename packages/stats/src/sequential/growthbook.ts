import { checkAlpha, type TestResult, untestable } from '../fixed/result.ts'
import type { Interval } from '../interval.ts'
import { checkMoments } from '../moments.ts'
import { halfWidth, type MomentsBlock } from './asymptotic-interval.ts'
import { logNormalMixture, mixingVariance } from './normal-mixture.ts'

/**
 * GrowthBook's sequential test of a difference of two means, two-sided at `alpha`: the asymptotic confidence sequence over all
 * values of both arms, from the first value on. Here to be measured against; `asymptoticInterval` waits, and compares inside ticks.
 *
 * growthbook gbstats, SequentialTwoSidedTTest; Waudby-Smith and colleagues 2024.
 *
 * @param options `tuning`: the number of values for which it is tightest, 5000 by default as there.
 * @example
 * const arm = (mean: number) => ({ n: 500, mean, variance: 1 })
 * growthbookTest({ stable: arm(10), canary: arm(10.3) }, { alpha: 0.05 })
 * // { kind: 'tested', p: 0.0016, difference: 0.3, interval: { lower: 0.087, upper: 0.513 } }
 */
export function growthbookTest(
  { stable, canary }: MomentsBlock,
  options: { readonly alpha: number; readonly tuning?: number },
): TestResult<{ readonly difference: number; readonly interval: Interval }> {
  const { alpha, tuning = 5000 } = options
  checkAlpha(alpha)
  checkMoments(stable, 'stable')
  checkMoments(canary, 'canary')
  if (stable.n < 2 || canary.n < 2) return untestable('empty-arm')
  const error2 = stable.variance / stable.n + canary.variance / canary.n
  if (error2 === 0) return untestable('no-variance')
  const units = stable.n + canary.n
  const difference = canary.mean - stable.mean
  const variance = error2 * units * units
  const half = halfWidth({ units, variance, alpha, tightestAt: tuning, sides: 2 }) / units
  const mixing = mixingVariance({ variance: (variance * tuning) / units, alpha, sides: 2 })
  const logE = logNormalMixture({ sum: difference * units, variance, mixing, sides: 2 })
  return {
    kind: 'tested',
    p: Math.min(1, Math.exp(-logE)),
    difference,
    interval: { lower: difference - half, upper: difference + half },
  }
}
