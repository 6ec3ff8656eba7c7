import type { Distributions } from './distributions.ts'
import type { Alternative, EProcess } from './e-process.ts'
import { downscale } from './histogram.ts'
import { type Interval, invert, reaches } from './interval.ts'
import { rankProcessAt } from './rank.ts'
import { type Tail, type TailShare, tailMoments, tailProcessAt } from './tail.ts'

/**
 * How many times stable's values the canary's are: the factors r for which "canary against r times stable" is not rejected by
 * the rank evidence, or by that from a tail, each side at `alpha`, at any time so far. In steps of a bucket (2.2 % at scale 5).
 *
 * @example
 * const values = Array.from({ length: 100 }, (_, at) => at + 1)
 * const block = { stable: histogramOf(values), canary: histogramOf(values.map((value) => 2 * value)) }
 * scaleInterval([block], { alpha: 0.05, part: 'rank' }) // { lower: 1.51, upper: 2.65 }
 */
export function scaleInterval(
  blocks: readonly Distributions[],
  options: { readonly alpha: number; readonly part: 'rank' | TailShare },
): Interval {
  const { alpha, part } = options
  const scale = blocks.reduce((least, { stable, canary }) => Math.min(least, stable.scale, canary.scale), finest)
  const aligned = blocks.map(({ stable, canary }) => ({
    stable: downscale(stable, scale),
    canary: downscale(canary, scale),
  }))
  const bucketsPerDoubling = 2 ** scale
  const slower = shiftedProcess('greater', part)
  const faster = shiftedProcess('less', part)
  const shifts = invert(
    { steps: 2 * doublings * bucketsPerDoubling, valueAt: (step) => step - doublings * bucketsPerDoubling },
    {
      below: (shift) => reaches(slower(shift), aligned, alpha),
      above: (shift) => reaches(faster(shift), aligned, alpha),
    },
  )
  const factorOf = (shift: number | null): number | null => (shift === null ? null : 2 ** (shift / bucketsPerDoubling))
  return { lower: factorOf(shifts.lower), upper: factorOf(shifts.upper) }
}

// Factors from 1/4096 to 4096 are looked at.
const doublings = 12

// OpenTelemetry's highest scale.
const finest = 20

function shiftedProcess(
  alternative: Alternative,
  part: 'rank' | TailShare,
): (shift: number) => EProcess<Distributions> {
  if (part === 'rank') return (shift) => rankProcessAt(shift, { alternative })
  const tailOptions = { alternative, share: part }
  const tailOf = remember(tailMoments(tailOptions))
  return (shift) => tailProcessAt(shift, tailOptions, tailOf)
}

// The search asks for the same blocks a dozen times.
function remember(tailOf: (block: Distributions) => Tail | undefined): (block: Distributions) => Tail | undefined {
  const known = new Map<Distributions, Tail | undefined>()
  return (block) => {
    if (!known.has(block)) known.set(block, tailOf(block))
    return known.get(block)
  }
}
