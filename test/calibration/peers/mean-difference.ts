// GrowthBook's sequential test of a difference of two means: growthbook gbstats, SequentialTwoSidedTTest; Waudby-Smith, Arbour, Sinha,
// Kennedy and Ramdas 2024, Time-uniform central limit theory and asymptotic confidence sequences.
import type { Histogram } from '@coalmine/stats'

/** What a mean needs to know of some values: how many, their mean, and their variance (over n - 1). */
export interface Moments {
  readonly n: number
  readonly mean: number
  readonly variance: number
}

/** The moments of a histogram's values, each taken as the middle of its bucket. */
export function momentsOfHistogram({ scale, zero, indices, counts }: Histogram): Moments {
  const n = counts.reduce((sum, count) => sum + count, zero)
  const values = indices.map((index) => 2 ** ((index + 0.5) / 2 ** scale))
  const total = (of: (value: number) => number): number =>
    values.reduce((sum, value, at) => sum + counts[at]! * of(value), zero * of(0))
  const mean = n === 0 ? 0 : total((value) => value) / n
  return { n, mean, variance: n < 2 ? 0 : total((value) => (value - mean) ** 2) / (n - 1) }
}

/**
 * The two-sided confidence sequence of the canary's mean less stable's, over all values of both arms from the first value on;
 * undefined where an arm has fewer than two values, or none differ. `tuning` is the number of values for which it is tightest.
 *
 * @example meanDifference({ n: 500, mean: 10, variance: 1 }, { n: 500, mean: 10.3, variance: 1 }, 0.05) // 0.087 to 0.513
 */
export function meanDifference(
  stable: Moments,
  canary: Moments,
  alpha: number,
  tuning = 5000,
): { readonly lower: number; readonly upper: number } | undefined {
  if (stable.n < 2 || canary.n < 2) return undefined
  const units = stable.n + canary.n
  const variance = (stable.variance / stable.n + canary.variance / canary.n) * units
  if (variance === 0) return undefined
  const twice = -2 * Math.log(alpha)
  const rho2 = (twice + Math.log1p(twice)) / tuning
  const grown = units * rho2 + 1
  const half = Math.sqrt(variance) * Math.sqrt((2 * grown * Math.log(Math.sqrt(grown) / alpha)) / (units ** 2 * rho2))
  const difference = canary.mean - stable.mean
  return { lower: difference - half, upper: difference + half }
}
