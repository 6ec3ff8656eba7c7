import { strataOf } from './blocks.ts'
import { type Interval, invert, reaches } from './interval.ts'
import { type Counts, shareProcess } from './share.ts'

/**
 * Confidence sequence of the canary's share, from the one-sided evidence of `shareProcess`, each side at `alpha`, valid at any
 * time. In steps of 0.0001.
 *
 * @example shareInterval([{ stable: 212, canary: 156 }], { alpha: 0.05, concentration: 100 }) // { lower: 0.3532, upper: 0.4968 }
 */
export function shareInterval(
  counts: readonly Counts[],
  options: { readonly alpha: number; readonly concentration: number },
): Interval {
  const { alpha, concentration } = options
  const ticks = strataOf(counts)
  const stable = counts.reduce((sum, block) => sum + block.stable, 0)
  const canary = counts.reduce((sum, block) => sum + block.canary, 0)
  const near = stable + canary > 0 ? (canary / (stable + canary)) * 10_000 - 1 : null
  return invert(
    { steps: 9998, valueAt: (step) => (step + 1) / 10_000 },
    {
      below: (share) => reaches(shareProcess({ alternative: 'greater', share, concentration }), ticks, alpha),
      above: (share) => reaches(shareProcess({ alternative: 'less', share, concentration }), ticks, alpha),
    },
    { lower: near, upper: near },
  )
}
