import { dispersionOf } from '@coalmine/stats'
import type { Facts } from '../facts.ts'
import type { MetricPolicy } from '../policy/metric-policy.ts'
import type { Policy } from '../policy/policy.ts'
import type { Reason } from '../reason.ts'
import type { TimedBlock } from '../series.ts'
import type { Statistics } from '../statistics/statistics.ts'
import { testShare } from './share-claim.ts'
import { type Estimate, shownInterval, type Tested } from './tested.ts'

/**
 * The share of the work that the canary's instances do when each does as much as one of stable's; null when no instance
 * has a name, and there is nothing to divide by.
 */
export function expectedShare({ stable, canary }: Pick<Facts, 'stable' | 'canary'>): number | null {
  if (stable.instances === 0 || canary.instances === 0) return null
  return canary.instances / (stable.instances + canary.instances)
}

/** Throughput that was asked for and cannot be told keeps the verdict from PASS. */
export function throughputReasons({ metrics }: Policy, facts: Facts): Reason[] {
  const throughput = metrics.find(({ measure, gate }) => measure.kind === 'throughput' && gate !== 'off')
  if (!throughput || expectedShare(facts) !== null) return []
  return [
    {
      code: 'throughput-not-known',
      weight: throughput.gate === 'on' ? 'blocks' : 'note',
      message: `${throughput.name} is not judged, because the instances of a cohort cannot be told apart. Set service.instance.id on the resource, or turn ${throughput.name} off.`,
    },
  ]
}

/**
 * Throughput is what an instance gets done: messages consumed, jobs run. It is worse when a canary instance does less
 * than a stable one by more than the margin. Meant for workers that take as much as they can; behind a load balancer that
 * hands out requests by a rule, what is missing are lost requests (see `testLostRequests`).
 *
 * Work comes in batches, which vary more than requests of their own do: the counts are divided by their dispersion, first
 * told after half a minute. The instances are those of the whole window: it must not be asked for while they are being added or taken away.
 */
export function testThroughput(
  counts: readonly TimedBlock<number>[],
  facts: Pick<Facts, 'stable' | 'canary'>,
  metric: MetricPolicy,
  statistics: Statistics,
): Tested {
  const expected = expectedShare(facts)!
  const dispersion = dispersionOf(counts, expected)
  const withoutBatches = counts.map(({ stable, canary }) => ({
    stable: stable / dispersion,
    canary: canary / dispersion,
  }))
  return {
    ...testShare(counts, expected, metric, statistics.shareOfBatches, statistics),
    estimate(decision, level) {
      const total = (arm: 'stable' | 'canary'): number => counts.reduce((sum, tick) => sum + tick[arm], 0)
      const stable = total('stable')
      const canary = total('canary')
      const side = (arm: 'stable' | 'canary', count: number): Estimate['stable'] => ({
        count,
        events: null,
        value: count / facts[arm].instances,
      })
      const perInstance = (of: number | null): number | null =>
        of === null ? null : (of / (1 - of)) * ((1 - expected) / expected)
      const { lower, upper } = statistics.shareInterval(withoutBatches, { alpha: level })
      const ratio = stable > 0 ? perInstance(canary / (stable + canary)) : null
      return {
        statistic: 'requests per instance',
        unit: 'number',
        stable: side('stable', stable),
        canary: side('canary', canary),
        part: 'share',
        effect: { kind: 'ratio', value: ratio },
        interval: shownInterval({ lower: perInstance(lower), upper: perInstance(upper) }, level, decision, ratio),
      }
    },
  }
}
