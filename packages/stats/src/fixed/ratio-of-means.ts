import type { Interval } from '../interval.ts'
import { normalQuantile } from '../normal-quantile.ts'
import { checkAlpha, pOfZ, type Sided, type TestResult, untestable } from './result.ts'

/** One cluster of dependent units (a user, a trace, an instance): how much they have in all, and how many they are. */
export interface Cluster {
  readonly sum: number
  readonly units: number
}

/** Each arm's mean per unit, and their difference, canary - stable, with its interval. */
export interface RatioTest {
  readonly z: number
  readonly stable: number
  readonly canary: number
  readonly difference: number
  readonly interval: Interval
}

/**
 * Whether the canary's mean per unit is more, less or other than stable's, by one look, when units come in clusters: the delta
 * method for a ratio of means over k clusters, Var(X/Y) = (s_x^2 - 2 R s_xy + R^2 s_y^2) / (k Y^2), which is also the
 * cluster-robust variance of weighted least squares. Assumes independent clusters, thirty or more in each arm.
 *
 * Deng, Knoblich and Lu 2018, Applying the delta method in metric analytics, section 3.
 *
 * @example
 * const arm = (sums: number[]) => sums.map((sum) => ({ sum, units: 2 }))
 * ratioOfMeans({ stable: arm([2, 3, 4]), canary: arm([4, 5, 6]) }, { alternative: 'greater' })
 * // { kind: 'tested', p: 0.0072, z: 2.45, stable: 1.5, canary: 2.5, difference: 1, interval: { lower: 0.2, upper: 1.8 } }
 */
export function ratioOfMeans(
  clusters: { readonly stable: readonly Cluster[]; readonly canary: readonly Cluster[] },
  options: { readonly alternative: Sided; readonly alpha?: number },
): TestResult<RatioTest> {
  const { alternative, alpha = 0.025 } = options
  checkAlpha(alpha)
  const stable = ratioOf(clusters.stable, 'stable')
  const canary = ratioOf(clusters.canary, 'canary')
  if (stable === undefined || canary === undefined) return untestable('empty-arm')
  const error = Math.sqrt(stable.variance + canary.variance)
  if (error === 0) return untestable('no-variance')
  const difference = canary.ratio - stable.ratio
  const z = difference / error
  const half = -normalQuantile(alpha) * error
  return {
    kind: 'tested',
    p: pOfZ(z, alternative),
    z,
    stable: stable.ratio,
    canary: canary.ratio,
    difference,
    interval: { lower: difference - half, upper: difference + half },
  }
}

// s_x^2 - 2 R s_xy + R^2 s_y^2 is the variance of sum - R units, whose mean is zero.
function ratioOf(
  clusters: readonly Cluster[],
  name: string,
): { readonly ratio: number; readonly variance: number } | undefined {
  let sum = 0
  let units = 0
  clusters.forEach((cluster, at) => {
    if (!Number.isFinite(cluster.sum)) {
      throw new RangeError(`${name}[${at}].sum: expected a finite number, got ${cluster.sum}`)
    }
    if (!(cluster.units >= 0 && cluster.units < Infinity)) {
      throw new RangeError(`${name}[${at}].units: expected a number, zero or more, got ${cluster.units}`)
    }
    sum += cluster.sum
    units += cluster.units
  })
  const k = clusters.length
  if (k < 2 || units === 0) return undefined
  const ratio = sum / units
  const squares = clusters.reduce((total, cluster) => total + (cluster.sum - ratio * cluster.units) ** 2, 0)
  return { ratio, variance: (squares * k) / (k - 1) / (units * units) }
}
