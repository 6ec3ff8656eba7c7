import { type Distributions, sizesOf } from './distributions.ts'
import { type Histogram, weightedSum } from './histogram.ts'
import { checkRates, type Rates } from './rates.ts'
import { valueAt } from './summary.ts'

/**
 * A quantile of each arm over all blocks, with each block's stable values weighted to its number of canary values
 * (direct standardisation): what stable would have shown at the canary's times and in the canary's strata. Without it a
 * ramp during a busy hour shows a difference that is the hour's. Blocks with an empty arm are left out.
 *
 * @param q the quantile, from 0 to 1.
 * @returns each arm's value in the unit of the values; `undefined` when no block has both arms.
 * @example matchedQuantiles([{ stable: histogramOf([1, 1]), canary: histogramOf([2]) }], 0.5) // { stable: 0.99, canary: 1.98 }
 */
export function matchedQuantiles(
  blocks: readonly Distributions[],
  q: number,
): { readonly stable: number; readonly canary: number } | undefined {
  if (!(q >= 0 && q <= 1)) throw new RangeError(`q: expected a number from 0 to 1, got ${q}`)
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
  if (total === 0) return undefined
  return {
    stable: valueAt(weightedSum(stables, weights), q * total)!,
    canary: valueAt(weightedSum(canaries), q * total)!,
  }
}

/**
 * The rate of each arm over all blocks, stable's blocks weighted to the canary's as in `matchedQuantiles`.
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
