import type { Interval } from '../interval.ts'
import { normalQuantile } from '../normal-quantile.ts'
import { checkRates, type Rates } from '../rates.ts'
import { solve } from '../solve.ts'
import { checkAlpha, pOfZ, type Sided, type TestResult, untestable } from './result.ts'

/**
 * Whether the canary's rate of events is more than, less than or other than stable's plus `difference`, by one look: the stratified
 * score test with Mantel-Haenszel weights nm/(n+m). In each block the variance is taken at the rates most likely to have made
 * the block if the difference is true, so that a block without events does not count as certainty. At a difference of 0 it is
 * the Cochran-Mantel-Haenszel test without continuity correction.
 *
 * Miettinen and Nurminen 1985, Comparative analysis of two rates, equations 8, 9 and 27.
 *
 * @example
 * riskDifferenceTest([{ stable: { n: 90_000, events: 0 }, canary: { n: 10_000, events: 0 } }], { alternative: 'less', difference: 0.001 })
 * // { kind: 'tested', p: 0.00078, z: -3.16 }
 */
export function riskDifferenceTest(
  blocks: readonly Rates[],
  options: { readonly alternative: Sided; readonly difference: number },
): TestResult<{ readonly z: number }> {
  const { alternative, difference } = options
  if (!(difference > -1 && difference < 1)) {
    throw new RangeError(`difference: expected a number between -1 and 1, got ${difference}`)
  }
  blocks.forEach(checkRates)
  const served = blocks.filter(({ stable, canary }) => stable.n > 0 && canary.n > 0)
  if (served.length === 0) return untestable('empty-arm')
  const z = score(served, difference)
  if (Number.isNaN(z)) return untestable('no-variance')
  return { kind: 'tested', p: pOfZ(z, alternative), z }
}

/**
 * The difference of the canary's rate from stable's over all blocks (Mantel-Haenszel), and the differences that
 * `riskDifferenceTest` does not reject, each side at `alpha`. `undefined` when no block has both arms.
 *
 * @example riskDifferenceOnce([{ stable: { n: 900, events: 9 }, canary: { n: 100, events: 8 } }], { alpha: 0.025 })
 * // { difference: 0.07, interval: { lower: 0.0303, upper: 0.1398 } }
 */
export function riskDifferenceOnce(
  blocks: readonly Rates[],
  options: { readonly alpha: number },
): { readonly difference: number; readonly interval: Interval } | undefined {
  const { alpha } = options
  checkAlpha(alpha)
  blocks.forEach(checkRates)
  const served = blocks.filter(({ stable, canary }) => stable.n > 0 && canary.n > 0)
  if (served.length === 0) return undefined
  const weights = served.map(({ stable, canary }) => (stable.n * canary.n) / (stable.n + canary.n))
  const whole = weights.reduce((sum, weight) => sum + weight, 0)
  const difference = served.reduce((sum, { stable, canary }, at) => {
    return sum + (weights[at]! / whole) * (canary.events / canary.n - stable.events / stable.n)
  }, 0)
  const z = -normalQuantile(alpha)
  const lower = solve((d) => z - score(served, d), -1, Math.max(difference, -1 + 1e-12))
  const upper = solve((d) => -z - score(served, d), Math.min(difference, 1 - 1e-12), 1)
  return { difference, interval: { lower, upper } }
}

function score(blocks: readonly Rates[], difference: number): number {
  let excess = 0
  let variance = 0
  for (const { stable, canary } of blocks) {
    const total = stable.n + canary.n
    const weight = (stable.n * canary.n) / total
    const ofStable = likeliest(stable, canary, difference)
    const ofCanary = ofStable + difference
    excess += weight * (canary.events / canary.n - stable.events / stable.n - difference)
    variance +=
      ((weight * weight * total) / Math.max(1, total - 1)) *
      ((ofCanary * (1 - ofCanary)) / canary.n + (ofStable * (1 - ofStable)) / stable.n)
  }
  return excess / Math.sqrt(variance)
}

// Stable's most likely rate, if the canary's is higher by the difference: the root of the likelihood's cubic (Miettinen and
// Nurminen, appendix), then two of Newton's steps, for the arc cosine loses half of the digits where two roots meet.
function likeliest(stable: Rates['stable'], canary: Rates['canary'], d: number): number {
  const cubic = stable.n + canary.n
  const square = (canary.n + 2 * stable.n) * d - cubic - canary.events - stable.events
  const linear = (stable.n * d - cubic - 2 * stable.events) * d + canary.events + stable.events
  const constant = stable.events * d * (1 - d)
  const third = square / (3 * cubic)
  const q = third ** 3 - (linear * square) / (6 * cubic * cubic) + constant / (2 * cubic)
  const p = (q >= 0 ? 1 : -1) * Math.sqrt(Math.max(0, third * third - linear / (3 * cubic)))
  const angle = (Math.PI + Math.acos(Math.max(-1, Math.min(1, p === 0 ? 0 : q / p ** 3)))) / 3
  let root = 2 * p * Math.cos(angle) - third
  for (let step = 0; step < 2; step += 1) {
    const slope = (3 * cubic * root + 2 * square) * root + linear
    const value = ((cubic * root + square) * root + linear) * root + constant
    if (slope !== 0 && Math.abs(value / slope) < 1e-4) root -= value / slope
  }
  return Math.min(Math.min(1, 1 - d), Math.max(Math.max(0, -d), root))
}
