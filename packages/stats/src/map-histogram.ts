import { type Histogram, mergeHistograms } from './histogram.ts'

/**
 * Moves every value of a histogram by an increasing map, such as a margin, rounding conservatively.
 *
 * A bucket's values are known only to its edges, so their images may lie in two or more buckets. `up` takes the highest of
 * them: "the canary is above even that" proves harm. `down` takes the lowest: "the canary is below even that" proves its absence.
 * `map` must be pure and increasing, and is given values of zero and more.
 *
 * @example mapHistogram(histogramOf([1]), (x) => 1.1 * x, 'up').indices // [4], from -1: 5 buckets, 11.4 %
 * @example mapHistogram(histogramOf([1]), (x) => 1.1 * x, 'down').indices // [3]: 4 buckets, 9.1 %
 */
export function mapHistogram(histogram: Histogram, map: (value: number) => number, rounding: 'up' | 'down'): Histogram {
  return moveHistogram(histogram, bucketMap(map, rounding))
}

/**
 * Moves a histogram's buckets by a precomputed map.
 *
 * @example moveHistogram(histogramOf([1]), bucketMap((x) => 2 * x, 'up')).indices // [31]
 */
export function moveHistogram(histogram: Histogram, { map, imagesAt }: BucketMap): Histogram {
  const { scale, zero } = histogram
  const imageOf = imagesAt(scale)
  const indices: number[] = []
  const counts: number[] = []
  for (let at = 0; at < histogram.indices.length; at += 1) {
    const image = imageOf(histogram.indices[at]!)
    if (image === indices.at(-1)) counts[counts.length - 1]! += histogram.counts[at]!
    else {
      indices.push(image)
      counts.push(histogram.counts[at]!)
    }
  }
  const moved = { scale, zero: 0, indices, counts }
  if (zero === 0) return moved
  const zeroTo = movedZero(map, scale)
  if (zeroTo === null) return { ...moved, zero }
  return mergeHistograms([moved, { scale, zero: 0, indices: [zeroTo], counts: [zero] }])
}

/** An increasing map of values, applied to buckets; see `mapHistogram` for the rounding. */
export interface BucketMap {
  readonly map: (value: number) => number
  /** The bucket that a bucket of this scale is moved to. */
  imagesAt(scale: number): (index: number) => number
}

/**
 * Precomputes a map of values per bucket, to move many histograms by it.
 *
 * @example bucketMap((x) => 1.1 * x, 'up').imagesAt(5)(-1) // 4
 */
export function bucketMap(map: (value: number) => number, rounding: 'up' | 'down'): BucketMap {
  const known = remembered[rounding].get(map)
  if (known) return known
  const byScale: ((index: number) => number)[] = []
  const made = {
    map,
    imagesAt: (scale: number) => (byScale[scale + lowestScale] ??= imagesUnder(map, scale, rounding)),
  }
  remembered[rounding].set(map, made)
  return made
}

const remembered = {
  up: new WeakMap<(value: number) => number, BucketMap>(),
  down: new WeakMap<(value: number) => number, BucketMap>(),
}

// OpenTelemetry's scales begin at -10.
const lowestScale = 10

// Buckets around 1 are looked up in a table; those farther away, which are rare, are worked out each time.
const tableReach = 4096
const unknown = -(2 ** 31)

function imagesUnder(
  map: (value: number) => number,
  scale: number,
  rounding: 'up' | 'down',
): (index: number) => number {
  const table = new Int32Array(2 * tableReach).fill(unknown)
  return (index) => {
    const at = index + tableReach
    const known = at >= 0 && at < table.length ? table[at]! : unknown
    if (known !== unknown) return known
    const edge = 2 ** ((rounding === 'up' ? index + 1 : index) / 2 ** scale)
    const moved = steps(map(edge), scale)
    const image = rounding === 'up' ? Math.ceil(moved) - 1 : Math.floor(moved)
    if (!Number.isFinite(image)) throw new RangeError(`map: expected a number above zero for ${edge}, got ${map(edge)}`)
    if (at >= 0 && at < table.length) table[at] = image
    return image
  }
}

/** The bucket that values of zero are moved to; null when they stay zero. */
export function movedZero(map: (value: number) => number, scale: number): number | null {
  const to = map(0)
  return to > 0 ? Math.ceil(steps(to, scale)) - 1 : null
}

// How many bucket edges lie between 1 and a value. An image that is an edge but for rounding errors counts as that edge.
function steps(value: number, scale: number): number {
  const exact = Math.log2(value) * 2 ** scale
  const nearest = Math.round(exact)
  return Math.abs(exact - nearest) < 1e-9 ? nearest : exact
}
