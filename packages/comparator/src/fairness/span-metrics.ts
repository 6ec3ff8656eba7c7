import { boundedMap, bucketMap, mergeHistograms } from '@coalmine/stats'
import type { Facts } from '../facts.ts'
import { limitOf } from '../metrics/claim.ts'
import { count, latency, tidy } from '../numbers.ts'
import { formatMargin } from '../policy/margin.ts'
import { marginIn } from '../policy/metric-policy.ts'
import type { Policy } from '../policy/policy.ts'
import type { Reason } from '../reason.ts'
import type { OperationSeries } from '../series.ts'

/** Values in buckets with different bounds cannot be ranked. */
export function bucketsInvalid({ spanMetrics }: Facts): Reason[] {
  if (!spanMetrics?.bucketsDiffer) return []
  const { operation, bounds } = spanMetrics.bucketsDiffer
  const [first, second] = bounds.map((some) => some.map((bound) => tidy(bound * 1000)).join(', '))
  return [
    {
      code: 'buckets-differ',
      weight: 'decides',
      message: `Latency of ${operation} is counted in buckets with different bounds (${first} ms and ${second} ms), which cannot be compared. Give stable and canary the same buckets.`,
    },
  ]
}

/** Metrics of the policy that these series cannot measure, or only roughly. */
export function spanMetricsReasons(facts: Facts, series: readonly OperationSeries[], policy: Policy): Reason[] {
  const { spanMetrics } = facts
  if (!spanMetrics) return []
  const lacking = spanMetrics.notMeasured.map(
    ({ metric, why }): Reason => ({
      code: 'not-measured',
      // Few span metrics have the HTTP status, all have errors.
      weight: metric === 'client-errors' ? 'note' : 'blocks',
      message: `${metric} is not judged: ${why}`,
    }),
  )
  return [...lacking, ...coarseBuckets(series, policy)]
}

/** Notes on what a verdict on span metrics cannot know, and what was left out. */
export function spanMetricsNotes({ spanMetrics }: Facts): Reason[] {
  if (!spanMetrics) return []
  const { name, kind, cellSeconds, joinedCells, testsApart, undated, warmUp } = spanMetrics
  const shape = { classic: 'histograms', native: 'native histograms', counter: 'counters' }[kind]
  const tests = testsApart ? '' : ', nor tell test traffic apart'
  const notes: Reason[] = [
    {
      code: 'span-metrics',
      weight: 'note',
      message: `Judged from the ${shape} ${name}, in cells of ${cellSeconds} s. Every span counts, and is taken to be independent of the others. They cannot say why, nor name traces${tests}.`,
    },
  ]
  const add = (code: Reason['code'], message: string): void => void notes.push({ code, weight: 'note', message })
  if (undated.stable + undated.canary > 0) {
    add(
      'first-scrapes-left-out',
      `${count(undated.stable + undated.canary)} requests that a process had already counted at its first scrape are left out, as their time is not known (stable ${count(undated.stable)}, canary ${count(undated.canary)}).`,
    )
  }
  if (warmUp.stable + warmUp.canary > 0) {
    add(
      'warm-up-left-out',
      `${count(warmUp.stable + warmUp.canary)} requests of processes that were warming up are left out of latency (stable ${count(warmUp.stable)}, canary ${count(warmUp.canary)}); their errors count.`,
    )
  }
  if (joinedCells > 0)
    add(
      'scrapes-missed',
      `Scrapes were missed: ${count(joinedCells)} cells are judged together with the one after them.`,
    )
  return notes
}

const places = [
  { share: 0.5, name: 'the median' },
  { share: 0.9, name: 'the slowest 10 %' },
  { share: 0.99, name: 'the slowest 1 %' },
]

/** Where in its bucket a value lies is not known: a margin that is narrower than the buckets is never held, but for a faster canary. */
function coarseBuckets(all: readonly OperationSeries[], policy: Policy): Reason[] {
  const total = all.reduce((sum, one) => sum + one.totals.stable.requests, 0)
  const series = all.filter((one) => one.totals.stable.requests >= policy.minimumShare * total)
  return policy.metrics.flatMap((metric): Reason[] => {
    if (metric.measure.kind !== 'latency' || metric.gate === 'off' || metric.expect !== 'no-worse') return []
    const limit = limitOf('up', marginIn('latency', metric))
    const coarse = series.flatMap(({ operation, bounds, distributions }) => {
      const { scale, indices, counts } = mergeHistograms(
        (distributions.get(metric.name) ?? []).map(({ stable }) => stable),
      )
      const imageOf = (bounds ? boundedMap(bounds, limit, 'down') : bucketMap(limit, 'down')).imagesAt(scale)
      const upperEdge = (index: number): number =>
        bounds ? (bounds[index] ?? Infinity) : 2 ** ((index + 1) / 2 ** scale)
      const values = counts.reduce((sum, one) => sum + one, 0)
      return places.flatMap(({ share, name }) => {
        let below = 0
        const index = indices.find((_, at) => {
          below += counts[at]!
          return below >= share * values
        })
        if (index === undefined || imageOf(index) > index) return []
        return [{ operation, name, from: bounds && index === 0 ? 0 : upperEdge(index - 1), to: upperEdge(index) }]
      })
    })
    const [first] = coarse
    if (!first) return []
    const edge = (seconds: number): string => latency(seconds, 4)
    const where =
      first.to === Infinity ? `above ${edge(first.from)}` : `between ${edge(first.from)} and ${edge(first.to)}`
    const ways = [
      'native histograms',
      'finer buckets',
      ...wider(coarse),
      'or --slower-than with one of the bounds and an advisory latency',
    ]
    return [
      {
        code: 'coarse-buckets',
        weight: 'note',
        message: `The buckets are coarser than the margin of ${formatMargin(metric.margin)}: ${first.name} of ${first.operation} is somewhere ${where}. A canary must be slower by a whole bucket more to FAIL, and one that is like stable never passes. Use ${ways.join(', ')}.`,
      },
    ]
  })
}

/** The least margin that moves every one of these buckets, where there is one. */
function wider(coarse: readonly { readonly from: number; readonly to: number }[]): string[] {
  if (coarse.some(({ to }) => to === Infinity)) return []
  const ratio = Math.max(0, ...coarse.filter(({ from }) => from > 0).map(({ from, to }) => to / from - 1))
  const seconds = Math.max(0, ...coarse.filter(({ from }) => from === 0).map(({ to }) => to))
  const parts = [
    ...(ratio > 0 ? [`${Math.ceil(100 * ratio - 1e-6)}%`] : []),
    ...(seconds > 0 ? [`${tidy(seconds * 1000)}ms`] : []),
  ]
  return [`--margin latency=${parts.join(',')}`]
}
