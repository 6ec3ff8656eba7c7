import { logUpperGamma } from '../incomplete-gamma.ts'
import { type TestResult, untestable } from './result.ts'

/**
 * Whether counts differ from the shares that they should have, by one look: Pearson's chi-square (R's `chisq.test(counts, p =
 * shares)`), usual for a sample-ratio mismatch at 0.001. Shares need only be in proportion.
 *
 * @example chiSquareShares([821_588, 815_482], [1, 1]) // { kind: 'tested', p: 1.8218e-6, statistic: 22.78, df: 1 }
 */
export function chiSquareShares(
  counts: readonly number[],
  shares: readonly number[],
): TestResult<{ readonly statistic: number; readonly df: number }> {
  if (counts.length !== shares.length || counts.length < 2) {
    throw new RangeError(`shares: expected one for each of two or more counts, got ${shares.length}`)
  }
  counts.forEach((count, at) => {
    if (!(count >= 0 && count < Infinity)) {
      throw new RangeError(`counts[${at}]: expected a number, zero or more, got ${count}`)
    }
    const share = shares[at]!
    if (!(share > 0 && share < Infinity))
      throw new RangeError(`shares[${at}]: expected a number above zero, got ${share}`)
  })
  const total = counts.reduce((sum, count) => sum + count, 0)
  const whole = shares.reduce((sum, share) => sum + share, 0)
  if (total === 0) return untestable('empty-arm')
  const statistic = counts.reduce((sum, count, at) => {
    const expected = (total * shares[at]!) / whole
    return sum + (count - expected) ** 2 / expected
  }, 0)
  const df = counts.length - 1
  return { kind: 'tested', p: Math.exp(logUpperGamma(df / 2, statistic / 2)), statistic, df }
}
