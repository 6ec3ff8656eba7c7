import { boundedMap, bucketMap, type MatchedValues, matchedValues, mergeMatched, spreadOut } from '@coalmine/stats'
import type { MetricPolicy } from '../policy/metric-policy.ts'
import type { DistributionBlock, OperationSeries } from '../series.ts'
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
  const ranking = (bounds: OperationSeries['bounds']): ((block: DistributionBlock) => RankedBlock) => {
    const maps = limits.map(({ bound, limit }) => {
      const rounding = (bound.side === 'upper') === (to === 'break') ? 'up' : 'down'
      return bounds ? boundedMap(bounds, limit, rounding) : bucketMap(limit, rounding)
    })
    return (block) => ({ tick: block.tick, ranks: maps.map((map) => statistics.ranked(block, map)) })
  }
  const key = JSON.stringify([statistics.kind, to, limits.map(limitKey)])
  return blocksOfStrata(series, (one) => {
    const blocks = one.distributions.get(metric.name) ?? []
    const { ranked } = rememberedOf(blocks, metric)
    const found = ranked.get(key) ?? blocks.map(ranking(one.bounds))
    ranked.set(key, found)
    return found
  })
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
