import { logFactorial } from './log-factorial.ts'
import type { Random } from './random.ts'

/**
 * A binomial draw: how many of `n` units have an event of probability `p`. Exact to floating-point precision.
 *
 * @throws {RangeError} if n is not a non-negative integer.
 * @example drawBinomial(500, 0.1, randomOf(1)) // around 50
 */
export function drawBinomial(n: number, p: number, random: Random): number {
  checkWhole('n', n)
  if (n === 0 || p <= 0) return 0
  if (p >= 1) return n
  const odds = p / (1 - p)
  return drawFrom(random, {
    mode: Math.min(n, Math.floor((n + 1) * p)),
    least: 0,
    most: n,
    logAt: (k) => logFactorial(n) - logFactorial(k) - logFactorial(n - k) + k * Math.log(p) + (n - k) * Math.log1p(-p),
    next: (k) => ((n - k) / (k + 1)) * odds,
  })
}

/**
 * A hypergeometric draw: how many of `drawn` units have the event, taken without replacement from `n` units of which
 * `events` have it.
 *
 * @throws {RangeError} if `n` is less than `drawn` or `events`.
 * @example drawHypergeometric({ n: 500, events: 5, drawn: 50 }, randomOf(1)) // mostly 0 or 1
 */
export function drawHypergeometric(
  { n, events, drawn }: { readonly n: number; readonly events: number; readonly drawn: number },
  random: Random,
): number {
  for (const [name, count] of Object.entries({ n, events, drawn })) checkWhole(name, count)
  if (events > n || drawn > n) throw new RangeError(`n: expected at least ${Math.max(events, drawn)} units, got ${n}`)
  const least = Math.max(0, events + drawn - n)
  const most = Math.min(events, drawn)
  if (least === most) return least
  return drawFrom(random, {
    mode: Math.min(most, Math.max(least, Math.floor(((events + 1) * (drawn + 1)) / (n + 2)))),
    least,
    most,
    logAt: (k) => logChoose(events, k) + logChoose(n - events, drawn - k) - logChoose(n, drawn),
    next: (k) => ((events - k) * (drawn - k)) / ((k + 1) * (n - events - drawn + k + 1)),
  })
}

/**
 * A multinomial draw: distributes `n` units independently over as many places as there are weights.
 *
 * @param weights zero or more, not all zero; only their proportions count.
 * @example drawMultinomial(10, [1, 1], randomOf(1)) // two numbers that make 10
 */
export function drawMultinomial(n: number, weights: readonly number[], random: Random): number[] {
  // Summed from the end, so that the last weight above zero is all of the rest and takes every remaining unit.
  const rests = [...weights]
  for (let at = rests.length - 2; at >= 0; at -= 1) rests[at]! += rests[at + 1]!
  let left = n
  return weights.map((weight, at) => {
    const here = drawBinomial(left, weight / rests[at]!, random)
    left -= here
    return here
  })
}

interface Steps {
  readonly mode: number
  readonly least: number
  readonly most: number
  /** The logarithm of the probability of k. */
  readonly logAt: (k: number) => number
  /** The probability of k + 1 over that of k. */
  readonly next: (k: number) => number
}

/** Inversion from the mode outwards: takes about as many steps as the standard deviation. */
function drawFrom(random: Random, { mode, least, most, logAt, next }: Steps): number {
  let left = random() - Math.exp(logAt(mode))
  if (left < 0) return mode
  let above = mode
  let below = mode
  let aboveChance = Math.exp(logAt(mode))
  let belowChance = aboveChance
  while (above < most || below > least) {
    if (above < most) {
      aboveChance *= next(above)
      above += 1
      left -= aboveChance
      if (left < 0) return above
    }
    if (below > least) {
      belowChance /= next(below - 1)
      below -= 1
      left -= belowChance
      if (left < 0) return below
    }
    // The remainder is rounding error.
    if (aboveChance < 1e-18 && belowChance < 1e-18) return mode
  }
  return mode
}

function logChoose(n: number, k: number): number {
  return logFactorial(n) - logFactorial(k) - logFactorial(n - k)
}

function checkWhole(name: string, count: number): void {
  if (!Number.isSafeInteger(count) || count < 0) {
    throw new RangeError(`${name}: expected a whole number, zero or more, got ${count}`)
  }
}
