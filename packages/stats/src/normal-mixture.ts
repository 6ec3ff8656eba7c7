import { logNormalCdf } from './normal.ts'

/**
 * The logarithm of the one-sided normal mixture: the mean of `exp(l sum - l^2 variance / 2)` over l > 0 drawn from a half
 * normal distribution of variance 1/precision. At most 1 in expectation when `sum` is sub-Gaussian with that variance process
 * (Robbins 1970; Howard, Ramdas, McAuliffe and Sekhon 2021, Time-uniform nonparametric confidence sequences, eq. 14).
 *
 * @example logNormalMixture(3, 10, 3.1601269814) // 0.0934847829
 */
export function logNormalMixture(sum: number, variance: number, precision: number): number {
  const total = variance + precision
  return Math.LN2 + 0.5 * Math.log(precision / total) + (sum * sum) / (2 * total) + logNormalCdf(sum / Math.sqrt(total))
}
