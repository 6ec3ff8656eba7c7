import type { Interval } from '../interval.ts'
import { normalQuantile } from '../normal-quantile.ts'
import { winChances } from './mann-whitney.ts'
import { checkAlpha, type Untestable, untestable } from './result.ts'
import { sort, type Values } from './tally.ts'

/**
 * By how much the canary's values are larger: the median of all differences canary - stable, with the interval of the shifts
 * that the Mann-Whitney test does not reject, each side at `alpha`. Both ends are differences that were seen, so that ties do
 * no harm (a root of the normal approximation, as in R for large samples, is ill-defined under ties). A side is `null` where the
 * samples are too small for any bound at `alpha`.
 *
 * Hodges and Lehmann 1963; Hollander, Wolfe and Chicken 2014, Nonparametric Statistical Methods, section 4.3.
 *
 * @example hodgesLehmann({ stable: [1, 2, 3], canary: [5, 6, 8] }, { alpha: 0.1 })
 * // { kind: 'estimated', shift: 4, interval: { lower: 2, upper: 7 } }
 */
export function hodgesLehmann(
  arms: Values,
  options: { readonly alpha: number },
): { readonly kind: 'estimated'; readonly shift: number; readonly interval: Interval } | Untestable {
  const { alpha } = options
  checkAlpha(alpha)
  const stable = sort(arms.stable, 'stable')
  const canary = sort(arms.canary, 'canary')
  const pairs = stable.length * canary.length
  if (pairs === 0) return untestable('empty-arm')
  const at = (rank: number): number => smallestDifference(stable, canary, rank)
  const shift = pairs % 2 === 1 ? at((pairs + 1) / 2) : (at(pairs / 2) + at(pairs / 2 + 1)) / 2
  const outside = rejectedRanks(stable.length, canary.length, alpha)
  const interval = outside < 1 ? { lower: null, upper: null } : { lower: at(outside), upper: at(pairs + 1 - outside) }
  return { kind: 'estimated', shift, interval }
}

// How many of the smallest differences the lower end may leave out, itself included.
function rejectedRanks(n: number, m: number, alpha: number): number {
  if (n < 50 && m < 50) {
    const chances = winChances(n, m)
    let below = 0
    let wins = 0
    while (below + chances[wins]! < alpha * (1 - 1e-12)) {
      below += chances[wins]!
      wins += 1
    }
    return wins
  }
  return Math.floor((n * m) / 2 + normalQuantile(alpha) * Math.sqrt((n * m * (n + m + 1)) / 12))
}

/** The `rank`-th smallest of all differences, without making them: halving on the value, then the differences that are left. */
function smallestDifference(stable: Float64Array, canary: Float64Array, rank: number): number {
  let low = canary[0]! - stable.at(-1)!
  if (countUpTo(stable, canary, low) >= rank) return low
  let high = canary.at(-1)! - stable[0]!
  for (let step = 0; step < 60; step += 1) {
    const middle = low + (high - low) / 2
    if (countUpTo(stable, canary, middle) >= rank) high = middle
    else low = middle
  }
  // Now hardly any distinct differences lie between the two.
  let next = nextAbove(stable, canary, low)
  while (countUpTo(stable, canary, next) < rank) next = nextAbove(stable, canary, next)
  return next
}

function countUpTo(stable: Float64Array, canary: Float64Array, most: number): number {
  let from = 0
  let count = 0
  for (const value of canary) {
    while (from < stable.length && value - stable[from]! > most) from += 1
    count += stable.length - from
  }
  return count
}

function nextAbove(stable: Float64Array, canary: Float64Array, difference: number): number {
  let from = 0
  let least = Infinity
  for (const value of canary) {
    while (from < stable.length && value - stable[from]! > difference) from += 1
    if (from > 0) least = Math.min(least, value - stable[from - 1]!)
  }
  return least
}
