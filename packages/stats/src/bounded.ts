import { type Histogram, mergeHistograms, upperEdge } from './histogram.ts'
import type { BucketMap } from './map-histogram.ts'

/**
 * A margin for buckets with non-exponential bounds, such as Prometheus' classic histograms. Their histogram
 * counts at index i the values in (bounds[i-1], bounds[i]], from zero to infinity; its scale is meaningless and 0.
 *
 * Rounds like `mapHistogram`: `up` takes the highest bucket that a value may be moved to, `down` the lowest, so that no
 * evidence depends on where in a bucket its values lie.
 *
 * @example boundedMap([0.1, 0.25, 0.5], (x) => 1.1 * x, 'up').imagesAt(0)(0) // 1: what took 0.1 s may now take 0.11 s
 * @example boundedMap([0.1, 0.25, 0.5], (x) => 1.1 * x, 'down').imagesAt(0)(1) // 1
 */
export function boundedMap(
  bounds: readonly number[],
  map: (value: number) => number,
  rounding: 'up' | 'down',
): BucketMap {
  const images = Array.from({ length: bounds.length + 1 }, (_, index) => {
    if (rounding === 'up') {
      return index === bounds.length
        ? index
        : bounds.length - countOf(bounds, (bound) => reaches(bound, map(bounds[index]!)))
    }
    const moved = map(index === 0 ? 0 : bounds[index - 1]!)
    return countOf(bounds, (bound) => reaches(moved, bound))
  })
  return { map, imagesAt: () => (index) => images[index]! }
}

/** Whether a value reaches another, within rounding errors. */
function reaches(value: number, other: number): boolean {
  return value >= other * (1 - 1e-9)
}

function countOf(bounds: readonly number[], holds: (bound: number) => boolean): number {
  return bounds.reduce((count, bound) => count + (holds(bound) ? 1 : 0), 0)
}

// The first bucket has no known lower bound, and the last no upper bound.
const lowest = 2 ** -5

/**
 * Converts to exponential buckets, spreading each bucket's values evenly over its range. For display, not for tests:
 * the counts need not be integers. Values above the last bound count as the bound.
 *
 * @example quantileOf(spreadOut({ scale: 0, zero: 0, indices: [1], counts: [10] }, [0.1, 0.2]), 0.5) // 0.15
 */
export function spreadOut(histogram: Histogram, bounds: readonly number[], scale = 5): Histogram {
  const parts = histogram.indices.map((index, at): Histogram => {
    const count = histogram.counts[at]!
    const to = bounds[Math.min(index, bounds.length - 1)]!
    const from = index === 0 ? to * lowest : index === bounds.length ? to : bounds[index - 1]!
    const first = Math.floor(Math.log2(from) * 2 ** scale + 1e-9)
    const last = Math.max(first, Math.ceil(Math.log2(to) * 2 ** scale - 1e-9) - 1)
    const indices = Array.from({ length: last - first + 1 }, (_, more) => first + more)
    const widths = indices.map((one) =>
      Math.max(0, Math.min(to, upperEdge(one, scale)) - Math.max(from, upperEdge(one - 1, scale))),
    )
    const width = widths.reduce((sum, one) => sum + one, 0)
    if (width === 0) return { scale, zero: 0, indices: [last], counts: [count] }
    return { scale, zero: 0, indices, counts: widths.map((one) => (count * one) / width) }
  })
  return mergeHistograms([{ scale, zero: histogram.zero, indices: [], counts: [] }, ...parts])
}
