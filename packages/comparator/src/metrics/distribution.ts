import { countOf, type Distributions, type EProcess, matchedQuantiles, type TailShare } from '@coalmine/stats'
import type { Decision } from '../finding.ts'
import type { MetricPolicy } from '../policy/metric-policy.ts'
import type { OperationSeries } from '../series.ts'
import { blocksOfStrata } from '../series.ts'
import { feedingSome, type Run } from '../statistics/run.ts'
import type { Ranked, Statistics } from '../statistics/statistics.ts'
import { boundedInterval } from './bounded-interval.ts'
import { alternativesOf } from './claim.ts'
import { type Limit, matchedIn, type RankedBlock, regionBlocks } from './ranked.ts'
import { type Estimate, shownInterval } from './tested.ts'

/** Where in a distribution the canary differs: everywhere, or in its highest tenth, twentieth or hundredth. */
export type Region = 'typical' | TailShare

const tails: readonly TailShare[] = [0.1, 0.05, 0.01]
// Measured: what a canary's slowest requests tell is told by the hundredth, and +2 % only by the rank.
const weights: Record<Region, number> = { typical: 3, 0.1: 1, 0.05: 1, 0.01: 2 }
const quantiles: Record<Region, number> = { typical: 0.5, 0.1: 0.9, 0.05: 0.95, 0.01: 0.99 }

/** Evidence, and the regions that it is put together from. */
interface Broken {
  readonly process: EProcess<RankedBlock>
  readonly regions: readonly { readonly region: Region; readonly process: EProcess<Ranked> }[]
}

/** Evidence that a claim is broken, at any of its limits: for each the rank and three tails, while most ticks say so. */
export function brokenBy(limits: readonly Limit[], { rank, tail, any, valuesStand }: Statistics): Broken {
  const sides = limits.map(({ bound }, side) => {
    const { broken: alternative } = alternativesOf(bound)
    const regions: Broken['regions'] = [
      { region: 'typical', process: rank(alternative) },
      ...tails.map((share) => ({ region: share, process: tail(alternative, share) })),
    ]
    const together = any(
      regions.map(({ region, process }) => feedingSome(process, ranksAt(side, region))),
      regions.map(({ region }) => weights[region]),
    )
    return { regions, process: valuesStand(together, alternative, (region) => ranksAt(side, region)) }
  })
  return {
    process: any(sides.map(({ process }) => process)),
    regions: sides.flatMap(({ regions }) => regions),
  }
}

/**
 * Evidence that a claim holds, for each limit and region that must show it: the rank, the highest tenth and the highest
 * hundredth, so that a bad tail never passes.
 */
export function holding(
  limits: readonly Limit[],
  blocks: readonly RankedBlock[],
  { rank, tail, run }: Statistics,
): { readonly region: Region; readonly run: Run }[] {
  return limits.flatMap(({ bound }, side) => {
    const { holds: alternative } = alternativesOf(bound)
    const regions: readonly { region: Region; process: EProcess<Ranked> }[] = [
      { region: 'typical', process: rank(alternative) },
      ...([0.1, 0.01] as const).map((share) => ({ region: share, process: tail(alternative, share) })),
    ]
    return regions.map(({ region, process }) => ({
      region,
      run: run(feedingSome(process, ranksAt(side, region)), blocks),
    }))
  })
}

/** The ranks of a block against one limit that a region reads; none while its block is not complete. */
function ranksAt(side: number, region: Region): (block: RankedBlock) => Ranked | undefined {
  return ({ ranks, tails }) => (region === 'typical' ? ranks[side] : tails[region]?.[side])
}

/** The region with the most evidence that a claim is broken. */
export function carriedBy({ regions }: Broken): { readonly region: Region; readonly maxLogE: number } {
  return regions
    .map(({ region, process }) => ({ region, maxLogE: process.maxLogE }))
    .reduce((best, one) => (one.maxLogE > best.maxLogE ? one : best))
}

/** The sides, the effect and its interval in one region of a distribution. */
export type RegionEstimate = Pick<Estimate, 'stable' | 'canary' | 'effect' | 'interval'>

/** What tells the sides, effect and interval of a metric at a region, in the unit of its values. */
export function regionEstimates(
  series: readonly OperationSeries[],
  metric: MetricPolicy,
  statistics: Statistics,
): (region: Region, decision: Decision, level: number) => RegionEstimate {
  const values = matchedIn(series, metric)
  return (region, decision, level) => {
    const blocks: Distributions[] = blocksOfStrata(series, (one) => one.distributions.get(metric.name) ?? [])
    const read: Distributions[] = blocksOfStrata(series, (one) => regionBlocks(one, metric, region))
    const matched = values && matchedQuantiles(values, quantiles[region])
    const part = region === 'typical' ? 'rank' : region
    const total = (arm: 'stable' | 'canary'): number =>
      blocks.reduce((sum, { sizes, [arm]: values }) => sum + (sizes?.[arm] ?? countOf(values)), 0)
    const ratio = matched && matched.stable > 0 ? matched.canary / matched.stable : null
    return {
      stable: { count: total('stable'), events: null, value: matched?.stable ?? null },
      canary: { count: total('canary'), events: null, value: matched?.canary ?? null },
      effect: { kind: 'ratio', value: ratio },
      interval: shownInterval(
        series.some((one) => one.bounds)
          ? boundedInterval(series, metric, statistics, { alpha: level, part })
          : statistics.scaleInterval(read, { alpha: level, part }),
        level,
        decision,
        ratio,
      ),
    }
  }
}
