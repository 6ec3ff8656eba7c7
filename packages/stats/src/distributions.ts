import { countOf, downscale, type Histogram } from './histogram.ts'

/** One block of a distribution metric: the values of both arms in one tick of one stratum. */
export interface Distributions {
  readonly stable: Histogram
  readonly canary: Histogram
  /** The number of values in each, if already counted. */
  readonly sizes?: Sizes
}

/** The number of values in each arm of a block. */
export interface Sizes {
  readonly stable: number
  readonly canary: number
}

/** The number of values in each arm of a block; throws a RangeError naming the arm with an invalid histogram. */
export function sizesOf({ stable, canary, sizes }: Distributions): Sizes {
  return sizes ?? { stable: countOf(stable, 'stable'), canary: countOf(canary, 'canary') }
}

/** How many pairs the canary wins, ties counted one half, with stable's values moved up by `shift` buckets. */
export function wins(block: Distributions, shift: number): number {
  const { stable, canary } = aligned(block)
  let below = stable.zero
  let won = (canary.zero * stable.zero) / 2
  let next = 0
  for (let at = 0; at < canary.indices.length; at += 1) {
    const index = canary.indices[at]! - shift
    while (next < stable.indices.length && stable.indices[next]! < index) {
      below += stable.counts[next]!
      next += 1
    }
    const tied = stable.indices[next] === index ? stable.counts[next]! : 0
    won += canary.counts[at]! * (below + tied / 2)
  }
  return won
}

/**
 * How many of the `top` largest pooled values are the canary's, with stable's values moved up by `shift` buckets. If a
 * bucket holds more values than are left to take, both arms contribute in proportion: the mean over all orders of its ties.
 */
export function canaryInTop(block: Distributions, top: number, shift: number): number {
  const { stable, canary } = aligned(block)
  let ofStable = stable.indices.length - 1
  let ofCanary = canary.indices.length - 1
  let left = top
  let taken = 0
  while (left > 0 && (ofStable >= 0 || ofCanary >= 0)) {
    const stableIndex = ofStable >= 0 ? stable.indices[ofStable]! + shift : -Infinity
    const canaryIndex = ofCanary >= 0 ? canary.indices[ofCanary]! : -Infinity
    const stableCount = stableIndex >= canaryIndex ? stable.counts[ofStable]! : 0
    const canaryCount = canaryIndex >= stableIndex ? canary.counts[ofCanary]! : 0
    if (stableIndex >= canaryIndex) ofStable -= 1
    if (canaryIndex >= stableIndex) ofCanary -= 1
    const here = stableCount + canaryCount
    if (here > left) return taken + (canaryCount * left) / here
    taken += canaryCount
    left -= here
  }
  return left > 0 ? taken + (canary.zero * left) / (stable.zero + canary.zero) : taken
}

/** Both histograms at the coarser of their scales. */
export function aligned(block: Distributions): Distributions {
  const { stable, canary } = block
  if (stable.scale === canary.scale) return block
  const scale = Math.min(stable.scale, canary.scale)
  return { stable: downscale(stable, scale), canary: downscale(canary, scale) }
}
