import { canaryInTop, type Distributions, sizesOf } from './distributions.ts'
import { type Alternative, type EProcess, eProcess, logMeanExp } from './e-process.ts'
import { logMoments } from './hypergeometric.ts'
import { tiltsOf } from './tilts.ts'

/** The part of a block's pooled values that counts as its tail. */
export type TailShare = 0.1 | 0.05 | 0.01

/**
 * Evidence that the canary has more (`greater`) or fewer (`less`) than its part of the slowest values.
 *
 * In each block the `share` largest pooled values are its tail, K of them, a number that depends on the size of the block alone.
 * When both arms have one distribution, the canary's part of them is hypergeometric, and E is its exponential tilt, mixed over
 * odds ratios from 1.1 to 20. Ties at the tail's edge count as the mean over their orders, which keeps E conservative (Jensen),
 * also for every canary that is stochastically no larger (no smaller) than stable.
 *
 * @example
 * const process = tailProcess({ alternative: 'greater', share: 0.1 })
 * process.add({ stable: histogramOf([1, 2, 3, 4, 5, 6, 7, 8]), canary: histogramOf([9, 10]) })
 * process.logE // 0.70
 */
export function tailProcess(options: {
  readonly alternative: Alternative
  readonly share: TailShare
}): EProcess<Distributions> {
  const tilts = tiltsOf(options.alternative)
  const moments = new Float64Array(tilts.length)
  const logs = new Float64Array(tilts.length)
  return eProcess((block) => {
    const { stable: n, canary: m } = sizesOf(block)
    if (n > 0 && m > 0) {
      const top = topOf(n + m, options.share)
      const events = canaryInTop(block, top, 0)
      logMoments({ n, m, events: top }, tilts, moments)
      for (let at = 0; at < tilts.length; at += 1) logs[at]! += tilts[at]! * events - moments[at]!
    }
    return logMeanExp(logs)
  })
}

/** How many values the tail of a block of a given size holds: at least one. */
export function topOf(size: number, share: TailShare): number {
  return Math.max(1, Math.round(share * size))
}
