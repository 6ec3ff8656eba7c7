import { countOf, type Histogram, upperEdge } from './histogram.ts'

/**
 * The `q` quantile of a histogram's values, in their unit, accurate to the width of a bucket
 * (2.2 % at scale 5); `undefined` if there are no values. Interpolates on the log scale inside a bucket.
 *
 * @example quantileOf(histogramOf([1, 2, 4]), 0.5) // 1.98
 */
export function quantileOf(histogram: Histogram, q: number): number | undefined {
  if (!(q >= 0 && q <= 1)) throw new RangeError(`q: expected a number from 0 to 1, got ${q}`)
  const total = countOf(histogram)
  if (total === 0) return undefined
  return valueAt(histogram, q * total)
}

/** The value that `rank` of the histogram's values do not exceed; counts need not be integers. */
export function valueAt(histogram: Histogram, rank: number): number | undefined {
  let below = histogram.zero
  if (below > 0 && rank <= below) return 0
  for (let at = 0; at < histogram.indices.length; at += 1) {
    const count = histogram.counts[at]!
    if (count > 0 && rank <= below + count) {
      return upperEdge(histogram.indices[at]! - 1 + (rank - below) / count, histogram.scale)
    }
    below += count
  }
  const last = histogram.indices.at(-1)
  return last === undefined ? undefined : upperEdge(last, histogram.scale)
}

/**
 * The mean of a histogram's values, in their unit, within half the width of a bucket; `undefined` when there are none.
 *
 * @example meanOf(histogramOf([1, 3])) // 1.99
 */
export function meanOf(histogram: Histogram): number | undefined {
  const total = countOf(histogram)
  if (total === 0) return undefined
  let sum = 0
  histogram.indices.forEach((index, at) => {
    sum += histogram.counts[at]! * upperEdge(index - 0.5, histogram.scale)
  })
  return sum / total
}
