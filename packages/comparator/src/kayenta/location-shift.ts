import { rootOf } from './root.ts'

/** By how much the canary's values lie above stable's, in their unit: a confidence interval and the Hodges-Lehmann estimate. */
export interface LocationShift {
  readonly lower: number
  readonly upper: number
  readonly estimate: number
}

/** How near to a root R's `wilcox.test` and Kayenta stop. Kept: for values as small as error rates it shows in the answer. */
const tolerance = 1e-4

/**
 * The interval of a two-sided Mann-Whitney test with corrections for ties and continuity: the shifts of canary that it
 * would not reject. The same to the last step of its root search as R's
 * `wilcox.test(canary, stable, exact = FALSE, conf.int = TRUE)` and as Kayenta, whose estimate keeps the correction.
 *
 * Both arms constant, no test can be made: Kayenta then adds a little random noise; here the interval is what that noise
 * tends to as it vanishes, the difference itself, so that the answer is the same every time.
 *
 * @param z the normal quantile of the confidence: 2.326 for 98 %.
 * @throws {RangeError} when an arm is empty.
 * @example locationShift([20, 22, 21, 25, 30], [1, 2.2, 1.1, 2.5, 3], 1.96) // { lower: 17.5, upper: 27.9, estimate: 20 }
 */
export function locationShift(canary: readonly number[], stable: readonly number[], z: number): LocationShift {
  if (canary.length === 0 || stable.length === 0) throw new RangeError('locationShift: expected values in both arms')
  const x = [...canary].sort(ascending)
  const y = [...stable].sort(ascending)
  const least = x[0]! - y.at(-1)!
  const most = x.at(-1)! - y[0]!
  if (x[0] === x.at(-1) && y[0] === y.at(-1)) return { lower: least, upper: least, estimate: least }
  const boundAt = (quantile: number): number => {
    const from = standardised(x, y, least) - quantile
    const to = standardised(x, y, most) - quantile
    if (from <= 0) return least
    if (to >= 0) return most
    return rootOf((shift) => standardised(x, y, shift) - quantile, { from: least, to: most, tolerance })
  }
  return { lower: boundAt(z), upper: boundAt(-z), estimate: boundAt(0) }
}

/** The canary's wins over stable, with `shift` taken off the canary, less what is expected of equals, over their deviation. */
function standardised(x: readonly number[], y: readonly number[], shift: number): number {
  const n = x.length
  const m = y.length
  let wins = 0
  let ties = 0
  let i = 0
  let j = 0
  while (i < n || j < m) {
    const value = Math.min(i < n ? x[i]! - shift : Number.POSITIVE_INFINITY, j < m ? y[j]! : Number.POSITIVE_INFINITY)
    const below = j
    let here = 0
    for (; i < n && x[i]! - shift === value; i += 1) here += 1
    for (; j < m && y[j] === value; j += 1);
    wins += here * (below + (j - below) / 2)
    const tied = here + j - below
    ties += tied ** 3 - tied
  }
  const excess = wins - (n * m) / 2
  const variance = ((n * m) / 12) * (n + m + 1 - ties / ((n + m) * (n + m - 1)))
  return (excess - 0.5 * Math.sign(excess)) / Math.sqrt(variance)
}

function ascending(a: number, b: number): number {
  return a - b
}
