import { bucketMap, type MatchedValues, matchedValues, mergeMatched, type Ranks, ranksOf } from '@coalmine/stats'
import type { Bound } from './claim.ts'
import type { MetricPolicy } from './metric-policy.ts'
import { blocksOfStrata } from './run.ts'
import type { DistributionBlock, OperationSeries } from './series.ts'

/** A side of a claim, and where it puts the limit for the canary, from stable's value. */
export interface Limit {
  readonly bound: Bound
  readonly limit: (value: number) => number
}

/** A block's ranks against each limit of a claim. */
export interface RankedBlock {
  readonly tick: number
  readonly ranks: readonly Ranks[]
}

// An operation is judged by itself and as a part of the service: what its blocks show is worked out once, and remembered for
// as long as they are there.
interface Known {
  readonly ranked: Map<string, readonly RankedBlock[]>
  matched?: MatchedValues | undefined
}
const remembered = new WeakMap<readonly DistributionBlock[], Known>()

/**
 * The blocks of some operations, ranked against the limits of a claim. Buckets are rounded for the canary where a limit is to
 * be broken, and against it where it is to hold.
 */
export function rankedAgainst(
  limits: readonly Limit[],
  series: readonly OperationSeries[],
  { name, expect }: MetricPolicy,
  to: 'break' | 'hold',
): RankedBlock[] {
  const maps = limits.map(({ bound, limit }) =>
    bucketMap(limit, (bound.side === 'upper') === (to === 'break') ? 'up' : 'down'),
  )
  const rank = (block: DistributionBlock): RankedBlock => ({
    tick: block.tick,
    ranks: maps.map((map) => ranksOf(block, map)),
  })
  return blocksOfStrata(series, (one) => {
    const blocks = one.distributions.get(name) ?? []
    const { ranked } = knownOf(blocks)
    const key = `${expect} ${to}`
    const found = ranked.get(key) ?? blocks.map(rank)
    ranked.set(key, found)
    return found
  })
}

/** The values of some operations as they can be compared; `undefined` when no block has both arms. */
export function matchedIn(series: readonly OperationSeries[], { name }: MetricPolicy): MatchedValues | undefined {
  return mergeMatched(
    series.map((one) => {
      const blocks = one.distributions.get(name) ?? []
      const known = knownOf(blocks)
      if (!('matched' in known)) known.matched = matchedValues(blocks)
      return known.matched
    }),
  )
}

function knownOf(blocks: readonly DistributionBlock[]): Known {
  const found = remembered.get(blocks) ?? { ranked: new Map() }
  remembered.set(blocks, found)
  return found
}
