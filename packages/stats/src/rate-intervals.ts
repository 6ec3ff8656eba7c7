import { strataOf } from './blocks.ts'
import { type Interval, invert, type Rejects, reaches } from './interval.ts'
import { oddsRatioProcessAt, oddsTicks } from './odds-ratio-at.ts'
import { checkRates, type Rates } from './rates.ts'
import { checkedRiskDifferenceProcess } from './risk-difference.ts'

/**
 * Confidence sequence of the difference between the canary's rate and stable's, from risk-difference evidence, each side at `alpha`,
 * valid at any time. In steps of 0.00001.
 *
 * @example
 * const quiet = { stable: { n: 90_000, events: 0 }, canary: { n: 10_000, events: 0 } }
 * riskDifferenceInterval([quiet, quiet, quiet], { alpha: 0.05 }) // { lower: -0.00016, upper: 0.00025 }
 */
export function riskDifferenceInterval(
  blocks: readonly (Rates & { readonly tick?: number })[],
  options: { readonly alpha: number },
): Interval {
  const { alpha } = options
  const steps = {
    steps: 199_998,
    valueAt: (step: number) => (step - 99_999) / 100_000,
  }
  blocks.forEach(checkRates)
  const rejectedBy = (ticks: readonly (readonly Rates[])[]): Rejects => ({
    below: (difference) => reaches(checkedRiskDifferenceProcess('greater', difference), ticks, alpha),
    above: (difference) => reaches(checkedRiskDifferenceProcess('less', difference), ticks, alpha),
  })
  const ticks = strataOf<Rates>(blocks)
  const near = mapped(invert(steps, rejectedBy(pooled(ticks))), (difference) => difference * 100_000 + 99_999)
  return invert(steps, rejectedBy(ticks), near)
}

/**
 * Confidence sequence of the odds ratio of the canary to stable, from odds-ratio evidence, each side at `alpha`, valid at any
 * time. In steps of half a percent, from 1/20 000 to 20 000.
 *
 * @example
 * const block = { stable: { n: 900, events: 9 }, canary: { n: 100, events: 8 } }
 * oddsRatioInterval([block, block, block], { alpha: 0.05 }) // { lower: 2.18, upper: 31.5 }
 */
export function oddsRatioInterval(
  blocks: readonly (Rates & { readonly tick?: number })[],
  options: { readonly alpha: number },
): Interval {
  const { alpha } = options
  const steps = {
    steps: 4000,
    valueAt: (step: number) => Math.exp((step - 2000) / 200),
  }
  const rejectedBy = (ticks: readonly (readonly Rates[])[]): Rejects => {
    const told = oddsTicks(ticks).map((tick) => [tick])
    return {
      below: (oddsRatio) => reaches(oddsRatioProcessAt(oddsRatio, 'greater'), told, alpha),
      above: (oddsRatio) => reaches(oddsRatioProcessAt(oddsRatio, 'less'), told, alpha),
    }
  }
  const ticks = strataOf<Rates>(blocks)
  const near = mapped(invert(steps, rejectedBy(pooled(ticks))), (oddsRatio) => 200 * Math.log(oddsRatio) + 2000)
  return invert(steps, rejectedBy(ticks), near)
}

function mapped({ lower, upper }: Interval, map: (value: number) => number): Interval {
  return { lower: lower === null ? null : map(lower), upper: upper === null ? null : map(upper) }
}

/** Fewer and larger blocks, whose interval ends near that of all of them: where to look for it. */
function pooled(ticks: readonly (readonly Rates[])[]): Rates[][] {
  const size = Math.ceil(ticks.length / fewBlocks)
  return Array.from({ length: Math.ceil(ticks.length / size) }, (_, at) => {
    const blocks = ticks.slice(at * size, (at + 1) * size).flat()
    return [{ stable: sum(blocks.map(({ stable }) => stable)), canary: sum(blocks.map(({ canary }) => canary)) }]
  })
}

const fewBlocks = 24

function sum(rates: readonly Rates['stable'][]): Rates['stable'] {
  return {
    n: rates.reduce((total, { n }) => total + n, 0),
    events: rates.reduce((total, { events }) => total + events, 0),
  }
}
