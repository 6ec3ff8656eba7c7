import type { MetricPolicy } from '../policy/metric-policy.ts'
import type { OperationSeries, TimedBlock } from '../series.ts'
import type { Statistics } from '../statistics/statistics.ts'
import { testShare } from './share-claim.ts'
import { shownInterval, type Tested } from './tested.ts'

/** Requests per tick over all the strata. */
export function countsOf(series: readonly OperationSeries[]): TimedBlock<number>[] {
  const ticks = new Map<number, TimedBlock<number>>()
  for (const one of series) {
    for (const { tick, stable, canary } of one.requests) {
      const sum = ticks.get(tick)
      ticks.set(tick, { tick, stable: stable + (sum?.stable ?? 0), canary: canary + (sum?.canary ?? 0) })
    }
  }
  return [...ticks.values()].sort((a, b) => a.tick - b.tick)
}

/** Counts of whole ticks with both arms in service: the tick in which the canary began holds requests from before it. */
export function countsBothServed(
  series: readonly OperationSeries[],
  all: readonly OperationSeries[],
): TimedBlock<number>[] {
  const began = countsOf(all).find((tick) => tick.canary > 0)?.tick ?? Number.POSITIVE_INFINITY
  return countsOf(series).filter((tick) => tick.tick > began)
}

/**
 * Requests are lost when the canary serves less than its declared share of the traffic by more than the margin: a
 * canary that crashes or refuses connections leaves no bad spans, it leaves none.
 */
export function testLostRequests(
  counts: readonly TimedBlock<number>[],
  split: number,
  metric: MetricPolicy,
  statistics: Statistics,
): Tested {
  return {
    ...testShare(counts, split, metric, statistics.share, statistics),
    estimate(decision, level) {
      const stable = counts.reduce((sum, tick) => sum + tick.stable, 0)
      const canary = counts.reduce((sum, tick) => sum + tick.canary, 0)
      const all = stable + canary
      const less = (bound: number | null): number | null => (bound === null ? null : bound - split)
      const { lower, upper } = statistics.shareInterval(counts, { alpha: level })
      const missing = all > 0 ? canary / all - split : null
      return {
        statistic: 'share of traffic',
        unit: 'share',
        stable: { count: stable, events: null, value: all > 0 ? stable / all : null },
        canary: { count: canary, events: null, value: all > 0 ? canary / all : null },
        part: 'share',
        effect: { kind: 'difference', value: missing },
        interval: shownInterval({ lower: less(lower), upper: less(upper) }, level, decision, missing),
      }
    },
  }
}
