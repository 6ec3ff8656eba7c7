import { type Counts, type EProcess, shareWithMargin } from '@coalmine/stats'
import { type MetricPolicy, marginIn } from '../policy/metric-policy.ts'
import type { TimedBlock } from '../series.ts'
import type { Statistics } from '../statistics/statistics.ts'
import { alternativesOf, boundsOf } from './claim.ts'
import type { Tested } from './tested.ts'

/** The evidence on a claim about the canary's share of the work, of which `expected` would be its due. */
export function testShare(
  counts: readonly TimedBlock<number>[],
  expected: number,
  metric: MetricPolicy,
  share: Statistics['share'],
  statistics: Statistics,
): Pick<Tested, 'worse' | 'within'> {
  const { ratio } = marginIn('ratio', metric)
  const bounds = boundsOf(metric).map((bound): { broken: EProcess<Counts>; holds: EProcess<Counts> } => {
    const limit = shareWithMargin(expected, bound.moved === 'up' ? 1 + ratio : 1 - ratio)
    const { broken, holds } = alternativesOf(bound)
    return { broken: share(broken, limit), holds: share(holds, limit) }
  })
  return {
    worse: statistics.run(statistics.any(bounds.map(({ broken }) => broken)), counts),
    within: bounds.map(({ holds }) => ({ part: 'share', run: statistics.run(holds, counts) })),
  }
}
