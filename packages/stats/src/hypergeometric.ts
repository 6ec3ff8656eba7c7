import { logFactorial } from './log-factorial.ts'

/** Stable has n units, the canary m, and `events` of the n + m have the event. */
export interface Margins {
  readonly n: number
  readonly m: number
  readonly events: number
}

/**
 * `log E exp(tilt y)` for y, the canary's part of the events, hypergeometric: one for each tilt, written to `into`.
 *
 * Where y has few values each one's chance is worked out once for all tilts; else only the terms around the mode of the tilted
 * distribution are summed, so that the cost goes with its spread.
 *
 * @example logMoments({ n: 450, m: 50, events: 5 }, [Math.log(3)], into) // 3 log 3 - 2.389221054914
 */
export function logMoments(margins: Margins, tilts: ArrayLike<number>, into: Float64Array): void {
  const { n, m, events } = margins
  const least = Math.max(0, events - n)
  const most = Math.min(events, m)
  let steepest = 0
  for (let at = 0; at < tilts.length; at += 1) steepest = Math.max(steepest, Math.abs(tilts[at]!))
  if (most - least <= fewValues && steepest * (most - least) <= largestPower) {
    fromChances(margins, tilts, least, most, into)
  } else {
    aroundModes(margins, tilts, least, most, into)
  }
}

/** Measured: with more values than these the sums around the modes are shorter. */
export const fewValues = 64

// No power of a tilt overflows, nor does a chance that underflows count.
const largestPower = 600

const chances = new Float64Array(fewValues + 1)

function fromChances(
  margins: Margins,
  tilts: ArrayLike<number>,
  least: number,
  most: number,
  into: Float64Array,
): void {
  const total = writeChances(margins, least, most, chances)
  for (let at = 0; at < tilts.length; at += 1) {
    const tilt = tilts[at]!
    const ratio = Math.exp(tilt)
    let sum = 0
    for (let value = most - least; value >= 0; value -= 1) sum = sum * ratio + chances[value]!
    into[at] = tilt * least + Math.log(sum / total)
  }
}

/** The chances of the values from `least` to `most`, in proportion to that of the mode; returns their sum. */
export function writeChances({ n, m, events }: Margins, least: number, most: number, chances: Float64Array): number {
  const mode = Math.min(most, Math.max(least, Math.floor(((events + 1) * (m + 1)) / (n + m + 2))))
  chances[mode - least] = 1
  let sum = 1
  for (let y = mode, chance = 1; y < most; y += 1) {
    chance *= ((events - y) * (m - y)) / ((y + 1) * (n - events + y + 1))
    chances[y + 1 - least] = chance
    sum += chance
  }
  for (let y = mode, chance = 1; y > least; y -= 1) {
    chance *= (y * (n - events + y)) / ((events - y + 1) * (m - y + 1))
    chances[y - 1 - least] = chance
    sum += chance
  }
  return sum
}

function aroundModes(
  margins: Margins,
  tilts: ArrayLike<number>,
  least: number,
  most: number,
  into: Float64Array,
): void {
  const { n, m, events } = margins
  const constant =
    logFactorial(events) + logFactorial(n + m - events) + logFactorial(m) + logFactorial(n) - logFactorial(n + m)
  for (let at = 0; at < tilts.length; at += 1) {
    const tilt = tilts[at]!
    const ratio = Math.exp(tilt)
    const mode = Math.min(most, Math.max(least, modeOf(margins, ratio)))
    into[at] =
      constant +
      tilt * mode -
      logFactorial(mode) -
      logFactorial(events - mode) -
      logFactorial(m - mode) -
      logFactorial(n - events + mode) +
      Math.log(sumAroundMode(margins, ratio, mode, least, most))
  }
}

// Liao and Rosen 2001, Fast and stable algorithms for computing and sampling from the noncentral hypergeometric distribution.
function modeOf({ n, m, events }: Margins, ratio: number): number {
  const a = ratio - 1
  const b = (events + m + 2) * ratio + n - events
  const c = (events + 1) * (m + 1) * ratio
  return Math.floor((2 * c) / (b + Math.sqrt(b * b - 4 * a * c)))
}

// Terms relative to that of the mode; those left out on either side add less than 1e-17 of the sum.
const negligible = 1e-20

function sumAroundMode({ n, m, events }: Margins, ratio: number, mode: number, least: number, most: number): number {
  let sum = 1
  for (let y = mode, term = 1; y < most && term > negligible; y += 1) {
    term *= ((events - y) * (m - y) * ratio) / ((y + 1) * (n - events + y + 1))
    sum += term
  }
  for (let y = mode, term = 1; y > least && term > negligible; y -= 1) {
    term *= (y * (n - events + y)) / ((events - y + 1) * (m - y + 1) * ratio)
    sum += term
  }
  return sum
}
