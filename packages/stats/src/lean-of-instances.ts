import { countOf, type Histogram } from './histogram.ts'
import { type Lean, leanOfShares } from './lean.ts'
import type { Rate } from './rates.ts'

/**
 * Whether the event is more frequent in the canary's instances than in stable's: the mean of `leanOfShares` over all pairs, so that one
 * bad instance of three is a third of a bad tick.
 *
 * @example leanOfInstanceRates([{ n: 9, events: 9 }, { n: 9, events: 0 }], [{ n: 9, events: 0 }], (share) => share) // 0.5
 */
export function leanOfInstanceRates(
  canary: readonly Rate[],
  stable: readonly Rate[],
  limit: (share: number) => number,
): Lean {
  return overPairs(canary, stable, (one, other) => leanOfShares({ stable: other, canary: one }, limit))
}

/** Leans for values: whether they are higher overall, and whether more of them are in the highest tenth and hundredth of the tick. */
export interface InstanceLeans {
  readonly location: Lean
  readonly tenth: Lean
  readonly hundredth: Lean
}

/**
 * What the values of instances say of a tick: their means on the log scale, and their shares of the highest tenth and hundredth of all
 * of them together, stable's values moved to the limit first. Buckets may be wide: what lies inside one is taken to be spread evenly.
 *
 * @param limit moves stable's values, such as up by a margin; increasing.
 * @example leanOfInstanceValues([histogramOf([2, 3])], [histogramOf([1, 1.5])], (value) => 1.1 * value).location // 1
 */
export function leanOfInstanceValues(
  canary: readonly Histogram[],
  stable: readonly Histogram[],
  limit: (value: number) => number,
): InstanceLeans {
  const moved = (edge: number, scale: number): number => Math.log2(limit(2 ** (edge / 2 ** scale))) * 2 ** scale
  const ofCanary = canary.map((one) => stepsOf(one, (edge) => edge)).filter(({ n }) => n > 0)
  const ofStable = stable.map((one) => stepsOf(one, (edge) => moved(edge, one.scale))).filter(({ n }) => n > 0)
  const all = [...ofCanary, ...ofStable]
  const tail = (share: number): Lean => {
    const from = cut(all, Math.max(1, share * all.reduce((sum, { n }) => sum + n, 0)))
    const above = (one: Steps): Rate => ({ n: one.n, events: aboveOf(one, from) })
    return leanOfInstanceRates(ofCanary.map(above), ofStable.map(above), (share) => share)
  }
  return {
    location: overPairs(ofCanary, ofStable, (one, other) => Math.sign(one.middle - other.middle)),
    tenth: all.length > 0 ? tail(0.1) : 0,
    hundredth: all.length > 0 ? tail(0.01) : 0,
  }
}

function overPairs<One>(canary: readonly One[], stable: readonly One[], lean: (one: One, other: One) => Lean): Lean {
  if (canary.length === 0 || stable.length === 0) return 0
  let sum = 0
  for (const one of canary) for (const other of stable) sum += lean(one, other)
  return sum / (canary.length * stable.length)
}

/** A histogram as steps on the log scale, ascending: how many values lie between two places. */
interface Steps {
  readonly n: number
  /** The mean of the places. */
  readonly middle: number
  readonly from: readonly number[]
  readonly to: readonly number[]
  readonly counts: readonly number[]
}

// What is zero lies below all that is not.
const belowAll = -1e4

function stepsOf(histogram: Histogram, place: (edge: number) => number): Steps {
  const { zero, indices, counts, scale } = histogram
  const n = countOf(histogram)
  const from = indices.map((index) => place(index) / 2 ** scale)
  const to = indices.map((index) => place(index + 1) / 2 ** scale)
  const sum = counts.reduce((sum, count, at) => sum + (count * (from[at]! + to[at]!)) / 2, zero * belowAll)
  if (zero === 0) return { n, middle: sum / n, from, to, counts }
  return { n, middle: sum / n, from: [belowAll, ...from], to: [belowAll, ...to], counts: [zero, ...counts] }
}

/** How many of the values lie above a place. */
function aboveOf({ from, to, counts }: Steps, place: number): number {
  let above = 0
  for (let at = counts.length - 1; at >= 0 && to[at]! > place; at -= 1) {
    const inside = to[at]! > from[at]! ? (to[at]! - place) / (to[at]! - from[at]!) : 1
    above += counts[at]! * Math.min(1, inside)
  }
  return above
}

/** The place above which so many of all values lie, within a thousandth of a doubling. */
function cut(all: readonly Steps[], wanted: number): number {
  let low = Math.min(...all.map(({ from }) => from[0]!))
  let high = Math.max(...all.map(({ to }) => to.at(-1)!))
  while (high - low > 0.001) {
    const middle = (low + high) / 2
    const above = all.reduce((sum, one) => sum + aboveOf(one, middle), 0)
    if (above > wanted) low = middle
    else high = middle
  }
  return (low + high) / 2
}
