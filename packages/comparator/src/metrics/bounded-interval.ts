import { boundedMap, bucketMap, type Interval, invert, type TailShare } from '@coalmine/stats'
import type { MetricPolicy } from '../policy/metric-policy.ts'
import type { OperationSeries } from '../series.ts'
import { blocksOfStrata } from '../series.ts'
import type { Ranked, Statistics } from '../statistics/statistics.ts'
import { regionBlocks } from './ranked.ts'

// Factors from 1/4096 to 4096, in steps as wide as the buckets that spans are kept in.
const doublings = 12
const stepsPerDoubling = 32

/**
 * `scaleInterval` where buckets are not exponential, so that no factor moves them all alike: the factors for which "canary
 * against so many times stable" is not rejected, buckets rounded against each side. It is as wide as the buckets make it.
 */
export function boundedInterval(
  series: readonly OperationSeries[],
  metric: MetricPolicy,
  statistics: Statistics,
  { alpha, part }: { readonly alpha: number; readonly part: 'rank' | TailShare },
): Interval {
  // Tests that look once have no interval of a tail.
  if (statistics.kind === 'p-value' && part !== 'rank') return { lower: null, upper: null }
  const rejected = (alternative: 'greater' | 'less') => (factor: number) => {
    const rounding = alternative === 'greater' ? 'up' : 'down'
    const limit = (value: number): number => factor * value
    const blocks = blocksOfStrata(series, (one) => {
      const map = one.bounds ? boundedMap(one.bounds, limit, rounding) : bucketMap(limit, rounding)
      return regionBlocks(one, metric, part === 'rank' ? 'typical' : part).map(
        (block): Ranked & { readonly tick: number } => ({
          ...statistics.ranked(block, map),
          tick: block.tick,
        }),
      )
    })
    const process = part === 'rank' ? statistics.rank(alternative) : statistics.tail(alternative, part)
    return statistics.run(process, blocks).maxLogE >= -Math.log(alpha)
  }
  const grid = {
    steps: 2 * doublings * stepsPerDoubling,
    valueAt: (step: number) => 2 ** (step / stepsPerDoubling - doublings),
  }
  return invert(grid, { below: rejected('greater'), above: rejected('less') })
}
