import type { Alternative, EProcess } from './e-process.ts'
import { checkRates, type Rates } from './rates.ts'
import { type RememberedMoments, rememberedMoments } from './remembered-moments.ts'
import { tiltedProcess } from './tilted.ts'
import { tiltsOf } from './tilts.ts'

/**
 * Evidence that the odds of an event are, in the canary, more (`greater`) or less (`less`) than `oddsRatio` times stable's.
 *
 * In each block, given how many events there were in all, the canary's part is (noncentral) hypergeometric whatever the rate:
 * E is its exponential tilt, exact for rare events, mixed over odds ratios from 1.2 to 12 beyond the margin. Holds for every
 * smaller (greater) odds ratio too, and however the rate drifts between blocks.
 *
 * @example
 * const process = oddsRatioProcess({ alternative: 'greater', oddsRatio: 1 })
 * process.add({ stable: { n: 450, events: 2 }, canary: { n: 50, events: 1 } })
 * process.logE // 0.30
 */
export function oddsRatioProcess(options: {
  readonly alternative: Alternative
  readonly oddsRatio: number
}): EProcess<Rates> {
  const { alternative, oddsRatio } = options
  if (!(oddsRatio > 0 && oddsRatio < Infinity)) {
    throw new RangeError(`oddsRatio: expected a number above zero, got ${oddsRatio}`)
  }
  const tilts = tiltsOf(alternative)
  const first = alternative === 'greater' ? 0 : tilts.length
  const moments = momentsBeyond(Math.log(oddsRatio))
  return tiltedProcess(tilts.length, alternative, (block, into) => {
    checkRates(block)
    const { n } = block.stable
    const m = block.canary.n
    const events = block.stable.events + block.canary.events
    if (n === 0 || m === 0 || events === 0 || events === n + m) return 0
    const from = moments.at(n, m, events)
    const atMargin = moments.values[from + 2 * tilts.length]!
    for (let at = 0; at < tilts.length; at += 1) {
      into[at] = tilts[at]! * block.canary.events - moments.values[from + first + at]! + atMargin
    }
    return (n * m) / (n + m)
  })
}

const remembered = new Map<number, RememberedMoments>()
const fewMargins = 4

/** Moments of the tilts of both alternatives beyond a margin, and last of the margin itself: those of a tilt under it are M(margin + tilt) / M(margin). */
function momentsBeyond(margin: number): RememberedMoments {
  const known = remembered.get(margin)
  if (known) return known
  const tilts = [...tiltsOf('greater'), ...tiltsOf('less'), 0].map((tilt) => margin + tilt)
  const moments = rememberedMoments(Float64Array.from(tilts))
  if (remembered.size >= fewMargins) remembered.clear()
  remembered.set(margin, moments)
  return moments
}
