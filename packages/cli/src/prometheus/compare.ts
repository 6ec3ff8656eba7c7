import { type CohortFacts, judge, type MetricInput, tickMs, type Verdict } from '@coalmine/comparator'
import type { ComparisonBody } from '@coalmine/server'
import { type ComparisonOptions, comparisonRequest } from '../comparison.ts'
import { CommandError } from '../exit-codes.ts'
import type { Io } from '../io.ts'
import { version } from '../version.ts'
import { beforeCanary } from './anchor.ts'
import { type Prometheus, prometheusAt } from './api.ts'
import { policyOf, trafficOf } from './asked.ts'
import { cellsOf } from './cells.ts'
import { entrySpans, matchersOf, promql } from './cohort.ts'
import { discover, type Found, seriesOf } from './discover.ts'
import { instancesOf, notMeasuredIn, spanMetricsOf, without } from './facts.ts'
import { secondsOf } from './families.ts'
import { type Increments, incrementsOf, intervalOf } from './increments.ts'
import { type PrometheusOptions, secondsIn } from './options.ts'
import { keyOf, type Scraped, samplesOf } from './samples.ts'

type Arm = 'stable' | 'canary'
type ByArm<Value> = Readonly<Record<Arm, Value>>

/** Samples before the window tell how its series began. A sample holds for as long, so one more scrape is among them. */
const leadMs = 300_000
const dayMs = 86_400_000

/** What is asked of span metrics: a request as of spans, whose policy knows the shares of requests that are slower than some times. */
export function prometheusRequest(options: ComparisonOptions & PrometheusOptions): Promise<ComparisonBody> {
  const shares = (options.slowerThan ?? []).map((time): [string, MetricInput] => [
    slowerThan(time),
    { share: `duration>${time}` },
  ])
  return comparisonRequest(options, Object.fromEntries(shares))
}

/**
 * Judges a service by its span metrics in a Prometheus, with no store: raw samples become exact counts from scrape to scrape,
 * those become slices, and they are judged as slices of spans are.
 *
 * @throws {CommandError} where there is nothing to be judged, and why.
 */
export async function comparePrometheus(
  url: string,
  request: ComparisonBody,
  options: PrometheusOptions,
  io: Io,
): Promise<Verdict> {
  const times = new Map((options.slowerThan ?? []).map((time) => [slowerThan(time), time]))
  const asked = policyOf(request, new Set(times.keys()))
  const warned = new Set<string>()
  const prometheus = prometheusAt(url, [options.prometheusHeader ?? []].flat(), {
    stop: io.stop,
    warn(message) {
      if (!warned.has(message)) io.stderr.write(`coalmine: ${message}\n`)
      warned.add(message)
    },
  })
  const endMs = request.window?.end === undefined ? Date.now() : Date.parse(request.window?.end)
  const { sinceMs, start } = request.window ?? {}
  const askedStart = start !== undefined ? Date.parse(start) : sinceMs === undefined ? undefined : endMs - sinceMs
  const traffic = trafficOf(request)
  const cohorts = { stable: matchersOf(request.stable), canary: matchersOf(request.canary) }
  const sought = { service: request.service, ...cohorts, traffic, metric: options.metric }
  const found = await discover(prometheus, sought, askedStart ?? endMs - dayMs, endMs)
  const common = [found.service, entrySpans, ...traffic]
  const counted = found.kind === 'classic' ? `${found.family}_count` : found.family
  const anchorMs =
    askedStart ?? (await beforeCanary(prometheus, promql(counted, [...cohorts.canary, ...common]), endMs))
  const readFromMs = anchorMs - leadMs
  const scraped = {
    stable: await samplesOf(prometheus, found, [...cohorts.stable, ...common], readFromMs, endMs),
    canary: await samplesOf(prometheus, found, [...cohorts.canary, ...common], readFromMs, endMs),
  }
  const { apart, both } = withoutOverlap(scraped)
  const intervalMs = intervalOf([apart.stable, apart.canary])
  const cellMs = Math.max(tickMs, 1000 * Math.ceil(intervalMs / 1000))
  const startMs = askedStart ?? firstAfter(anchorMs, apart.canary) ?? anchorMs
  // Halfway between two of the canary's scrapes: the processes of stable, which are scraped before it or after it, are then half
  // an interval away at most. The canary's first scrape is the same at every look.
  const borderMs = 1000 * Math.floor(((firstAfter(startMs - 1, apart.canary) ?? startMs) - cellMs / 2) / 1000)
  const timing = { readFromMs, startMs, warmUpMs: asked.warmUp * 1000, intervalMs }
  const increments = { stable: incrementsOf(apart.stable, timing), canary: incrementsOf(apart.canary, timing) }
  const cells = cellsOf(
    { stable: increments.stable.increments, canary: increments.canary.increments },
    {
      cellMs,
      borderMs,
      fromCanary: askedStart === undefined,
      // What is written late by one arm must not look like requests that it lost.
      endMs: asked.split === null || request.window?.end !== undefined ? endMs : endMs - cellMs,
      unit: secondsOf(found.family),
      latency: found.kind !== 'counter',
      slowerThan: new Map([...times].map(([name, time]) => [name, secondsIn(time)])),
    },
  )
  const empty = (['stable', 'canary'] as const).filter((arm) => cells.requests[arm] === 0)
  if (empty.length > 0) throw new CommandError('no-data', noRequests(empty, found, increments, startMs, endMs))
  const from = askedStart ?? cells.startMs
  const to = cells.slices.reduce((last, { tick }) => Math.max(last, tick + tickMs), from + cellMs)
  const labels = [...apart.stable, ...apart.canary].map((one) => one.labels)
  const notMeasured = notMeasuredIn(asked, found, labels)
  const policy = { ...asked, metrics: asked.metrics.map(without(notMeasured)) }
  const instances = instancesOf(apart)
  const cohort = (arm: Arm): CohortFacts => ({
    selector: request[arm],
    requests: cells.requests[arm],
    traces: cells.requests[arm],
    instances: instances[arm],
    testRequests: 0,
    flags: [],
  })
  const lead = { readFromMs, startMs, warmUpMs: 0, intervalMs }
  return judge(cells.slices, policy, {
    service: request.service,
    window: {
      start: new Date(from).toISOString(),
      end: new Date(to).toISOString(),
      seconds: (to - from) / 1000,
      anchored: sinceMs === undefined,
    },
    stable: cohort('stable'),
    canary: cohort('canary'),
    traffic: (request.traffic ?? 'users') as Verdict['traffic'],
    audience: [],
    scope: 'requests',
    overlap: incrementsOf(both, lead).increments.reduce(
      (sum, { increase }) => increase.counts.reduce((a, b) => a + b, sum),
      0,
    ),
    mixedRequests: 0,
    lateSpans: 0,
    source: 'metrics',
    spanMetrics: spanMetricsOf(
      found,
      cells,
      cellMs,
      increments,
      notMeasured,
      await testsApart(prometheus, found, counted, from, to),
    ),
    version,
  })
}

const slowerThan = (time: string): string => `slower-than-${time}`

/** Series that both selectors choose are of neither cohort. */
function withoutOverlap({ stable, canary }: ByArm<readonly Scraped[]>): {
  readonly apart: ByArm<readonly Scraped[]>
  readonly both: readonly Scraped[]
} {
  const keys = new Set(canary.map(({ labels }) => keyOf(labels)))
  const both = stable.filter(({ labels }) => keys.has(keyOf(labels)))
  const shared = new Set(both.map(({ labels }) => keyOf(labels)))
  const apart = (series: readonly Scraped[]): Scraped[] => series.filter(({ labels }) => !shared.has(keyOf(labels)))
  return { apart: { stable: apart(stable), canary: apart(canary) }, both }
}

function firstAfter(ms: number, series: readonly Scraped[]): number | undefined {
  const times = series.flatMap((one) => one.times.find((time) => time > ms) ?? [])
  return times.length > 0 ? Math.min(...times) : undefined
}

function noRequests(
  empty: readonly Arm[],
  { family }: Found,
  increments: ByArm<Increments>,
  startMs: number,
  endMs: number,
): string {
  const window = `between ${new Date(startMs).toISOString()} and ${new Date(endMs).toISOString()}`
  const early = empty.some((arm) => increments[arm].undated + increments[arm].increments.length > 0)
  const hint = early ? ' Two scrapes are needed to tell what came between them: look again after the next.' : ''
  return `${family} counted no request of ${empty.join(' and ')} ${window}.${hint}`
}

async function testsApart(
  prometheus: Prometheus,
  { service }: Found,
  counted: string,
  fromMs: number,
  toMs: number,
): Promise<boolean> {
  const tests = promql(counted, [service, { label: 'coalmine_test', operator: '=~', value: '.+' }])
  return (await seriesOf(prometheus, [tests], fromMs, toMs)).length > 0
}
