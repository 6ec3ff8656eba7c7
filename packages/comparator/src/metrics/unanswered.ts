import { blocksOf } from '@coalmine/stats'
import { type MetricPolicy, marginIn } from '../policy/metric-policy.ts'
import type { RateBlock } from '../series.ts'
import type { Statistics } from '../statistics/statistics.ts'
import { boundsOf } from './claim.ts'
import { rateBound, rateEstimate } from './rate.ts'
import type { Tested } from './tested.ts'

// As for the other rates: fewer calls are no test.
const smallestBlock = 20

/**
 * Requests are lost, too, where calls of the canary's addresses have no request that answers them, more often than calls of
 * stable's: by more than the margin, as a share of the calls. It needs no declared split, only the callers' spans.
 */
export function testUnanswered(calls: readonly RateBlock[], metric: MetricPolicy, statistics: Statistics): Tested {
  const margin = { oddsRatio: 1, difference: marginIn('ratio', metric).ratio }
  const blocks = blocksOf(
    [...calls].sort((a, b) => a.tick - b.tick),
    smallestBlock,
  )
  const bounds = boundsOf({ expect: metric.expect, worse: 'higher' }).map((bound) =>
    rateBound(bound, margin, 'rare', statistics),
  )
  return {
    worse: statistics.run(statistics.any(bounds.map(({ broken }) => broken)), blocks),
    within: bounds.map(({ holds }) => ({ part: 'rate', run: statistics.run(holds, blocks) })),
    estimate: (decision, level) => ({
      ...rateEstimate(blocks, margin, 'rate', decision, level, statistics),
      statistic: 'share of calls',
    }),
  }
}
