import type { Distributions } from '../distributions.ts'
import { rankMoments } from './rank-moments.ts'
import { pOfChances, pOfZ, type Sided, type TestResult, untestable } from './result.ts'
import { isValues, tallyOf, type Values } from './tally.ts'
import { tiedWinsP } from './tied-wins.ts'

/** The pairs that the canary wins (R's W), and whether the p-value is exact or the normal approximation. */
export interface MannWhitney {
  readonly wins: number
  readonly method: 'exact' | 'normal'
}

/**
 * Whether the canary's values are larger, smaller or different as a whole, by one look at one sample of each: R's
 * `wilcox.test(canary, stable)`. Exact for fewer than 50 values in each arm without ties, and with ties while all outcomes can be
 * gone through: many values that are alike are few outcomes. Else the tie-corrected normal approximation, with continuity
 * correction unless `continuity` is false. Two-sided p-values are exact without ties only. Assumes independent values.
 *
 * Mann and Whitney 1947, On a test of whether one of two random variables is stochastically larger than the other.
 *
 * @example
 * mannWhitney({ stable: [1, 2, 3], canary: [4, 5] }, { alternative: 'greater' })
 * // { kind: 'tested', p: 0.1, wins: 6, method: 'exact' }
 */
export function mannWhitney(
  arms: Values | Distributions,
  options: { readonly alternative: Sided; readonly continuity?: boolean; readonly method?: MannWhitney['method'] },
): TestResult<MannWhitney> {
  const { alternative, continuity = true } = options
  const { n, m, wins, variance, ties } = rankMoments(arms)
  if (n === 0 || m === 0) return untestable('empty-arm')
  const method = options.method ?? (isValues(arms) && n < 50 && m < 50 && !ties ? 'exact' : 'normal')
  if (method === 'exact' && !ties) return { kind: 'tested', p: exactP(n, m, wins, alternative), wins, method }
  if (variance === 0) return untestable('no-variance')
  if (ties && options.method !== 'normal' && isValues(arms) && alternative !== 'different') {
    const { stable, canary } = tallyOf(arms)
    const both = stable.map((count, at) => count + canary[at]!)
    const p = tiedWinsP(both, m, wins, alternative)
    if (p !== undefined) return { kind: 'tested', p, wins, method: 'exact' }
  }
  if (method === 'exact') throw new RangeError('method: these ties have too many outcomes for an exact p-value')
  const excess = wins - (n * m) / 2
  const correction = alternative === 'different' ? Math.sign(excess) / 2 : alternative === 'greater' ? 0.5 : -0.5
  const z = (excess - (continuity ? correction : 0)) / Math.sqrt(variance)
  return { kind: 'tested', p: pOfZ(z, alternative), wins, method }
}

function exactP(n: number, m: number, wins: number, alternative: Sided): number {
  const chances = winChances(n, m)
  if (alternative !== 'different') return pOfChances(chances, 0, wins, alternative)
  // The distribution is symmetric: R doubles the smaller tail.
  return Math.min(1, 2 * pOfChances(chances, 0, Math.min(wins, n * m - wins), 'less'))
}

/** The chance of each number of wins, 0 to nm, when every order of the n + m values is equally likely. Only sums, so no cancellation. */
export function winChances(n: number, m: number): Float64Array {
  // chances[j][w]: of the values so far j are the canary's, with w wins; a canary value wins against every stable value before it.
  const chances = Array.from({ length: m + 1 }, () => new Float64Array(n * m + 1))
  chances[0]![0] = 1
  for (let seen = 0; seen < n + m; seen += 1) {
    // From the most canary values down, so that what moves up is not moved again.
    for (let canaries = Math.min(seen, m); canaries >= Math.max(0, seen - n); canaries -= 1) {
      const stables = seen - canaries
      const from = chances[canaries]!
      // The chance that the next value is the canary's is its part of what is left.
      const toCanary = (m - canaries) / (n + m - seen)
      const to = toCanary > 0 ? chances[canaries + 1]! : from
      for (let w = 0; w <= canaries * stables; w += 1) {
        if (toCanary > 0) to[w + stables]! += from[w]! * toCanary
        from[w]! *= 1 - toCanary
      }
    }
  }
  return chances[m]!
}
