import { type CohortFacts, judge, tickMs, type Verdict } from '@coalmine/comparator'
import { type Prometheus, type PrometheusAccess, prometheusAt } from './api.ts'
import { type Arm, arms, type ByArm } from './arms.ts'
import { promql } from './cohort.ts'
import { seriesOf } from './discover.ts'
import { SpanMetricsError } from './errors.ts'
import { instancesOf, notMeasuredIn, spanMetricsOf, without } from './facts.ts'
import { secondsOf } from './families.ts'
import { totalOf } from './increase.ts'
import { type Increments, incrementsOf, intervalOf, type Timing } from './increments.ts'
import { type SoundRequest, type SpanMetricsRequest, soundRequest } from './request.ts'
import type { Scraped } from './samples.ts'
import { readScrapes, type Scrapes } from './scrapes.ts'
import { type IncrementSlices, slicesOf } from './slices.ts'

/**
 * Judges a service by its span metrics in a Prometheus, without a store: raw samples become exact counts between scrapes,
 * and these become slices that are judged like those of spans.
 *
 * Throws a SpanMetricsError that says why there is nothing to judge.
 *
 * @param moment the current time in milliseconds since 1970, and the version that the verdict names.
 * @example
 * const request = { service: 'checkout', stable: 'service.version=1', canary: 'service.version=2' }
 * const access = { url: 'http://localhost:9090', headers: [], stop: signal, warn: console.warn }
 * (await judgeSpanMetrics(request, access, { now: Date.now(), version: '0.2.0' })).verdict // 'pass'
 */
export async function judgeSpanMetrics(
  request: SpanMetricsRequest,
  access: PrometheusAccess,
  { now, version }: { readonly now: number; readonly version: string },
): Promise<Verdict> {
  const sound = soundRequest(request, now)
  const prometheus = prometheusAt(access)
  const scrapes = await readScrapes(prometheus, sound)
  const counted = countedIn(scrapes, sound)
  const { slices } = counted
  const from = sound.startMs ?? slices.startMs
  const to = slices.slices.reduce((last, { tick }) => Math.max(last, tick + tickMs), from + counted.cellMs)
  const labels = arms.flatMap((arm) => scrapes.apart[arm].map((one) => one.labels))
  const notMeasured = notMeasuredIn(sound.policy, scrapes.found, labels)
  const policy = { ...sound.policy, metrics: sound.policy.metrics.map(without(notMeasured)) }
  return judge(slices.slices, policy, {
    service: sound.service,
    window: {
      start: new Date(from).toISOString(),
      end: new Date(to).toISOString(),
      seconds: (to - from) / 1000,
      anchored: sound.anchored,
    },
    ...cohortFacts(sound, slices, scrapes.apart),
    traffic: sound.traffic,
    audience: [],
    scope: 'requests',
    overlap: counted.overlap,
    mixedRequests: 0,
    lateSpans: 0,
    source: 'metrics',
    clientCodes: slices.clientCodes,
    spanMetrics: spanMetricsOf(
      scrapes.found,
      slices,
      counted.cellMs,
      counted.increments,
      notMeasured,
      await testsApart(prometheus, scrapes, from, to),
    ),
    version,
  })
}

/** The counts of the scraped series over time. */
interface Counted {
  readonly increments: ByArm<Increments>
  readonly slices: IncrementSlices
  /** The length of a cell in milliseconds. */
  readonly cellMs: number
  /** Requests of series that both selectors match. */
  readonly overlap: number
}

function countedIn({ found, apart, both, readFromMs, anchorMs }: Scrapes, request: SoundRequest): Counted {
  const { policy, slowerThan, endMs, ended } = request
  const intervalMs = intervalOf([apart.stable, apart.canary])
  const cellMs = Math.max(tickMs, 1000 * Math.ceil(intervalMs / 1000))
  const startMs = request.startMs ?? firstAfter(anchorMs, apart.canary) ?? anchorMs
  const timing: Timing = { readFromMs, startMs, warmUpMs: policy.warmUp * 1000, intervalMs }
  const increments = { stable: incrementsOf(apart.stable, timing), canary: incrementsOf(apart.canary, timing) }
  const slices = slicesOf(
    { stable: increments.stable.increments, canary: increments.canary.increments },
    {
      cellMs,
      // Halfway between two of the canary's scrapes: the processes of stable, which are scraped before it or after it, are then
      // half an interval away at most. The canary's first scrape is the same at every look.
      borderMs: 1000 * Math.floor(((firstAfter(startMs - 1, apart.canary) ?? startMs) - cellMs / 2) / 1000),
      fromCanary: request.startMs === undefined,
      // An arm whose samples are written late must not seem to have lost requests.
      endMs: policy.split === null || ended ? endMs : endMs - cellMs,
      unit: secondsOf(found.family),
      latency: found.kind !== 'counter',
      slowerThan,
    },
  )
  const empty = arms.filter((arm) => slices.requests[arm] === 0)
  if (empty.length > 0) throw noRequests(empty, found.family, increments, startMs, endMs)
  const overlapping = incrementsOf(both, { ...timing, warmUpMs: 0 }).increments
  return { increments, slices, cellMs, overlap: overlapping.reduce((sum, { increase }) => sum + totalOf(increase), 0) }
}

function firstAfter(ms: number, series: readonly Scraped[]): number | undefined {
  const times = series.flatMap((one) => one.times.find((time) => time > ms) ?? [])
  return times.length > 0 ? Math.min(...times) : undefined
}

function noRequests(
  empty: readonly Arm[],
  family: string,
  increments: ByArm<Increments>,
  startMs: number,
  endMs: number,
): SpanMetricsError {
  const window = `between ${new Date(startMs).toISOString()} and ${new Date(endMs).toISOString()}`
  const early = empty.some((arm) => increments[arm].undated + increments[arm].increments.length > 0)
  const hint = early ? ' Two scrapes are needed to tell what came between them: look again after the next.' : ''
  return new SpanMetricsError('no-data', `${family} counted no request of ${empty.join(' and ')} ${window}.${hint}`)
}

function cohortFacts(
  request: SoundRequest,
  { requests }: IncrementSlices,
  series: ByArm<readonly Scraped[]>,
): ByArm<CohortFacts> {
  const instances = instancesOf(series)
  const of = (arm: Arm): CohortFacts => ({
    selector: request[arm],
    requests: requests[arm],
    traces: requests[arm],
    instances: instances[arm],
    testRequests: 0,
    flags: [],
  })
  return { stable: of('stable'), canary: of('canary') }
}

async function testsApart(
  prometheus: Prometheus,
  { found, counted }: Scrapes,
  fromMs: number,
  toMs: number,
): Promise<boolean> {
  const tests = promql(counted, [found.service, { label: 'coalmine_test', operator: '=~', value: '.+' }])
  return (await seriesOf(prometheus, [tests], fromMs, toMs)).length > 0
}
