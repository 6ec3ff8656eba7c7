import { logIncompleteBeta } from '../incomplete-beta.ts'
import type { Interval } from '../interval.ts'
import { logFactorial } from '../log-factorial.ts'
import type { Counts } from '../share.ts'
import { solve } from '../solve.ts'
import { checkAlpha, type Sided, type TestResult, untestable } from './result.ts'

/**
 * Exact single-look test of whether the canary's share of the units is more, less or other than `share`: two counts, given their sum,
 * are binomial (R's `binom.test`). The interval is that of Clopper and Pearson 1934, each side at `alpha`. Assumes independent
 * units: divide counts that come in batches by `dispersionOf` first. For repeated looks, use `shareProcess`.
 *
 * @example
 * conditionalBinomial({ stable: 212, canary: 156 }, { alternative: 'different', share: 0.5, alpha: 0.025 })
 * // { kind: 'tested', p: 0.00410, share: 0.4239, interval: { lower: 0.3728, upper: 0.4762 } }
 */
export function conditionalBinomial(
  { stable, canary }: Counts,
  options: { readonly alternative: Sided; readonly share: number; readonly alpha?: number },
): TestResult<{ readonly share: number; readonly interval: Interval }> {
  const { alternative, share, alpha = 0.025 } = options
  if (!(share > 0 && share < 1)) throw new RangeError(`share: expected a number between 0 and 1, got ${share}`)
  checkAlpha(alpha)
  for (const [name, count] of [['stable', stable] as const, ['canary', canary] as const]) {
    if (!(Number.isSafeInteger(count) && count >= 0)) {
      throw new RangeError(`${name}: expected a whole number, zero or more, got ${count}`)
    }
  }
  const n = stable + canary
  if (n === 0) return untestable('empty-arm')
  const greater = (p: number): number => atLeast(canary, n, p)
  const less = (p: number): number => atLeast(n - canary, n, 1 - p)
  return {
    kind: 'tested',
    p: alternative === 'greater' ? greater(share) : alternative === 'less' ? less(share) : twoSided(canary, n, share),
    share: canary / n,
    interval: {
      lower: canary === 0 ? 0 : solve((p) => greater(p) - alpha, 0, 1),
      upper: stable === 0 ? 1 : solve((p) => alpha - less(p), 0, 1),
    },
  }
}

/** The chance of `k` or more events in n units of probability p. */
function atLeast(k: number, n: number, p: number): number {
  if (k <= 0) return 1
  return k > n ? 0 : Math.exp(logIncompleteBeta(p, k, n - k + 1))
}

// Like R: sums over all counts that are no more likely than the observed one.
function twoSided(seen: number, n: number, p: number): number {
  const logChance = (k: number): number =>
    logFactorial(n) - logFactorial(k) - logFactorial(n - k) + k * Math.log(p) + (n - k) * Math.log1p(-p)
  const enough = logChance(seen) + Math.log1p(1e-7)
  const mode = n * p
  if (seen === mode) return 1
  if (seen < mode) {
    // The least number above the mode that is as unlikely: chances fall from the mode on.
    const other = leastWhere(Math.ceil(mode), n + 1, (k) => k > n || logChance(k) <= enough)
    return Math.min(1, atLeast(n - seen, n, 1 - p) + atLeast(other, n, p))
  }
  const other = leastWhere(0, Math.floor(mode) + 1, (k) => logChance(k) > enough) - 1
  return Math.min(1, atLeast(seen, n, p) + (other < 0 ? 0 : atLeast(n - other, n, 1 - p)))
}

function leastWhere(from: number, to: number, holds: (k: number) => boolean): number {
  let low = from
  let high = to
  while (low < high) {
    const middle = Math.floor((low + high) / 2)
    if (holds(middle)) high = middle
    else low = middle + 1
  }
  return low
}
