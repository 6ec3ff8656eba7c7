import { logNormalCdf } from '../normal.ts'
import { solve } from '../solve.ts'

/** 1: evidence that a sum is above zero. 2: that it is not zero. */
export type Sides = 1 | 2

/**
 * The mixing variance that makes the normal mixture tightest at a variance of `variance`, at a level `alpha` (Howard, Ramdas,
 * McAuliffe and Sekhon 2021, Time-uniform, nonparametric, nonasymptotic confidence sequences, section 3.5).
 *
 * @example mixingVariance({ variance: 20, alpha: 0.05, sides: 1 }) // 3.1601269814
 */
export function mixingVariance(options: {
  readonly variance: number
  readonly alpha: number
  readonly sides: Sides
}): number {
  const { variance, alpha, sides } = options
  const twice = -2 * Math.log(sides === 1 ? Math.min(0.9, 2 * alpha) : alpha)
  return variance / (twice + Math.log1p(twice))
}

/**
 * The logarithm of the normal mixture at a sum with a variance: an e-process for sums of sub-Gaussian steps, and the mixture SPRT
 * of Johari, Pekelis and Walsh 2017 (with `sum` = estimate / its variance, `variance` = 1 / its variance and `mixing` = 1 / tau^2).
 *
 * @example logNormalMixture({ sum: 3, variance: 10, mixing: 3.1601269814, sides: 1 }) // 0.0934847829
 */
export function logNormalMixture(options: {
  readonly sum: number
  readonly variance: number
  readonly mixing: number
  readonly sides: Sides
}): number {
  const { sum, variance, mixing, sides } = options
  const total = variance + mixing
  const twoSided = 0.5 * Math.log(mixing / total) + (sum * sum) / (2 * total)
  return sides === 2 ? twoSided : twoSided + Math.LN2 + logNormalCdf(sum / Math.sqrt(total))
}

/**
 * The sum at which the mixture reaches 1/alpha: the half-width of a confidence sequence, in units of the sum. With `mixing` =
 * phi / (log log(e / alpha^2) - 2 log alpha) and the variance counted in units it is the GAVI of Howard and colleagues, as Eppo has it.
 *
 * @example normalMixtureBound({ variance: 10, mixing: 2, alpha: 0.05, sides: 2 }) // 9.6643
 */
export function normalMixtureBound(options: {
  readonly variance: number
  readonly mixing: number
  readonly alpha: number
  readonly sides: Sides
}): number {
  const { variance, mixing, alpha, sides } = options
  const twoSided = Math.sqrt((variance + mixing) * Math.log((variance + mixing) / (mixing * alpha * alpha)))
  if (sides === 2) return twoSided
  const enough = -Math.log(alpha)
  return solve((sum) => logNormalMixture({ sum, variance, mixing, sides }) - enough, -twoSided, twoSided)
}
