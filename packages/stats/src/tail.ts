import type { Distributions } from './distributions.ts'
import type { Alternative, EProcess } from './e-process.ts'
import { type Ranks, ranksOf } from './ranks.ts'
import { type RememberedMoments, rememberedMoments } from './remembered-moments.ts'
import { type TailShare, tailShares, tailSize } from './tail-size.ts'
import { tiltedProcess } from './tilted.ts'
import { tiltsOf } from './tilts.ts'

interface TailOptions {
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
 * process.logE // 0.56
 */
export function tailProcess(options: TailOptions): EProcess<Distributions | Ranks> {
  const which = tailShares.indexOf(options.share)
  return tailCountProcess<Distributions | Ranks>(options, (block) => {
    const { stable, canary, inTails } = 'wins' in block ? block : ranksOf(block)
    return { stable, canary, inTail: inTails[which]! }
  })
}

/** The input to tail evidence from one block: the sizes of the arms, and how many values in the tail are the canary's. */
export interface TailCount {
  readonly stable: number
  readonly canary: number
  readonly inTail: number
}

/** Like `tailProcess`, from the counts of blocks. */
export function tailCountProcess<Block>(
  { alternative, share }: TailOptions,
  countOf: (block: Block) => TailCount,
): EProcess<Block> {
  const tilts = tiltsOf(alternative)
  const first = alternative === 'greater' ? 0 : tilts.length
  const moments = bothWays()
  return tiltedProcess(tilts.length, alternative, (block, into) => {
    const { stable, canary, inTail } = countOf(block)
    if (stable === 0 || canary === 0) return 0
    const from = moments.at(stable, canary, tailSize(share, stable, canary)) + first
    for (let at = 0; at < tilts.length; at += 1) into[at] = tilts[at]! * inTail - moments.values[from + at]!
    return (stable * canary) / (stable + canary)
  })
}

let remembered: RememberedMoments | undefined

function bothWays(): RememberedMoments {
  remembered ??= rememberedMoments(Float64Array.from([...tiltsOf('greater'), ...tiltsOf('less')]))
  return remembered
}
