import type { CellSum } from './factorial.ts'
import { countOf, downscale, type Histogram } from './histogram.ts'
import type { Rate } from './rates.ts'

/**
 * Sums over the logarithms of a histogram's values above zero, taken at the middle of their buckets: effects on them are ratios.
 *
 * @example logSum(histogramOf([1, Math.E])) // { n: 2, sum: 1, squares: 1 }, within the width of a bucket
 */
export function logSum({ scale, indices, counts }: Histogram): CellSum {
  let n = 0
  let sum = 0
  let squares = 0
  for (let at = 0; at < indices.length; at += 1) {
    const log = ((indices[at]! + 0.5) / 2 ** scale) * Math.LN2
    n += counts[at]!
    sum += counts[at]! * log
    squares += counts[at]! * log * log
  }
  return { n, sum, squares }
}

/**
 * Sums over events as values of zero or one: effects on them are differences of shares.
 *
 * @example eventSum({ n: 10, events: 2 }) // { n: 10, sum: 2, squares: 2 }
 */
export function eventSum({ n, events }: Rate): CellSum {
  return { n, sum: events, squares: events }
}

/**
 * For each cell, how many of the `share` largest pooled values of all cells it has: the cells together determine the cutoff,
 * whichever cell they are in. A bucket at the cutoff contributes in proportion to all cells.
 *
 * @example tailSums([histogramOf([1, 2, 3]), histogramOf([4])], 0.25) // [{ n: 3, sum: 0, squares: 0 }, { n: 1, sum: 1, squares: 1 }]
 */
export function tailSums(cells: readonly Histogram[], share: number): CellSum[] {
  const scale = Math.min(...cells.map((cell) => cell.scale))
  const buckets = new Map<number, number[]>()
  const sizes = cells.map((cell) => countOf(cell))
  for (const [which, cell] of cells.entries()) {
    const { indices, counts, zero } = downscale(cell, scale)
    const add = (index: number, count: number): void => {
      const here = buckets.get(index) ?? cells.map(() => 0)
      here[which]! += count
      buckets.set(index, here)
    }
    if (zero > 0) add(-Infinity, zero)
    indices.forEach((index, at) => void add(index, counts[at]!))
  }
  let left = Math.max(1, Math.round(share * sizes.reduce((sum, size) => sum + size, 0)))
  const taken = cells.map(() => 0)
  for (const [, here] of [...buckets].sort(([a], [b]) => b - a)) {
    const all = here.reduce((sum, count) => sum + count, 0)
    const part = Math.min(1, left / all)
    for (const [which, count] of here.entries()) taken[which]! += part * count
    left -= part * all
    if (left <= 0) break
  }
  return sizes.map((n, which) => ({ n, sum: taken[which]!, squares: taken[which]! }))
}
