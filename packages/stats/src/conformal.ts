import { type EProcess, eProcess } from './e-process.ts'

/** A value and its time: `at` is in any unit, the same for all values. */
export interface Timed {
  readonly at: number
  readonly value: number
}

// Bets on how small p is: some pay for a value that is the highest of few, some for the highest of many.
const bets = [0.1, 0.25, 0.5]

/**
 * Evidence that values are higher than what `worsened` makes of earlier ones, with each value as one unit however many requests it
 * is of: what happens to all requests of a minute at once counts once. Of each new value it asks how many of the earlier ones, and of
 * the new ones before it, are as high: a conformal p-value (Vovk, Gammerman, Shafer, Algorithmic Learning in a Random World, 2005,
 * section 2.6). While all of them are exchangeable these are independent and uniform, or larger, whatever the values' distribution;
 * bets on small ones, `b p^(b - 1)` for some b, multiply to E. So the chance that E ever reaches 1/alpha is at most alpha.
 *
 * Drifting values are not exchangeable: earlier values are extrapolated to the time of the new one by their trend, the median slope
 * of values half the series apart (Theil 1950, the incomplete method), if that makes them higher. Higher is worse: negate otherwise.
 *
 * @param before values over periods of the same length as the added ones, in any order.
 * @param worsened the margin: the highest acceptable value given an earlier one.
 * @throws {RangeError} if a value is not finite.
 * @example conformalProcess(minutesBefore, (share) => share + 0.001).add({ at: 61, value: 0.2 })
 */
export function conformalProcess(
  before: readonly Timed[],
  worsened: (value: number) => number = (value) => value,
): EProcess<Timed> {
  for (const { value } of before) checkFinite(value)
  const slope = slopeOf(before)
  const added: number[] = []
  let logE = 0
  return eProcess<Timed>((values) => {
    for (const { at, value } of values) {
      checkFinite(value)
      const carried = (one: Timed): number => worsened(one.value + Math.max(0, slope * (at - one.at)))
      const asHigh =
        before.filter((one) => carried(one) >= value).length + added.filter((other) => other >= value).length
      const p = (1 + asHigh) / (before.length + added.length + 1)
      logE += Math.log(bets.reduce((sum, bet) => sum + bet * p ** (bet - 1), 0) / bets.length)
      added.push(value)
    }
    return logE
  })
}

/** The median slope between each value and the one half the series later; 0 if there are none. */
function slopeOf(values: readonly Timed[]): number {
  const inOrder = values.toSorted((a, b) => a.at - b.at)
  const half = Math.floor(values.length / 2)
  const slopes = inOrder
    .slice(0, half)
    .map((one, at) => {
      const later = inOrder[inOrder.length - half + at]!
      return (later.value - one.value) / (later.at - one.at)
    })
    .filter(Number.isFinite)
    .sort((a, b) => a - b)
  const middle = slopes.length / 2
  if (slopes.length === 0) return 0
  return slopes.length % 2 === 1 ? slopes[Math.floor(middle)]! : (slopes[middle - 1]! + slopes[middle]!) / 2
}

function checkFinite(value: number): void {
  if (!Number.isFinite(value)) throw new RangeError(`values: expected finite numbers, got ${value}`)
}
