// GrowthBook's sequential test of two means at 5 %, tuned to 5000 as by default, every 5 s; an alarm when the interval is wholly
// above zero: growthbook gbstats, SequentialTwoSidedTTest.
import type { Rate } from '@coalmine/stats'
import { firstAlarmOnAll } from './looks.ts'
import { type Moments, meanDifference, momentsOfHistogram } from './mean-difference.ts'
import type { Peer } from './peer.ts'

const above = (stable: Moments, canary: Moments): boolean => (meanDifference(stable, canary, 0.05)?.lower ?? -1) > 0

export const growthbookLatency: Peer = {
  name: 'GrowthBook sequential, mean latency',
  about: 'latency',
  firstAlarm: (slices, ticks) =>
    firstAlarmOnAll(slices, ticks, 1, ({ stable, canary }) =>
      above(momentsOfHistogram(stable.latency), momentsOfHistogram(canary.latency)),
    ),
}

export const growthbookErrors: Peer = {
  name: 'GrowthBook sequential, error rate',
  about: 'errors',
  firstAlarm: (slices, ticks) =>
    firstAlarmOnAll(slices, ticks, 1, ({ stable, canary }) => above(moments(stable.errors), moments(canary.errors))),
}

function moments({ n, events }: Rate): Moments {
  const mean = n === 0 ? 0 : events / n
  return { n, mean, variance: n < 2 ? 0 : (mean * (1 - mean) * n) / (n - 1) }
}
