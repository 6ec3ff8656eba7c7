import type { Distributions } from './distributions.ts'
import type { Alternative, EProcess } from './e-process.ts'
import { logMoments } from './hypergeometric.ts'
import { type Ranks, ranksOf } from './ranks.ts'
import { type TailShare, tailSize } from './tail-size.ts'
import { tiltedProcess } from './tilted.ts'
import { tiltsOf } from './tilts.ts'

export interface TailOptions {
  readonly alternative: Alternative
  readonly share: TailShare
}

/**
 * Evidence that the canary has more (`greater`) or fewer (`less`) than its part of the slowest values.
 *
 * In each block the `share` largest pooled values are its tail, K of them, a number that depends on the size of the block alone.
 * When both arms have one distribution, the canary's part of them is hypergeometric, and E is its exponential tilt, mixed over
 * odds ratios from 1.2 to 12. Ties at the tail's edge count as the mean over their orders, which keeps E conservative (Jensen),
 * also for every canary that is stochastically no larger (no smaller) than stable.
 *
 * @example
 * const process = tailProcess({ alternative: 'greater', share: 0.1 })
 * process.add({ stable: histogramOf([1, 2, 3, 4, 5, 6, 7, 8]), canary: histogramOf([9, 10]) })
 * process.logE // 0.63
 */
export function tailProcess(options: TailOptions): EProcess<Distributions | Ranks> {
  const { share } = options
  return tailCountProcess<Distributions | Ranks>(options, (block) => {
    const { stable, canary, inTail } = 'wins' in block ? block : ranksOf(block)
    return { stable, canary, inTail: inTail[share] }
  })
}

/** What a tail's evidence reads of a block: how many values the arms have, and how many of the tail are the canary's. */
export interface TailCount {
  readonly stable: number
  readonly canary: number
  readonly inTail: number
}

/** The same evidence from the counts of blocks. */
export function tailCountProcess<Block>(
  { alternative, share }: TailOptions,
  countOf: (block: Block) => TailCount,
): EProcess<Block> {
  const tilts = tiltsOf(alternative)
  const first = alternative === 'greater' ? 0 : tilts.length
  return tiltedProcess(tilts.length, alternative, (block, into) => {
    const { stable, canary, inTail } = countOf(block)
    if (stable === 0 || canary === 0) return 0
    const moments = momentsOf(stable, canary, share)
    for (let at = 0; at < tilts.length; at += 1) into[at] = tilts[at]! * inTail - moments[first + at]!
    return (stable * canary) / (stable + canary)
  })
}

const bothWays = Float64Array.from([...tiltsOf('greater'), ...tiltsOf('less')])

// Every metric of an operation's tick, and every scope that it is in, asks for the moments of the same two sizes.
const remembered: Record<TailShare, Map<number, Float64Array>> = { 0.1: new Map(), 0.05: new Map(), 0.01: new Map() }
const mostRemembered = 20_000

/** The moments of the canary's part of a tail, for the tilts of both alternatives. */
function momentsOf(stable: number, canary: number, share: TailShare): Float64Array {
  const known = remembered[share]
  const key = stable * 2 ** 26 + canary
  const found = known.get(key)
  if (found) return found
  if (known.size >= mostRemembered) known.clear()
  const moments = new Float64Array(bothWays.length)
  logMoments({ n: stable, m: canary, events: tailSize(share, stable, canary) }, bothWays, moments)
  // Beyond this the key would not be one of its own.
  if (canary < 2 ** 26 && stable < 2 ** 26) known.set(key, moments)
  return moments
}
