import { type Interval, invert, reaches } from './interval.ts'
import { oddsRatioProcess } from './odds-ratio.ts'
import type { Rates } from './rates.ts'
import { riskDifferenceProcess } from './risk-difference.ts'

/**
 * The differences of the canary's rate from stable's that the risk-difference evidence has not rejected, each side at `alpha`,
 * at any time so far. In steps of a hundred-thousandth.
 *
 * @example
 * const quiet = { stable: { n: 90_000, events: 0 }, canary: { n: 10_000, events: 0 } }
 * riskDifferenceInterval([quiet], { alpha: 0.05 }) // { lower: -0.00007, upper: 0.00038 }
 */
export function riskDifferenceInterval(blocks: readonly Rates[], options: { readonly alpha: number }): Interval {
  const { alpha } = options
  return invert(
    { steps: 199_998, valueAt: (step) => (step - 99_999) / 100_000 },
    {
      below: (difference) => reaches(riskDifferenceProcess({ alternative: 'greater', difference }), blocks, alpha),
      above: (difference) => reaches(riskDifferenceProcess({ alternative: 'less', difference }), blocks, alpha),
    },
  )
}

/**
 * The odds ratios of the canary to stable that the odds-ratio evidence has not rejected, each side at `alpha`, at any time so
 * far. In steps of half a percent, from 1/20 000 to 20 000.
 *
 * @example
 * const block = { stable: { n: 900, events: 9 }, canary: { n: 100, events: 8 } }
 * oddsRatioInterval([block], { alpha: 0.05 }) // { lower: 1.83, upper: 37.3 }
 */
export function oddsRatioInterval(blocks: readonly Rates[], options: { readonly alpha: number }): Interval {
  const { alpha } = options
  return invert(
    { steps: 4000, valueAt: (step) => Math.exp((step - 2000) / 200) },
    {
      below: (oddsRatio) => reaches(oddsRatioProcess({ alternative: 'greater', oddsRatio }), blocks, alpha),
      above: (oddsRatio) => reaches(oddsRatioProcess({ alternative: 'less', oddsRatio }), blocks, alpha),
    },
  )
}
