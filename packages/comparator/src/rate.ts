import {
  type EProcess,
  matchedRates,
  meanProcess,
  minProcess,
  oddsRatioInterval,
  oddsRatioProcess,
  type Rates,
  riskDifferenceInterval,
  riskDifferenceProcess,
} from '@coalmine/stats'
import { boundsOf } from './claim.ts'
import type { RateMargin } from './margin.ts'
import { type MetricPolicy, marginIn } from './metric-policy.ts'
import { blocksOfStrata, feeding, run } from './run.ts'
import type { OperationSeries } from './series.ts'
import { shownInterval, type Tested } from './tested.ts'
import type { Decision } from './verdict.ts'

/**
 * A rate (errors, 4xx) is beyond the margin of another when it is beyond the odds ratio and beyond the difference;
 * within it when it is below either. A half of the margin that is zero allows nothing and is left out. Where the
 * margin moves stable down, stable's rate is held against the canary's instead of the canary's against stable's.
 */
export function testRate(series: readonly OperationSeries[], name: 'errors' | '4xx', metric: MetricPolicy): Tested {
  const margin = marginIn('rate', metric)
  const blocks = blocksOfStrata(series, (one) => one[name])
  const bounds = boundsOf(metric).map(({ side, moved }) => {
    const beyond = (): EProcess<Rates> => minProcess(processes('greater', margin))
    const inside = (): EProcess<Rates> => meanProcess(processes('less', margin))
    const [broken, holds] = (side === 'upper') === (moved === 'up') ? [beyond, inside] : [inside, beyond]
    const toward = (process: EProcess<Rates>): EProcess<Rates> => (moved === 'up' ? process : feeding(process, swapped))
    return { broken: toward(broken()), holds: toward(holds()) }
  })
  const worse = run(meanProcess(bounds.map(({ broken }) => broken)), blocks)
  const within = bounds.map(({ holds }) => ({ part: 'rate' as const, run: run(holds, blocks) }))
  return { worse, within, estimate }

  function estimate(decision: Decision, level: number): ReturnType<Tested['estimate']> {
    const matched = matchedRates(blocks)
    const common = {
      statistic: 'share of requests' as const,
      stable: side('stable', matched?.stable),
      canary: side('canary', matched?.canary),
      part: 'rate' as const,
    }
    if (matched && byOddsRatio(matched.stable, margin)) {
      const value = matched.canary === 1 ? null : odds(matched.canary) / odds(matched.stable)
      return {
        ...common,
        effect: { kind: 'odds-ratio', value },
        interval: shownInterval(oddsRatioInterval(blocks, { alpha: level }), level, decision),
      }
    }
    const value = matched ? matched.canary - matched.stable : null
    return {
      ...common,
      effect: { kind: 'difference', value },
      interval: shownInterval(riskDifferenceInterval(blocks, { alpha: level }), level, decision),
    }
  }

  function side(
    arm: 'stable' | 'canary',
    value: number | undefined,
  ): { count: number; events: number; value: number | null } {
    return {
      count: blocks.reduce((sum, block) => sum + block[arm].n, 0),
      events: blocks.reduce((sum, block) => sum + block[arm].events, 0),
      value: value ?? null,
    }
  }
}

const swapped = ({ stable, canary }: Rates): Rates => ({ stable: canary, canary: stable })

function processes(alternative: 'greater' | 'less', margin: RateMargin): EProcess<Rates>[] {
  const odds = oddsRatioProcess({ alternative, oddsRatio: margin.oddsRatio })
  const difference = riskDifferenceProcess({ alternative, difference: margin.difference })
  if (margin.difference === 0) return [odds]
  return margin.oddsRatio === 1 ? [difference] : [odds, difference]
}

/** Which half of the margin is the larger at this rate: the effect is told on its scale. */
function byOddsRatio(rate: number, margin: RateMargin): boolean {
  if (rate <= 0 || rate >= 1) return false
  const allowed = odds(rate) * margin.oddsRatio
  return margin.difference === 0 || allowed / (1 + allowed) - rate > margin.difference
}

function odds(rate: number): number {
  return rate / (1 - rate)
}
