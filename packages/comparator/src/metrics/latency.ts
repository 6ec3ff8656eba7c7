import type { Part, Statistic } from '../finding.ts'
import { type MetricPolicy, marginIn } from '../policy/metric-policy.ts'
import type { OperationSeries } from '../series.ts'
import type { Statistics } from '../statistics/statistics.ts'
import { boundsOf, limitOf } from './claim.ts'
import { brokenBy, carriedBy, holding, type Region, regionEstimates } from './distribution.ts'
import { type Limit, rankedAgainst } from './ranked.ts'
import type { Tested } from './tested.ts'

const shown: Record<Region, { readonly part: Part; readonly statistic: Statistic }> = {
  typical: { part: 'typical', statistic: 'p50' },
  0.1: { part: 'slowest 10 %', statistic: 'p90' },
  0.05: { part: 'slowest 5 %', statistic: 'p95' },
  0.01: { part: 'slowest 1 %', statistic: 'p99' },
}

/**
 * A claim about latency is broken when the rank, the slowest tenth, twentieth and hundredth say so together (the
 * weighted mean of their e-values, or the least of their p-values, corrected by its weight). It holds only when the rank, the slowest tenth and the slowest hundredth each say so: a bad tail never
 * passes. `beyond` has the margin that FAIL needs, where that is wider than the one that PASS needs; ticks
 * that are left out, in which the canary is young or both arms starve, do not count for it.
 */
export function testLatency(
  series: readonly OperationSeries[],
  metric: MetricPolicy,
  statistics: Statistics,
  beyond: MetricPolicy = metric,
  isLeftOut: (tick: number) => boolean = () => false,
  stands: (tick: number) => boolean = () => true,
): Tested {
  const limits = limitsOf(metric)
  const limitsBeyond = limitsOf(beyond)
  const broken = brokenBy(limitsBeyond, statistics)
  const estimateAt = regionEstimates(series, metric, statistics)
  const blocks = rankedAgainst(limitsBeyond, series, metric, 'break', statistics).filter(({ tick }) => !isLeftOut(tick))
  return {
    ...statistics.runStanding(broken.process, stands, blocks),
    within: holding(limits, rankedAgainst(limits, series, metric, 'hold', statistics), statistics).map(
      ({ region, run }) => ({
        part: shown[region].part,
        run,
      }),
    ),
    estimate(decision, level) {
      const region = decision === 'fail' ? carriedBy(broken).region : 'typical'
      return { ...shown[region], unit: 'seconds', ...estimateAt(region, decision, level) }
    },
  }
}

function limitsOf(metric: MetricPolicy): Limit[] {
  const margin = marginIn('latency', metric)
  return boundsOf(metric).map((bound) => ({ bound, limit: limitOf(bound.moved, margin) }))
}
