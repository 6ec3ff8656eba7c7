/**
 * How long does a verdict take once its slices are there? Half an hour of a service with fifty operations of very unequal traffic
 * and twenty metrics, drawn in memory and judged in a process of its own.
 */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { defaultPolicy, type Facts, judge, type MetricPolicy, type Slice, tickMs } from '@coalmine/comparator'
import { eventsOf, lognormal, random, sourceOf } from '../calibration/generate.ts'
import type { BenchRow } from './marks.ts'

const TICKS = 360
const OPERATIONS = 50
const REQUESTS_PER_SECOND = 1_000
const CANARY_SHARE = 0.1

/** Draws the slices and judges them in a fresh process; a few seconds. */
export async function run(): Promise<BenchRow[]> {
  const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', import.meta.filename, 'judge'])
  const { slices, findings, seconds, megabytes } = JSON.parse(stdout) as Reading
  const what = `${slices} slices (${TICKS} ticks, ${OPERATIONS} operations), ${findings} findings`
  return [
    { name: `a verdict from ${what}`, value: `${seconds.toFixed(2)} s`, target: '< 1 s', ok: seconds < 1 },
    { name: 'memory above the slices', value: `${megabytes} MB`, target: '< 300 MB', ok: megabytes < 300 },
  ]
}

interface Reading {
  readonly slices: number
  readonly findings: number
  readonly seconds: number
  readonly megabytes: number
}

function read(): Reading {
  const slices = drawn()
  const policy = { ...defaultPolicy, metrics: metrics() }
  globalThis.gc!()
  const before = process.memoryUsage().rss
  const started = performance.now()
  const verdict = judge(slices, policy, facts())
  const seconds = (performance.now() - started) / 1000
  // The highest that the process ever needed, which drawing the slices is a part of.
  const peak = process.resourceUsage().maxRSS * 1024
  return {
    slices: slices.length,
    findings: verdict.findings.length,
    seconds,
    megabytes: Math.max(0, Math.round((peak - before) / 1e6)),
  }
}

function metrics(): MetricPolicy[] {
  const [latency, errors, clientErrors] = defaultPolicy.metrics
  return Array.from({ length: 20 }, (_, at) =>
    at < 8
      ? { ...latency!, name: `latency${at}` }
      : at < 14
        ? { ...errors!, name: `e${at}` }
        : { ...clientErrors!, name: `c${at}` },
  )
}

function drawn(): Slice[] {
  const draw = random(1)
  const weights = Array.from({ length: OPERATIONS }, (_, at) => 1 / (at + 1))
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  const operations = weights.map((weight, at) => ({
    name: `GET /${at}`,
    requests: (5 * REQUESTS_PER_SECOND * weight) / total,
    latency: sourceOf(lognormal({ median: 0.01 * (1 + (at % 7)), sigma: 0.6 })),
  }))
  const slices: Slice[] = []
  for (let tick = 0; tick < TICKS; tick += 1) {
    for (const { name, requests, latency } of operations) {
      const all = Math.round(requests * (0.8 + 0.4 * draw()))
      const m = eventsOf(all, CANARY_SHARE, draw)
      const n = all - m
      const common = { tick: tick * tickMs, operation: name }
      const rate = (p: number, of: number) => ({ kind: 'rate' as const, n: of, events: eventsOf(of, p, draw) })
      const values = (of: number) => ({ kind: 'distribution' as const, n: of, histogram: latency(of, draw) })
      slices.push(
        { ...common, metric: 'requests', stable: { kind: 'count', n }, canary: { kind: 'count', n: m } },
        { ...common, metric: 'errors', stable: rate(0.001, n), canary: rate(0.001, m) },
        { ...common, metric: '4xx', stable: rate(0.03, n), canary: rate(0.03, m) },
        { ...common, metric: 'latency', stable: values(n), canary: values(m) },
      )
    }
  }
  return slices
}

function facts(): Facts {
  const arm = (build: string) => ({
    selector: `service.version=${build}`,
    requests: 1,
    traces: 1,
    instances: 5,
    testRequests: 0,
    flags: [],
  })
  return {
    service: 'bench',
    window: {
      start: new Date(0).toISOString(),
      end: new Date(TICKS * tickMs).toISOString(),
      seconds: (TICKS * tickMs) / 1000,
      anchored: true,
    },
    stable: arm('1.0.0'),
    canary: arm('2.0.0'),
    traffic: 'users',
    audience: [],
    overlap: 0,
    mixedRequests: 0,
    lateSpans: 0,
    source: 'ticks',
    version: '0.0.0',
  }
}

if (import.meta.main) {
  if (process.argv[2] === 'judge') console.log(JSON.stringify(read()))
  else console.table(await run())
}
