import { type Distributions, sizesOf } from './distributions.ts'
import { downscale, type Histogram } from './histogram.ts'
import { type BucketMap, movedZero } from './map-histogram.ts'
import { tailShares, tailSize } from './tail-size.ts'

/** The ranks of a block: how the canary's values compare with stable's. All that rank tests need. */
export interface Ranks {
  /** The number of values of each arm. */
  readonly stable: number
  readonly canary: number
  /** How many pairs the canary wins, ties counted one half. */
  readonly wins: number
  /**
   * How many of the largest tenth, twentieth and hundredth are the canary's. If the tail ends within a bucket, both arms
   * contribute in proportion.
   */
  readonly inTails: readonly number[]
}

/**
 * Computes the ranks of a block, once for all tests that use them.
 *
 * @param margin moves stable's values first, such as `bucketMap(latencyMargin(...), 'up')`.
 * @example ranksOf({ stable: histogramOf([1, 2, 3]), canary: histogramOf([4, 5]) }).wins // 6
 */
export function ranksOf(block: Distributions, margin?: BucketMap): Ranks {
  const { stable: n, canary: m } = sizesOf(block)
  const scale = Math.min(block.stable.scale, block.canary.scale)
  const { indices, counts, zero } = downscale(block.canary, scale)
  const moved = move(block.stable, scale, margin)
  let below = moved.zero
  let wins = (zero * moved.zero) / 2
  let next = 0
  for (let at = 0; at < indices.length; at += 1) {
    const index = indices[at]!
    while (next < moved.length && buckets[next]! < index) {
      below += sizes[next]!
      next += 1
    }
    const tied = next < moved.length && buckets[next] === index ? sizes[next]! : 0
    wins += counts[at]! * (below + tied / 2)
  }
  const inTails = [0, 0, 0]
  let ofStable = moved.length - 1
  let ofCanary = indices.length - 1
  let seen = 0
  let taken = 0
  // From the smallest tail to the largest, in one walk down from the top.
  for (let which = tailShares.length - 1; which >= 0; which -= 1) {
    const size = tailSize(tailShares[which]!, n, m)
    let here = 0
    let canaryHere = 0
    while (seen < size) {
      const stableBucket = ofStable >= 0 ? buckets[ofStable]! : -Infinity
      const canaryBucket = ofCanary >= 0 ? indices[ofCanary]! : -Infinity
      if (stableBucket === -Infinity && canaryBucket === -Infinity) {
        here = moved.zero + zero
        canaryHere = zero
        break
      }
      canaryHere = canaryBucket >= stableBucket ? counts[ofCanary]! : 0
      here = canaryHere + (stableBucket >= canaryBucket ? sizes[ofStable]! : 0)
      if (seen + here > size) break
      if (stableBucket >= canaryBucket) ofStable -= 1
      if (canaryBucket >= stableBucket) ofCanary -= 1
      seen += here
      taken += canaryHere
    }
    inTails[which] = seen < size && here > 0 ? taken + (canaryHere * (size - seen)) / here : taken
  }
  return { stable: n, canary: m, wins, inTails }
}

// Stable's buckets and their counts after the margin: written anew for each block.
let buckets = new Int32Array(256)
let sizes = new Float64Array(256)

function move(stable: Histogram, scale: number, margin: BucketMap | undefined): { length: number; zero: number } {
  const source = margin ? stable : downscale(stable, scale)
  if (buckets.length < source.indices.length + 1) {
    buckets = new Int32Array(2 * source.indices.length + 1)
    sizes = new Float64Array(2 * source.indices.length + 1)
  }
  const levels = 2 ** (source.scale - scale)
  const images = margin?.imagesAt(source.scale)
  let length = 0
  let zero = source.zero
  if (margin && zero > 0) {
    const to = movedZero(margin.map, source.scale)
    if (to !== null) {
      buckets[0] = Math.floor(to / levels)
      sizes[0] = zero
      length = 1
      zero = 0
    }
  }
  for (let at = 0; at < source.indices.length; at += 1) {
    const index = source.indices[at]!
    const image = images ? Math.floor(images(index) / levels) : index
    if (length > 0 && buckets[length - 1] === image) sizes[length - 1]! += source.counts[at]!
    else {
      buckets[length] = image
      sizes[length] = source.counts[at]!
      length += 1
    }
  }
  return { length, zero }
}
