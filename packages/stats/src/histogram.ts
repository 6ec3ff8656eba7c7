/**
 * Counts in OpenTelemetry's exponential buckets: bucket `i` holds `(2^(i/2^scale), 2^((i+1)/2^scale)]`. Values that are
 * zero or less count in `zero`. The unit of the values is the caller's.
 */
export interface Histogram {
  readonly scale: number
  readonly zero: number
  /** Ascending, each once. */
  readonly indices: readonly number[]
  /** One for each index: how many values its bucket holds. */
  readonly counts: readonly number[]
}

/** Buckets 2.2 % wide. */
export const defaultScale = 5

/**
 * The histogram of some values.
 *
 * Throws a RangeError when a value is not finite.
 *
 * @example histogramOf([0, 1, 1.01, 2]) // { scale: 5, zero: 1, indices: [-1, 0, 31], counts: [1, 1, 1] }
 */
export function histogramOf(values: Iterable<number>, scale: number = defaultScale): Histogram {
  const buckets = new Map<number, number>()
  let zero = 0
  for (const value of values) {
    if (!Number.isFinite(value)) throw new RangeError(`values: expected finite numbers, got ${value}`)
    if (value <= 0) zero += 1
    else addTo(buckets, bucketOf(value, scale), 1)
  }
  return fromBuckets(scale, zero, buckets)
}

/** A histogram of no values. */
export function emptyHistogram(scale: number = defaultScale): Histogram {
  return { scale, zero: 0, indices: [], counts: [] }
}

/**
 * All the values of some histograms in one, at the coarsest of their scales: exact, in any order and grouping.
 *
 * @example mergeHistograms([histogramOf([1]), histogramOf([1, 2])]) // the histogram of [1, 1, 2]
 */
export function mergeHistograms(histograms: readonly Histogram[]): Histogram {
  const [first] = histograms
  if (first === undefined) return emptyHistogram()
  const scale = histograms.reduce((least, { scale }) => Math.min(least, scale), first.scale)
  if (histograms.length === 1) return first
  const buckets = new Map<number, number>()
  let zero = 0
  for (const histogram of histograms) {
    zero += histogram.zero
    histogram.indices.forEach((index, at) => {
      addTo(buckets, coarser(index, histogram.scale - scale), histogram.counts[at]!)
    })
  }
  return fromBuckets(scale, zero, buckets)
}

/** The same values in the wider buckets of a lower scale. */
export function downscale(histogram: Histogram, scale: number): Histogram {
  return histogram.scale === scale ? histogram : mergeHistograms([histogram, emptyHistogram(scale)])
}

/**
 * How many values a histogram holds.
 *
 * Throws a RangeError, naming `name`, when a count is not a whole number or the indices do not ascend.
 */
export function countOf(histogram: Histogram, name = 'histogram'): number {
  const { zero, indices, counts } = histogram
  let total = zero
  let previous = -Infinity
  let whole = zero >= 0
  for (let at = 0; at < indices.length; at += 1) {
    const index = indices[at]!
    const count = counts[at]!
    if (!(index > previous)) throw new RangeError(`${name}.indices[${at}]: expected ascending indices, got ${index}`)
    if (!(count >= 0)) whole = false
    previous = index
    total += count
  }
  if (!whole || !Number.isSafeInteger(total) || counts.length !== indices.length) {
    throw new RangeError(`${name}: expected one whole number, zero or more, for each of its indices and for zero`)
  }
  return total
}

/** The bucket that holds a value above zero. */
export function bucketOf(value: number, scale: number): number {
  return Math.ceil(Math.log2(value) * 2 ** scale) - 1
}

/** The upper edge of a bucket, which is the lower edge of the next. */
export function upperEdge(index: number, scale: number): number {
  return 2 ** ((index + 1) / 2 ** scale)
}

function coarser(index: number, levels: number): number {
  return Math.floor(index / 2 ** levels)
}

function addTo(buckets: Map<number, number>, index: number, count: number): void {
  buckets.set(index, (buckets.get(index) ?? 0) + count)
}

function fromBuckets(scale: number, zero: number, buckets: Map<number, number>): Histogram {
  const indices = [...buckets.keys()].sort((a, b) => a - b)
  return { scale, zero, indices, counts: indices.map((index) => buckets.get(index)!) }
}
