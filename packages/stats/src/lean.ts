import type { Ranks } from './ranks.ts'
import type { Rate, Rates } from './rates.ts'
import { type TailShare, tailShares, tailSize } from './tail-size.ts'

/**
 * What one tick indicates, as a single unit whatever its requests: from -1 (stable is worse) to 1 (the canary is). The mean over ticks is
 * at most 0 if the canary is no worse.
 */
export type Lean = number

/**
 * Whether the canary's values are mostly larger than stable's, all strata of a tick together. A sign: without ties U is symmetric
 * about its mean, whatever the sizes; with them nearly so.
 *
 * @example leanOfRank([ranksOf({ stable, canary })]) // 1 where the canary wins more than half of all pairs
 */
export function leanOfRank(strata: readonly Ranks[]): Lean {
  let excess = 0
  for (const { stable: n, canary: m, wins } of strata) {
    if (n > 0 && m > 0) excess += (wins - (n * m) / 2) / (n + m + 1)
  }
  return signOf(excess)
}

/**
 * Whether more of the canary's values than of stable's are among the largest of their tick, the larger arm thinned as in
 * `leanOfRates`.
 *
 * @param share which values are the largest: the last 0.1, 0.05 or 0.01 of both arms together.
 * @example leanOfTail([ranksOf({ stable, canary })], 0.1) // 1 where a tenth of both is the canary's alone
 */
export function leanOfTail(strata: readonly Ranks[], share: TailShare): Lean {
  const which = tailShares.indexOf(share)
  const sum = { stable: { n: 0, events: 0 }, canary: { n: 0, events: 0 } }
  for (const { stable, canary, inTails } of strata) {
    if (stable === 0 || canary === 0) continue
    sum.stable.n += stable
    sum.canary.n += canary
    sum.canary.events += inTails[which]!
    sum.stable.events += tailSize(share, stable, canary) - inTails[which]!
  }
  return leanOfShares(sum, (share) => share)
}

/**
 * Whether the event is more frequent in the canary of a tick than `limit` makes of stable's share. The larger arm is thinned to the
 * size of the smaller, at random, and the answer is the mean over that: of two arms with one rate the smaller has none of a rare
 * event more often, and would win or lose by its size alone.
 *
 * @example leanOfRates([{ stable: { n: 900, events: 9 }, canary: { n: 100, events: 1 } }], (share) => share) // 0.08
 */
export function leanOfRates(strata: readonly Rates[], limit: (share: number) => number): Lean {
  const sum = { stable: { n: 0, events: 0 }, canary: { n: 0, events: 0 } }
  for (const { stable, canary } of strata) {
    if (stable.n === 0 || canary.n === 0) continue
    sum.stable.n += stable.n
    sum.stable.events += stable.events
    sum.canary.n += canary.n
    sum.canary.events += canary.events
  }
  return leanOfShares(sum, limit)
}

/**
 * Like `leanOfRates`, for event counts that need not be integers, such as those of a tail that ends within a bucket.
 *
 * @param limit maps stable's share to the share that the margin allows the canary.
 * @example leanOfShares({ stable: { n: 100, events: 1 }, canary: { n: 100, events: 3.5 } }, (share) => share) // 1
 */
export function leanOfShares({ stable, canary }: Rates, limit: (share: number) => number): Lean {
  if (stable.n === 0 || canary.n === 0 || stable.events + canary.events === 0) return 0
  const compare = (y: number, m: number, x: number, n: number): number =>
    y === 0 && x === 0 ? 0 : signOf(y / m - limit(x / n))
  if (Math.max(stable.n, canary.n) <= alikeSizes * Math.min(stable.n, canary.n)) {
    return compare(canary.events, canary.n, stable.events, stable.n)
  }
  if (canary.n > stable.n) {
    return overThinned(canary, stable.n, (y) => compare(y, stable.n, stable.events, stable.n))
  }
  return overThinned(stable, canary.n, (x) => compare(canary.events, canary.n, x, canary.n))
}

// Sizes within this factor need no thinning.
const alikeSizes = 1.25

/** The mean of what is said of the events among `drawn` of the arm's units: their number is hypergeometric. */
function overThinned({ n, events }: Rate, drawn: number, said: (left: number) => number): number {
  const k = Math.round(events)
  const least = Math.max(0, drawn + k - n)
  const most = Math.min(k, drawn)
  const mode = Math.min(most, Math.max(least, Math.floor(((k + 1) * (drawn + 1)) / (n + 2))))
  let total = 0
  let sum = 0
  const add = (left: number, chance: number): void => {
    total += chance
    sum += chance * said(left)
  }
  for (let left = mode, chance = 1; left <= most && chance > negligible; left += 1) {
    add(left, chance)
    chance *= ((k - left) * (drawn - left)) / ((left + 1) * (n - k - drawn + left + 1))
  }
  for (let left = mode, chance = 1; left > least && chance > negligible; left -= 1) {
    chance *= (left * (n - k - drawn + left)) / ((k - left + 1) * (drawn - left + 1))
    add(left - 1, chance)
  }
  return sum / total
}

// Beside the likeliest number.
const negligible = 1e-12

/** Ignores differences from rounding. */
function signOf(difference: number): number {
  return Math.abs(difference) < 1e-9 ? 0 : Math.sign(difference)
}
