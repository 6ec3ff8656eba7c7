import { countOf, type Distributions, type EProcess, matchedQuantiles, type TailShare } from '@coalmine/stats'
import type { Decision } from '../finding.ts'
import type { MetricPolicy } from '../policy/metric-policy.ts'
import type { OperationSeries } from '../series.ts'
import { blocksOfStrata } from '../series.ts'
import { feeding, type Run } from '../statistics/run.ts'
import type { Ranked, Statistics } from '../statistics/statistics.ts'
import { boundedInterval } from './bounded-interval.ts'
import { alternativesOf } from './claim.ts'
import { type Limit, matchedIn, type RankedBlock } from './ranked.ts'
import { type Estimate, shownInterval } from './tested.ts'

/** Where in a distribution the canary differs: everywhere, or in its highest tenth, twentieth or hundredth. */
export type Place = 'typical' | TailShare

const tails: readonly TailShare[] = [0.1, 0.05, 0.01]
// Measured: what a canary's slowest requests tell is told by the hundredth, and +2 % only by the rank.
const weights: Record<Place, number> = { typical: 3, 0.1: 1, 0.05: 1, 0.01: 2 }
const quantiles: Record<Place, number> = { typical: 0.5, 0.1: 0.9, 0.05: 0.95, 0.01: 0.99 }

/** Evidence, and the places that it is put together from. */
interface Broken {
  readonly process: EProcess<RankedBlock>
  readonly places: readonly { readonly place: Place; readonly process: EProcess<Ranked> }[]
}

/** Evidence that a claim is broken, at any of its limits: for each the rank and three tails. */
export function brokenBy(limits: readonly Limit[], { rank, tail, any }: Statistics): Broken {
  const sides = limits.map(({ bound }, side) => {
    const { broken: alternative } = alternativesOf(bound)
    const places: Broken['places'] = [
      { place: 'typical', process: rank(alternative) },
      ...tails.map((share) => ({ place: share, process: tail(alternative, share) })),
    ]
    const together = any(
      places.map(({ process }) => process),
      places.map(({ place }) => weights[place]),
    )
    return { places, process: feeding(together, ranksAt(side)) }
  })
  return {
    process: any(sides.map(({ process }) => process)),
    places: sides.flatMap(({ places }) => places),
  }
}

/**
 * Evidence that a claim holds, for each limit and place that must show it: the rank, the highest tenth and the highest
 * hundredth, so that a bad tail never passes.
 */
export function holding(
  limits: readonly Limit[],
  blocks: readonly RankedBlock[],
  { rank, tail, run }: Statistics,
): { readonly place: Place; readonly run: Run }[] {
  return limits.flatMap(({ bound }, side) => {
    const { holds: alternative } = alternativesOf(bound)
    const places: readonly { place: Place; process: EProcess<Ranked> }[] = [
      { place: 'typical', process: rank(alternative) },
      ...([0.1, 0.01] as const).map((share) => ({ place: share, process: tail(alternative, share) })),
    ]
    return places.map(({ place, process }) => ({ place, run: run(feeding(process, ranksAt(side)), blocks) }))
  })
}

function ranksAt(side: number): (block: RankedBlock) => Ranked {
  return ({ ranks }) => ranks[side]!
}

/** The place with the most evidence that a claim is broken. */
export function carriedBy({ places }: Broken): { readonly place: Place; readonly maxLogE: number } {
  return places
    .map(({ place, process }) => ({ place, maxLogE: process.maxLogE }))
    .reduce((best, one) => (one.maxLogE > best.maxLogE ? one : best))
}

export type PlaceEstimate = Pick<Estimate, 'stable' | 'canary' | 'effect' | 'interval'>

/** What tells the sides, effect and interval of a metric at a place, in the unit of its values. */
export function placeEstimates(
  series: readonly OperationSeries[],
  metric: MetricPolicy,
  statistics: Statistics,
): (place: Place, decision: Decision, level: number) => PlaceEstimate {
  const values = matchedIn(series, metric)
  return (place, decision, level) => {
    const blocks: Distributions[] = blocksOfStrata(series, (one) => one.distributions.get(metric.name) ?? [])
    const matched = values && matchedQuantiles(values, quantiles[place])
    const part = place === 'typical' ? 'rank' : place
    const total = (arm: 'stable' | 'canary'): number =>
      blocks.reduce((sum, { sizes, [arm]: values }) => sum + (sizes?.[arm] ?? countOf(values)), 0)
    return {
      stable: { count: total('stable'), events: null, value: matched?.stable ?? null },
      canary: { count: total('canary'), events: null, value: matched?.canary ?? null },
      effect: { kind: 'ratio', value: matched && matched.stable > 0 ? matched.canary / matched.stable : null },
      interval: shownInterval(
        series.some((one) => one.bounds)
          ? boundedInterval(series, metric, statistics, { alpha: level, part })
          : statistics.scaleInterval(blocks, { alpha: level, part }),
        level,
        decision,
      ),
    }
  }
}
