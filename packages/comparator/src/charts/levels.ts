import { countOf, type Histogram, mergeHistograms, quantileOf, upperEdge } from '@coalmine/stats'
import { rounded } from '../numbers.ts'
import { marginFormOf } from '../policy/measure.ts'
import type { MetricPolicy } from '../policy/metric-policy.ts'
import type { DistributionBlock, OperationSeries, RateBlock } from '../series.ts'
import { type Bins, summedBins } from './bins.ts'
import type { DistributionChart, Levels, Quantiles, RateLevels, ValueLevels } from './charts.ts'

type Arm = 'stable' | 'canary'

/** How both cohorts fared over time by one metric, over all operations of a scope together. */
export function levelsOf(series: readonly OperationSeries[], metric: MetricPolicy, bins: Bins): Levels {
  switch (marginFormOf(metric.measure)) {
    case 'rate': {
      const blocks = series.flatMap((one) => one.failures.get(metric.name) ?? one.rates.get(metric.name) ?? [])
      return { kind: 'rate', stable: ratesIn(blocks, 'stable', bins), canary: ratesIn(blocks, 'canary', bins) }
    }
    case 'latency':
    case 'ratio': {
      // Buckets with edges of their own have no quantiles that could be told from their numbers.
      if (series.some((one) => one.bounds)) return { kind: 'none' }
      const blocks = series.flatMap((one) => one.distributions.get(metric.name) ?? [])
      const read = quantileReader(metric)
      return {
        kind: 'distribution',
        stable: valuesIn(blocks, 'stable', bins, read),
        canary: valuesIn(blocks, 'canary', bins, read),
      }
    }
    case 'loss':
      return { kind: 'none' }
  }
}

function ratesIn(blocks: readonly RateBlock[], arm: Arm, bins: Bins): RateLevels {
  const read = (what: 'n' | 'events') =>
    summedBins(
      bins,
      blocks.map((block) => ({ tick: block.tick, value: block[arm][what] })),
    )
  return { n: read('n'), events: read('events') }
}

type Read = (histogram: Histogram, share: number) => number | null

function valuesIn(blocks: readonly DistributionBlock[], arm: Arm, bins: Bins, read: Read): ValueLevels {
  const parts = Array.from({ length: bins.count }, () => [] as Histogram[])
  for (const block of blocks) parts[bins.of(block.tick)]!.push(block[arm])
  const merged = parts.map((some) => mergeHistograms(some))
  const at = (share: number): (number | null)[] => merged.map((histogram) => read(histogram, share))
  return { n: merged.map((histogram) => countOf(histogram)), p50: at(0.5), p90: at(0.9), p99: at(0.99) }
}

/** Where lower is worse, series hold 1/x. */
function quantileReader({ worse, measure }: MetricPolicy): Read {
  const isTurned = worse === 'lower' && marginFormOf(measure) === 'ratio'
  return (histogram, share) => {
    const value = quantileOf(histogram, isTurned ? 1 - share : share)
    if (value === undefined) return null
    return rounded(isTurned && value > 0 ? 1 / value : value, 4)
  }
}

/** A quantile of what one cohort did at one operation over the whole window; null where it has no values. */
export function latencyOf(one: OperationSeries, arm: Arm, shares: readonly number[]): (number | null)[] {
  if (one.bounds) return shares.map(() => null)
  const blocks = one.distributions.get('latency') ?? []
  const all = mergeHistograms(blocks.map((block) => block[arm]))
  return shares.map((share) => {
    const value = quantileOf(all, share)
    return value === undefined ? null : rounded(value, 4)
  })
}

const mostBuckets = 72
// What lies beyond is a few values that would squeeze all the others together.
const shownFrom = 0.001

/** How the values of both cohorts are spread over the whole window; null where one of them has none. */
export function distributionOf(series: readonly OperationSeries[], metric: MetricPolicy): DistributionChart | null {
  const form = marginFormOf(metric.measure)
  if ((form !== 'latency' && form !== 'ratio') || series.some((one) => one.bounds)) return null
  const blocks = series.flatMap((one) => one.distributions.get(metric.name) ?? [])
  const all = {
    stable: mergeHistograms(blocks.map((b) => b.stable)),
    canary: mergeHistograms(blocks.map((b) => b.canary)),
  }
  const both = mergeHistograms([all.stable, all.canary])
  if (countOf(all.stable) === 0 || countOf(all.canary) === 0 || both.indices.length === 0) return null
  const shown = both.indices.filter((index) => {
    const edge = upperEdge(index, both.scale)
    return edge >= quantileOf(both, shownFrom)! && upperEdge(index - 1, both.scale) <= quantileOf(both, 1 - shownFrom)!
  })
  const [first, last] = [shown[0] ?? both.indices[0]!, shown.at(-1) ?? both.indices.at(-1)!]
  const width = Math.max(1, Math.ceil((last - first + 1) / mostBuckets))
  const count = Math.ceil((last - first + 1) / width)
  const isTurned = metric.worse === 'lower' && form === 'ratio'
  const edges = Array.from({ length: count + 1 }, (_, at) => upperEdge(first - 1 + at * width, both.scale))
  const shares = (arm: Arm): number[] => {
    const values = new Array<number>(count).fill(0)
    const total = countOf(all[arm])
    const shift = all[arm].scale - both.scale
    all[arm].indices.forEach((index, at) => {
      const bin = Math.floor(((index >> shift) - first) / width)
      if (bin >= 0 && bin < count) values[bin]! += all[arm].counts[at]! / total
    })
    return values.map((value) => rounded(value, 4))
  }
  const read = quantileReader(metric)
  const quantiles = (arm: Arm): Quantiles => ({
    n: countOf(all[arm]),
    p50: read(all[arm], 0.5)!,
    p90: read(all[arm], 0.9)!,
    p95: read(all[arm], 0.95)!,
    p99: read(all[arm], 0.99)!,
  })
  const [stable, canary] = [shares('stable'), shares('canary')]
  return {
    edges: (isTurned ? edges.map((edge) => 1 / edge).reverse() : edges).map((edge) => rounded(edge, 4)),
    stable: isTurned ? stable.reverse() : stable,
    canary: isTurned ? canary.reverse() : canary,
    quantiles: { stable: quantiles('stable'), canary: quantiles('canary') },
  }
}
