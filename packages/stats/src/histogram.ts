/**
 * Counts in OpenTelemetry's exponential buckets: bucket `i` holds `(2^(i/2^scale), 2^((i+1)/2^scale)]`. Values that are
 * zero or less count in `zero`. The caller chooses the unit of the values.
 */
export interface Histogram {
  readonly scale: number
  readonly zero: number
  /** Ascending, without duplicates. */
  readonly indices: readonly number[]
  /** The number of values in the bucket of each index. */
  readonly counts: readonly number[]
}

/** Buckets 2.2 % wide. */
export const defaultScale = 5

/**
 * Builds a histogram of values.
 *
 * Throws a RangeError if a value is not finite.
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

/**
 * An empty histogram.
 *
 * @example emptyHistogram() // { scale: 5, zero: 0, indices: [], counts: [] }
 */
export function emptyHistogram(scale: number = defaultScale): Histogram {
  return { scale, zero: 0, indices: [], counts: [] }
}

/**
 * Merges histograms at the coarsest of their scales: exact, in any order and grouping.
 *
 * @example mergeHistograms([histogramOf([1]), histogramOf([1, 2])]) // the histogram of [1, 1, 2]
 */
export function mergeHistograms(histograms: readonly Histogram[]): Histogram {
  return histograms.length === 1 ? histograms[0]! : weightedSum(histograms)
}

/** Merges histograms with a weight for each: the counts need not be integers. */
export function weightedSum(histograms: readonly Histogram[], weights?: readonly number[]): Histogram {
  const [first] = histograms
  if (first === undefined) return emptyHistogram()
  const scale = histograms.reduce((least, { scale }) => Math.min(least, scale), first.scale)
  let zero = 0
  let lowest = Infinity
  let highest = -Infinity
  histograms.forEach((histogram, at) => {
    zero += histogram.zero * (weights?.[at] ?? 1)
    if (histogram.indices.length === 0) return
    lowest = Math.min(lowest, coarser(histogram.indices[0]!, histogram.scale - scale))
    highest = Math.max(highest, coarser(histogram.indices.at(-1)!, histogram.scale - scale))
  })
  const dense = highest - lowest < mostDense ? scratch : undefined
  const sparse = new Map<number, number>()
  histograms.forEach(({ indices, counts, scale: own }, which) => {
    const weight = weights?.[which] ?? 1
    for (let at = 0; at < indices.length; at += 1) {
      const index = own === scale ? indices[at]! : coarser(indices[at]!, own - scale)
      if (!(index >= lowest && index <= highest)) {
        scratch.fill(0)
        throw new RangeError(`indices[${at}]: expected ascending indices, got ${indices[at]}`)
      }
      if (dense) dense[index - lowest]! += weight * counts[at]!
      else addTo(sparse, index, weight * counts[at]!)
    }
  })
  return dense ? fromDense(scale, zero, lowest, highest) : fromBuckets(scale, zero, sparse)
}

// Half an hour of latencies at scale 5 spans some hundreds of buckets; a few values at scale 20 could span millions.
const mostDense = 16_384

// All zeros except during a sum.
const scratch = new Float64Array(mostDense)

/** The same values in the wider buckets of a lower scale. */
export function downscale(histogram: Histogram, scale: number): Histogram {
  return histogram.scale === scale ? histogram : mergeHistograms([histogram, emptyHistogram(scale)])
}

/**
 * The number of values in a histogram.
 *
 * Throws a RangeError, naming `name`, if a count is not an integer or the indices do not ascend.
 *
 * @example countOf(histogramOf([0, 1, 2])) // 3
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

function fromDense(scale: number, zero: number, lowest: number, highest: number): Histogram {
  const indices: number[] = []
  const counts: number[] = []
  for (let at = 0; at <= highest - lowest; at += 1) {
    const sum = scratch[at]!
    if (sum === 0) continue
    indices.push(lowest + at)
    counts.push(sum)
    scratch[at] = 0
  }
  return { scale, zero, indices, counts }
}

function fromBuckets(scale: number, zero: number, buckets: Map<number, number>): Histogram {
  const indices = [...buckets.keys()].sort((a, b) => a - b)
  return { scale, zero, indices, counts: indices.map((index) => buckets.get(index)!) }
}
