import { canaryInTop, type Distributions, sizesOf } from './distributions.ts'
import type { Alternative, EProcess } from './e-process.ts'
import { logMoments } from './hypergeometric.ts'
import { tiltedProcess } from './tilted.ts'
import { tiltsOf } from './tilts.ts'

/** The part of a block's pooled values that counts as its tail. */
export type TailShare = 0.1 | 0.05 | 0.01

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
 * process.logE // 0.63
 */
export function tailProcess(options: TailOptions): EProcess<Distributions> {
  return tailProcessAt(0, options, tailMoments(options))
}

/** The same against stable's values moved up by `shift` buckets; a block's moments do not depend on the shift. */
export function tailProcessAt(
  shift: number,
  { alternative }: TailOptions,
  tailOf: (block: Distributions) => Tail | undefined,
): EProcess<Distributions> {
  const tilts = tiltsOf(alternative)
  return tiltedProcess(tilts.length, alternative, (block, into) => {
    const tail = tailOf(block)
    if (tail === undefined) return 0
    const events = canaryInTop(block, tail.size, shift)
    for (let at = 0; at < tilts.length; at += 1) into[at] = tilts[at]! * events - tail.moments[at]!
    return tail.information
  })
}

/** How many values the tail of a block holds, and the moments of the canary's part of them. */
export interface Tail {
  readonly size: number
  readonly moments: Float64Array
  readonly information: number
}

/** The tail of a block, by its arms' sizes alone; `undefined` when an arm is empty. */
export function tailMoments({ alternative, share }: TailOptions): (block: Distributions) => Tail | undefined {
  const tilts = tiltsOf(alternative)
  return (block) => {
    const { stable: n, canary: m } = sizesOf(block)
    if (n === 0 || m === 0) return undefined
    const size = Math.max(1, Math.round(share * (n + m)))
    const moments = new Float64Array(tilts.length)
    logMoments({ n, m, events: size }, tilts, moments)
    return { size, moments, information: (n * m) / (n + m) }
  }
}
