import { type Distributions, sizesOf, wins } from './distributions.ts'

/** So many shifts are answered together: reading the blocks costs more than counting. */
export const shiftsAtOnce = 4

/**
 * `wins` for blocks that are asked about one shift after another: how many of stable's values lie below each bucket is worked out
 * once, so that shifts cost a few reads for each of the canary's buckets. The arms of a block have one scale.
 *
 * @returns writes block `at`'s wins at `shift` and the three shifts after it; good until other blocks are asked about.
 */
export function shiftedWins(blocks: readonly Distributions[]): (at: number, shift: number, into: Float64Array) => void {
  const from = new Int32Array(blocks.length + 1)
  blocks.forEach((block, at) => {
    const span = spanOf(block.stable.indices)
    from[at + 1] = from[at]! + (span <= widest && sizesOf(block).stable < largest ? span + 1 : 0)
  })
  if (scratch.length < from[blocks.length]!) scratch = new Int32Array(from[blocks.length]!)
  const below = scratch
  blocks.forEach(({ stable }, at) => {
    if (from[at] !== from[at + 1]) writeBelow(stable, below, from[at]!)
  })
  return (at, shift, into) => {
    const block = blocks[at]!
    const start = from[at]!
    const end = from[at + 1]! - 1
    if (end < start) {
      for (let more = 0; more < shiftsAtOnce; more += 1) into[more] = wins(block, shift + more)
      return
    }
    const { indices, counts, zero } = block.canary
    const first = start - shift - (block.stable.indices[0] ?? 0)
    const tied = (zero * block.stable.zero) / 2
    let [a, b, c, d] = [tied, tied, tied, tied]
    for (let bucket = 0; bucket < indices.length; bucket += 1) {
      const place = first + indices[bucket]!
      const half = counts[bucket]! / 2
      const over = below[clamped(place + 1, start, end)]!
      const same = below[clamped(place, start, end)]!
      const under = below[clamped(place - 1, start, end)]!
      const lower = below[clamped(place - 2, start, end)]!
      const lowest = below[clamped(place - 3, start, end)]!
      a += half * (over + same)
      b += half * (same + under)
      c += half * (under + lower)
      d += half * (lower + lowest)
    }
    into[0] = a
    into[1] = b
    into[2] = c
    into[3] = d
  }
}

// Megabytes for the blocks of a large service, written anew for each interval.
let scratch = new Int32Array(0)

// Half an hour of latencies at scale 5 spans some hundreds of buckets; a few values at scale 20 could span millions.
const widest = 4096

// So that numbers of 32 bits hold them.
const largest = 2 ** 31

function clamped(place: number, start: number, end: number): number {
  return Math.max(start, Math.min(place, end))
}

function spanOf(indices: readonly number[]): number {
  return indices.length === 0 ? 0 : indices.at(-1)! - indices[0]! + 1
}

/** How many values lie below each bucket from the first on, and at last how many there are. */
function writeBelow({ zero, indices, counts }: Distributions['stable'], below: Int32Array, start: number): void {
  const first = indices[0] ?? 0
  let sum = zero
  let place = start
  for (let bucket = 0; bucket < indices.length; bucket += 1) {
    const end = start + indices[bucket]! - first
    while (place <= end) {
      below[place] = sum
      place += 1
    }
    sum += counts[bucket]!
  }
  below[place] = sum
}
