import {
  boundedMap,
  bucketMap,
  type MatchedValues,
  matchedValues,
  mergeMatched,
  spreadOut,
  type TailShare,
} from '@coalmine/stats'
import { fewestInTail, joinedTo } from '../joined-blocks.ts'
import type { MetricPolicy } from '../policy/metric-policy.ts'
import type { DistributionBlock, OperationSeries, TailBlocks } from '../series.ts'
import { blocksOfStrata } from '../series.ts'
import type { Ranked, Statistics } from '../statistics/statistics.ts'
import type { Bound } from './claim.ts'

/** A side of a claim, and where it puts the limit for the canary, from stable's value. */
export interface Limit {
  readonly bound: Bound
  readonly limit: (value: number) => number
}

/** A block's ranks against each limit of a claim. */
export interface RankedBlock {
  readonly tick: number
  readonly ranks: readonly Ranked[]
  /** The same of the blocks in which each tail is read, at the ticks at which they are complete: a hundredth takes a hundred values. */
  readonly tails: Readonly<Record<TailShare, readonly Ranked[] | undefined>>
}

// An operation is judged by itself and as a part of the service: what its blocks show is worked out once, and remembered until
// another metric is asked about, since half an hour of many metrics is large.
interface Remembered {
  readonly ranked: Map<string, readonly RankedBlock[]>
  matched?: MatchedValues | undefined
}
let rememberedFor: MetricPolicy | undefined
let remembered = new WeakMap<readonly DistributionBlock[], Remembered>()

function rememberedOf(blocks: readonly DistributionBlock[], metric: MetricPolicy): Remembered {
  if (metric !== rememberedFor) remembered = new WeakMap()
  rememberedFor = metric
  const found = remembered.get(blocks) ?? { ranked: new Map() }
  remembered.set(blocks, found)
  return found
}

/**
 * The blocks of some operations, ranked against the limits of a claim. Buckets are rounded for the canary where a limit is to
 * be broken, and against it where it is to hold.
 */
export function rankedAgainst(
  limits: readonly Limit[],
  series: readonly OperationSeries[],
  metric: MetricPolicy,
  to: 'break' | 'hold',
  statistics: Statistics,
): RankedBlock[] {
  const ranking = (bounds: OperationSeries['bounds']): ((block: DistributionBlock) => readonly Ranked[]) => {
    const maps = limits.map(({ bound, limit }) => {
      const rounding = (bound.side === 'upper') === (to === 'break') ? 'up' : 'down'
      return bounds ? boundedMap(bounds, limit, rounding) : bucketMap(limit, rounding)
    })
    return (block) => maps.map((map) => statistics.ranked(block, map))
  }
  const key = JSON.stringify([statistics.kind, to, limits.map(limitKey)])
  return blocksOfStrata(series, (one) => {
    const blocks = one.distributions.get(metric.name) ?? []
    const { ranked } = rememberedOf(blocks, metric)
    const found =
      ranked.get(key) ?? withTails(blocks, one.tails?.get(metric.name) ?? tailsOf(blocks), ranking(one.bounds))
    ranked.set(key, found)
    return found
  })
}

/** The blocks, ranked; those of tails that take more values than a block has are joined until they have them. */
function withTails(
  blocks: readonly DistributionBlock[],
  larger: TailBlocks,
  rank: (block: DistributionBlock) => readonly Ranked[],
): RankedBlock[] {
  const twentieths = byTick(larger[0.05])
  const hundredths = byTick(larger[0.01])
  return blocks.map((block) => {
    const ranks = rank(block)
    const ranked = (larger: DistributionBlock | undefined): readonly Ranked[] | undefined =>
      larger === block ? ranks : larger && rank(larger)
    const tails = { 0.1: ranks, 0.05: ranked(twentieths.get(block.tick)), 0.01: ranked(hundredths.get(block.tick)) }
    return { tick: block.tick, ranks, tails }
  })
}

function tailsOf(blocks: readonly DistributionBlock[]): TailBlocks {
  return { 0.05: joinedTo(blocks, fewestInTail[0.05]).blocks, 0.01: joinedTo(blocks, fewestInTail[0.01]).blocks }
}

function byTick(blocks: readonly DistributionBlock[]): ReadonlyMap<number, DistributionBlock> {
  return new Map(blocks.map((block) => [block.tick, block]))
}

/** The blocks of an operation in which a region of a metric's values is read. */
export function regionBlocks(
  { distributions }: OperationSeries,
  { name }: MetricPolicy,
  region: 'typical' | TailShare,
): readonly DistributionBlock[] {
  const blocks = distributions.get(name) ?? []
  return region === 'typical' ? blocks : joinedTo(blocks, fewestInTail[region]).blocks
}

/** What tells one limit from another: a ratio shows at large values, an absolute margin at small ones. */
function limitKey({ bound, limit }: Limit): unknown {
  return [bound, limit(0), limit(0.001), limit(1), limit(1000)]
}

/** The values of some operations as they can be compared; `undefined` when no block has both arms. */
export function matchedIn(series: readonly OperationSeries[], metric: MetricPolicy): MatchedValues | undefined {
  return mergeMatched(
    series.map((one) => {
      const blocks = one.distributions.get(metric.name) ?? []
      const remembered = rememberedOf(blocks, metric)
      if (!('matched' in remembered)) remembered.matched = matchedOf(blocks, one.bounds)
      return remembered.matched
    }),
  )
}

function matchedOf(blocks: readonly DistributionBlock[], bounds: OperationSeries['bounds']): MatchedValues | undefined {
  const matched = matchedValues(blocks)
  if (!matched || !bounds) return matched
  return { ...matched, stable: spreadOut(matched.stable, bounds), canary: spreadOut(matched.canary, bounds) }
}
