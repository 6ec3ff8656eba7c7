import { strataOf } from './blocks.ts'
import type { Distributions } from './distributions.ts'
import { downscale } from './histogram.ts'
import { type Interval, invert } from './interval.ts'
import { byRank, byTail } from './shifted.ts'
import type { TailShare } from './tail-size.ts'

/**
 * Confidence sequence of the ratio of the canary's values to stable's: the r for which "canary against r times stable" is not rejected by
 * the rank evidence, or by that from a tail, each side at `alpha`, valid at any time. In steps of a bucket (2.2 % at scale 5).
 *
 * @example
 * const values = Array.from({ length: 100 }, (_, at) => at + 1)
 * const block = { stable: histogramOf(values), canary: histogramOf(values.map((value) => 2 * value)) }
 * scaleInterval([block, block, block, block], { alpha: 0.05, part: 'rank' }) // { lower: 1.72, upper: 2.28 }
 */
export function scaleInterval(
  blocks: readonly (Distributions & { readonly tick?: number })[],
  options: { readonly alpha: number; readonly part: 'rank' | TailShare },
): Interval {
  const { alpha, part } = options
  const scale = blocks.reduce((least, { stable, canary }) => Math.min(least, stable.scale, canary.scale), finest)
  const ticks = strataOf<Distributions>(blocks).map((strata) =>
    strata.map((block) =>
      block.stable.scale === scale && block.canary.scale === scale
        ? block
        : { stable: downscale(block.stable, scale), canary: downscale(block.canary, scale) },
    ),
  )
  const bucketsPerDoubling = 2 ** scale
  const stepOf = (shift: number | null): number | null =>
    shift === null ? null : shift + doublings * bucketsPerDoubling
  const grid = {
    steps: 2 * doublings * bucketsPerDoubling,
    valueAt: (step: number) => step - doublings * bucketsPerDoubling,
  }
  const byRanks = byRank(ticks, alpha)
  const rejects = part === 'rank' ? byRanks.rejects : byTail(ticks, alpha, part).rejects
  const shifts = invert(grid, rejects, {
    lower: stepOf(byRanks.near.lower),
    upper: stepOf(byRanks.near.upper),
  })
  const factorOf = (shift: number | null): number | null => (shift === null ? null : 2 ** (shift / bucketsPerDoubling))
  return { lower: factorOf(shifts.lower), upper: factorOf(shifts.upper) }
}

// Factors from 1/4096 to 4096 are looked at.
const doublings = 12

// OpenTelemetry's highest scale.
const finest = 20
