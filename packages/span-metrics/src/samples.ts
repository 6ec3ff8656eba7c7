import { askPrometheus, type Prometheus, TooMuchAtOnce } from './api.ts'
import { type Matcher, promql } from './cohort.ts'
import type { Found } from './discover.ts'
import { SpanMetricsError } from './errors.ts'
import { secondsOf } from './families.ts'
import type { Labels } from './labels.ts'
import { type Cumulative, nativeOf } from './native.ts'

/** The scraped samples of a histogram or a counter: complete ones, in order of time. */
export interface Scraped {
  readonly labels: Labels
  /** Milliseconds since 1970. */
  readonly times: readonly number[]
  readonly values: readonly Cumulative[]
  /** The upper edges of a classic histogram's buckets in seconds; null for other kinds. */
  readonly bounds: readonly number[] | null
}

interface Raw {
  readonly metric: Labels
  readonly values?: readonly (readonly [number, string])[]
  readonly histograms?: readonly (readonly [number, unknown])[]
}

/** As they come, with what came of the same series before. */
interface Collected {
  readonly labels: Labels
  readonly times: number[]
  readonly numbers: number[]
  readonly histograms: unknown[]
}

// An answer with this many samples takes some ten megabytes.
const fewSamples = 250_000
const firstStretchMs = 600_000
const shortestMs = 30_000

/**
 * Reads the raw samples of a family's series, without interpolation. Long windows are read in stretches, shorter
 * ones if Prometheus refuses a query as too large.
 */
export async function samplesOf(
  prometheus: Prometheus,
  { family, kind }: Found,
  matchers: readonly Matcher[],
  fromMs: number,
  toMs: number,
): Promise<Scraped[]> {
  const selector = promql(kind === 'classic' ? `${family}_bucket` : family, matchers)
  const collected = new Map<string, Collected>()
  let stretchMs = firstStretchMs
  for (let from = fromMs; from < toMs; ) {
    const to = Math.min(toMs, from + stretchMs)
    try {
      const samples = await collect(prometheus, selector, from, to, collected)
      from = to
      if (samples < fewSamples) stretchMs *= 2
    } catch (error) {
      if (!(error instanceof TooMuchAtOnce)) throw error
      stretchMs = Math.min(stretchMs, to - from) / 2
      if (stretchMs < shortestMs) {
        throw new SpanMetricsError(
          'unavailable',
          `${prometheus.url} cannot read half a minute of ${selector} at once (${error.message}): raise --query.max-samples and --query.timeout, or compare fewer series`,
        )
      }
    }
  }
  switch (kind) {
    case 'classic':
      return classicOf(collected.values(), secondsOf(family))
    case 'native':
      return [...collected.values()].map((one) => natives(one, family))
    case 'counter':
      return [...collected.values()].map(({ labels, times, numbers }) => ({
        labels,
        times,
        bounds: null,
        values: numbers.map((count) => cumulative([0], [count])),
      }))
  }
}

async function collect(
  prometheus: Prometheus,
  selector: string,
  fromMs: number,
  toMs: number,
  collected: Map<string, Collected>,
): Promise<number> {
  const data = await askPrometheus(prometheus, 'query', [
    ['query', `${selector}[${toMs - fromMs}ms]`],
    ['time', String(toMs / 1000)],
  ])
  const { resultType, result } = data as { resultType: string; result: readonly Raw[] }
  if (resultType !== 'matrix')
    throw new SpanMetricsError('unavailable', `${prometheus.url}: expected a matrix, got ${resultType}`)
  let samples = 0
  for (const { metric, values = [], histograms = [] } of result) {
    const key = keyOf(metric)
    const known = collected.get(key) ?? { labels: metric, times: [], numbers: [], histograms: [] }
    collected.set(key, known)
    samples += values.length + histograms.length
    const last = known.times.at(-1) ?? 0
    for (const [time, value] of [...values, ...histograms]) {
      const ms = Math.round(time * 1000)
      // Adjacent stretches may both contain the sample at their border.
      if (ms <= last) continue
      known.times.push(ms)
      if (typeof value === 'string') known.numbers.push(Number(value))
      else known.histograms.push(value)
    }
  }
  return samples
}

/** A key that identifies a series, whatever the order of its labels. */
export function keyOf(labels: Labels): string {
  return JSON.stringify(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)))
}

function natives({ labels, times, histograms }: Collected, family: string): Scraped {
  if (histograms.length < times.length) {
    throw new SpanMetricsError(
      'usage',
      `${family} is not a native histogram: name a histogram (${family}_bucket, where it is classic), or a counter that ends in _total, with --metric`,
    )
  }
  const values = histograms.map((histogram) => {
    const native = nativeOf(histogram)
    if (native) return native
    throw new SpanMetricsError(
      'usage',
      `${family} is a native histogram with custom buckets; only exponential and classic ones can be judged`,
    )
  })
  return { labels, times, values, bounds: null }
}

/** Assembles classic histograms from their series, by the times of the scrapes. */
function classicOf(series: Iterable<Collected>, unit: number): Scraped[] {
  const histograms = new Map<string, { labels: Labels; buckets: { le: number; series: Collected }[] }>()
  for (const one of series) {
    const { le, ...labels } = one.labels
    const key = keyOf(labels)
    const known = histograms.get(key) ?? { labels, buckets: [] }
    histograms.set(key, known)
    known.buckets.push({ le: le === '+Inf' ? Infinity : Number(le), series: one })
  }
  return [...histograms.values()].flatMap(({ labels, buckets }): Scraped[] => {
    buckets.sort((a, b) => a.le - b.le)
    const total = buckets.at(-1)
    if (!total || total.le !== Infinity) return []
    const next = buckets.map(() => 0)
    const times: number[] = []
    const values: Cumulative[] = []
    for (const time of total.series.times) {
      const below = buckets.map(({ series }, at) => {
        while ((series.times[next[at]!] ?? Infinity) < time) next[at]! += 1
        return series.times[next[at]!] === time ? series.numbers[next[at]!]! : undefined
      })
      if (below.includes(undefined)) continue
      const counts = (below as number[]).map((count, at) => count - (at === 0 ? 0 : below[at - 1]!))
      times.push(time)
      values.push(
        cumulative(
          counts.map((_, at) => at),
          counts,
        ),
      )
    }
    const bounds = buckets.slice(0, -1).map(({ le }) => Number((le * unit).toPrecision(12)))
    return [{ labels, times, values, bounds }]
  })
}

function cumulative(indices: readonly number[], counts: readonly number[]): Cumulative {
  return { scale: 0, zero: 0, indices, counts, zeroTo: 0 }
}
