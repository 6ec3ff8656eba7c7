import { checkAlpha, type Untestable, untestable } from '../fixed/result.ts'
import type { Interval } from '../interval.ts'
import { checkMoments, type Moments } from '../moments.ts'
import { mixingVariance, normalMixtureBound, type Sides } from './normal-mixture.ts'

/** One block of a numeric metric: both arms' moments in one tick of one stratum. */
export interface MomentsBlock {
  readonly stable: Moments
  readonly canary: Moments
}

/**
 * By how much the canary's mean is above stable's, to be looked at as often as one likes: an asymptotic confidence sequence, each
 * side at `alpha`. Inside each block the means are compared, and blocks weigh by their canary units, so drift and ramps do no
 * harm; the interval is the normal mixture over the variance that has come in.
 *
 * Asymptotic means that it holds from a start on, not from the first value: with fewer than 1000 values in an arm, or for rare
 * or heavy-tailed values, it is wrong far too often (35 % for errors of 0.1 %). So it says `untestable` until both arms
 * have `burnIn` values, 1000 by default, and values should be capped first (`momentsOfHistogram`). A verdict needs ranks.
 *
 * Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas 2024, Time-uniform central limit theory and asymptotic confidence sequences,
 * theorem 2.2 with one-sided bounds, and section 3 for changing variances.
 *
 * @param options `tightestAt`: the number of values, of both arms together, for which the interval is to be tightest.
 * @example
 * const arm = (mean: number) => ({ n: 5000, mean, variance: 1 })
 * asymptoticInterval([{ stable: arm(10), canary: arm(10.2) }], { alpha: 0.025, tightestAt: 10_000 })
 * // { kind: 'estimated', difference: 0.2, interval: { lower: 0.139, upper: 0.261 } }
 */
export function asymptoticInterval(
  blocks: readonly MomentsBlock[],
  options: { readonly alpha: number; readonly tightestAt: number; readonly burnIn?: number },
): { readonly kind: 'estimated'; readonly difference: number; readonly interval: Interval } | Untestable {
  const { alpha, tightestAt, burnIn = 1000 } = options
  checkAlpha(alpha)
  if (!(tightestAt > 0 && tightestAt < Infinity)) {
    throw new RangeError(`tightestAt: expected a number above zero, got ${tightestAt}`)
  }
  let stables = 0
  let canaries = 0
  let sum = 0
  let variance = 0
  for (const { stable, canary } of blocks) {
    checkMoments(stable, 'stable')
    checkMoments(canary, 'canary')
    // One value has no variance of its own.
    if (stable.n < 2 || canary.n < 2) continue
    stables += stable.n
    canaries += canary.n
    sum += canary.n * (canary.mean - stable.mean)
    variance += canary.n ** 2 * (stable.variance / stable.n + canary.variance / canary.n)
  }
  if (stables < burnIn || canaries < burnIn) return untestable('empty-arm')
  if (variance === 0) return untestable('no-variance')
  const difference = sum / canaries
  const half = halfWidth({ units: stables + canaries, variance, alpha, tightestAt, sides: 1 }) / canaries
  return { kind: 'estimated', difference, interval: { lower: difference - half, upper: difference + half } }
}

/**
 * The half-width of a confidence sequence for a sum of so many units with a variance, tightest at `tightestAt` units. Divided by
 * the units it is Waudby-Smith and colleagues' sigma sqrt(2 (t rho^2 + 1) / (t rho)^2 log(sqrt(t rho^2 + 1) / alpha)).
 */
export function halfWidth(options: {
  readonly units: number
  readonly variance: number
  readonly alpha: number
  readonly tightestAt: number
  readonly sides: Sides
}): number {
  const { units, variance, alpha, tightestAt, sides } = options
  const mixing = mixingVariance({ variance: (variance * tightestAt) / units, alpha, sides })
  return normalMixtureBound({ variance, mixing, alpha, sides })
}
