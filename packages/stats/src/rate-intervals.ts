import { type Interval, invert, reaches } from './interval.ts'
import { oddsRatioProcess } from './odds-ratio.ts'
import type { Rates } from './rates.ts'
import { riskDifferenceProcess } from './risk-difference.ts'

/**
 * The differences of the canary's rate from stable's that the risk-difference evidence has not rejected, each side at `alpha`,
 * at any time so far. In steps of a hundred-thousandth.
 *
 * @example riskDifferenceInterval(blocks, { alpha: 0.05 }) // { lower: 0.012, upper: 0.041 }
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
 * @example oddsRatioInterval(blocks, { alpha: 0.05 }) // { lower: 2.1, upper: 7.4 }
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
