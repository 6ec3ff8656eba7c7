import type { Distributions } from '../distributions.ts'
import { largestGaps } from '../fixed/largest-gaps.ts'
import { checkAlpha, type Sided, type TestResult, untestable } from '../fixed/result.ts'
import type { Values } from '../fixed/tally.ts'
import { solve } from '../solve.ts'

/**
 * How far the empirical distribution function of n values may be, at any of them and at any time from the first on, from the true
 * one: a time-uniform Dvoretzky-Kiefer-Wolfowitz band that shrinks as the law of the iterated logarithm. Assumes independent
 * values of one distribution.
 *
 * Howard and Ramdas 2022, corollary 2.
 *
 * @example bandRadius(1000, 0.05) // 0.086569
 */
export function bandRadius(n: number, alpha: number): number {
  checkAlpha(alpha)
  return radius(n, Math.log(alpha))
}

function radius(n: number, logAlpha: number): number {
  return 0.85 * Math.sqrt((Math.log1p(Math.log(n)) + 0.8 * (Math.log(1612) - logAlpha)) / n)
}

/**
 * Whether the arms' distributions differ anywhere, to be looked at as often as one likes: the bands of both arms, each at alpha/2,
 * come apart. `greater`: the canary's values are larger. Here to be measured against: it needs several times the traffic of
 * `rankProcess`, and drift with a ramp deceives it.
 *
 * Lindon, Sanden and Shirikian 2022, Rapid regression detection in software deployments through sequential testing.
 *
 * @example
 * const to = (most: number) => Array.from({ length: 1000 }, (_, at) => (at + 1) * most)
 * bandTest({ stable: to(1), canary: to(1.5) }, { alternative: 'greater' }) // { kind: 'tested', p: 4.7e-17, distance: 0.334 }
 */
export function bandTest(
  arms: Values | Distributions,
  options: { readonly alternative: Sided },
): TestResult<{ readonly distance: number }> {
  const { alternative } = options
  const { n, m, above, below } = largestGaps(arms)
  if (n === 0 || m === 0) return untestable('empty-arm')
  const distance = alternative === 'greater' ? above : alternative === 'less' ? below : Math.max(above, below)
  const apart = (logHalf: number): number => radius(n, logHalf) + radius(m, logHalf) - distance
  if (apart(-Math.LN2) >= 0) return { kind: 'tested', p: 1, distance }
  // The alpha at which the bands just touch, as a logarithm: the radius grows as it falls.
  const logHalf = -solve((size) => apart(-size), Math.LN2, 1e9)
  return { kind: 'tested', p: 2 * Math.exp(logHalf), distance }
}
