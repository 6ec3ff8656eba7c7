import { type Distributions, sizesOf } from './distributions.ts'
import { type Histogram, weightedSum } from './histogram.ts'
import { checkRates, type Rates } from './rates.ts'
import { valueAt } from './summary.ts'

/** Comparable values of both arms over all blocks: see `matchedValues`. */
export interface MatchedValues {
  /** The number of the canary's values, to which stable's are weighted. */
  readonly total: number
  readonly stable: Histogram
  readonly canary: Histogram
}

/**
 * The values of each arm over all blocks, with each block's stable values weighted to its number of canary values (direct
 * standardisation): what stable would have shown at the canary's times and in its strata. Without it, a ramp during a
 * busy hour would show a difference that is due to the hour. Blocks with an empty arm are left out.
 *
 * @returns stable's counts need not be integers; `undefined` if no block has both arms.
 * @example matchedValues([{ stable: histogramOf([1, 2]), canary: histogramOf([3]) }])?.total // 1
 */
export function matchedValues(blocks: readonly Distributions[]): MatchedValues | undefined {
  const stables: Histogram[] = []
  const canaries: Histogram[] = []
  const weights: number[] = []
  let total = 0
  for (const block of blocks) {
    const n = sizesOf(block)
    if (n.stable === 0 || n.canary === 0) continue
    total += n.canary
    stables.push(block.stable)
    canaries.push(block.canary)
    weights.push(n.canary / n.stable)
  }
  return total === 0 ? undefined : { total, stable: weightedSum(stables, weights), canary: weightedSum(canaries) }
}

/**
 * Merges the matched values of several strata; `undefined` if none has any.
 *
 * @example mergeMatched([matchedValues(blocks), undefined]) // the values of the blocks
 */
export function mergeMatched(strata: readonly (MatchedValues | undefined)[]): MatchedValues | undefined {
  const some = strata.filter((stratum) => stratum !== undefined)
  if (some.length <= 1) return some[0]
  return {
    total: some.reduce((sum, { total }) => sum + total, 0),
    stable: weightedSum(some.map(({ stable }) => stable)),
    canary: weightedSum(some.map(({ canary }) => canary)),
  }
}

/**
 * A quantile of each arm over all blocks, stable's blocks weighted to the canary's as in `matchedValues`.
 *
 * @param q the quantile, from 0 to 1.
 * @returns each arm's value in the unit of the values; `undefined` when no block has both arms.
 * @example matchedQuantiles([{ stable: histogramOf([1, 1]), canary: histogramOf([2]) }], 0.5) // { stable: 0.99, canary: 1.98 }
 */
export function matchedQuantiles(
  blocks: readonly Distributions[] | MatchedValues,
  q: number,
): { readonly stable: number; readonly canary: number } | undefined {
  if (!(q >= 0 && q <= 1)) throw new RangeError(`q: expected a number from 0 to 1, got ${q}`)
  const values = 'total' in blocks ? blocks : matchedValues(blocks)
  if (!values) return undefined
  return { stable: valueAt(values.stable, q * values.total)!, canary: valueAt(values.canary, q * values.total)! }
}

/**
 * A quantile of several weighted histograms; undefined if they are empty.
 *
 * @example weightedQuantile([histogramOf([1]), histogramOf([4])], [1, 3], 0.5) // 3.98
 */
export function weightedQuantile(
  histograms: readonly Histogram[],
  weights: readonly number[],
  q: number,
): number | undefined {
  const sum = weightedSum(histograms, weights)
  const total = sum.counts.reduce((all, count) => all + count, sum.zero)
  return total > 0 ? valueAt(sum, q * total) : undefined
}

/**
 * The rate of each arm over all blocks, stable's blocks weighted to the canary's as in `matchedValues`.
 *
 * @returns shares between 0 and 1; `undefined` when no block has both arms.
 * @example matchedRates([{ stable: { n: 10, events: 1 }, canary: { n: 5, events: 1 } }]) // { stable: 0.1, canary: 0.2 }
 */
export function matchedRates(
  blocks: readonly Rates[],
): { readonly stable: number; readonly canary: number } | undefined {
  let total = 0
  let expected = 0
  let events = 0
  for (const block of blocks) {
    checkRates(block)
    const { stable, canary } = block
    if (stable.n === 0 || canary.n === 0) continue
    total += canary.n
    expected += (canary.n * stable.events) / stable.n
    events += canary.events
  }
  return total === 0 ? undefined : { stable: expected / total, canary: events / total }
}
