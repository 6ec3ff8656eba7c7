/**
 * How long does a verdict take once its slices are there? Half an hour of a service with fifty operations of very unequal traffic
 * and twenty metrics, drawn in memory and judged in a process of its own.
 */
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { promisify } from 'node:util'
import { Worker } from 'node:worker_threads'
import {
  defaultPolicy,
  type Facts,
  judge,
  type MetricInput,
  type MetricPolicy,
  metricPolicyOf,
  plainFacts,
  type Side,
  type Slice,
  tickMs,
} from '@coalmine/comparator'
import { type Histogram, histogramOf, randomOf } from '@coalmine/stats'
import { eventsOf, lognormal, sourceOf } from '../calibration/generate.ts'
import type { BenchRow } from './marks.ts'

const tickCount = 360
const operationCount = 50
const requestsPerSecond = 1_000
const canaryShare = 0.1

/** Draws the slices and judges them in a fresh process; a few seconds. */
export async function run(): Promise<BenchRow[]> {
  const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', import.meta.filename, 'judge'])
  const { slices, findings, seconds, megabytes } = JSON.parse(stdout) as Reading
  const what = `${slices} slices (${tickCount} ticks, ${operationCount} operations), ${findings} findings`
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

async function read(): Promise<Reading> {
  const policy = { ...defaultPolicy, metrics: metrics() }
  const slices = drawn(policy.metrics)
  const peak = new BigInt64Array(new SharedArrayBuffer(8))
  const watcher = new Worker(watching, { eval: true, workerData: peak })
  await once(watcher, 'online')
  globalThis.gc!()
  const before = process.memoryUsage.rss()
  Atomics.store(peak, 0, BigInt(before))
  const started = performance.now()
  const verdict = judge(slices, policy, facts())
  const seconds = (performance.now() - started) / 1000
  const highest = Number(Atomics.load(peak, 0))
  await watcher.terminate()
  return {
    slices: slices.length,
    findings: verdict.findings.length,
    seconds,
    megabytes: Math.round((highest - before) / 1e6),
  }
}

/** Judging leaves no room for a timer of its own thread. */
const watching = `
  const { workerData: peak } = require('node:worker_threads')
  setInterval(() => {
    const now = BigInt(process.memoryUsage.rss())
    if (now > Atomics.load(peak, 0)) Atomics.store(peak, 0, now)
  }, 5)`

/** What people judge of a request: how long, whether it failed, what it cost in seven ways, how many calls, what it met. */
function metrics(): MetricPolicy[] {
  const several = (count: number, of: string, entry: MetricInput): MetricPolicy[] =>
    Array.from({ length: count }, (_, at) => metricPolicyOf(`${of}${at}`, entry))
  return [
    ...['latency', 'errors', 'client-errors'].map((name) => metricPolicyOf(name, {})),
    ...several(7, 'cost', { attribute: 'app.cost' }),
    ...several(2, 'calls', { calls: 'db.system.name=postgresql' }),
    ...several(8, 'share', { share: 'app.cached=true' }),
  ]
}

function drawn(metrics: readonly MetricPolicy[]): Slice[] {
  const draw = randomOf(1)
  const weights = Array.from({ length: operationCount }, (_, at) => 1 / (at + 1))
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  const values = sourceOf(lognormal({ median: 0.05, sigma: 0.6 }))
  const calls = (n: number): Histogram => {
    const some = histogramOf(Array.from({ length: Math.round(n / 2) }, () => Math.ceil(6 * draw() ** 2)))
    return { ...some, zero: n - Math.round(n / 2) }
  }
  const side = ({ name, measure }: MetricPolicy, n: number): Side => {
    switch (measure.kind) {
      case 'errors':
        return { kind: 'rate', n, events: eventsOf(n, 0.001, draw) }
      case 'client-errors':
        return { kind: 'rate', n, events: eventsOf(n, 0.03, draw) }
      case 'share':
        return { kind: 'rate', n, events: eventsOf(n, [0.002, 0.01, 0.05, 0.3][Number(name.at(-1)) % 4]!, draw) }
      case 'calls':
        return { kind: 'distribution', n, histogram: calls(n) }
      default:
        return { kind: 'distribution', n, histogram: values(n, draw) }
    }
  }
  return Array.from({ length: tickCount }, (_, tick) =>
    weights.flatMap((weight, at): Slice[] => {
      const common = { tick: tick * tickMs, operation: `GET /${at}` }
      const all = Math.round(((5 * requestsPerSecond * weight) / total) * (0.8 + 0.4 * draw()))
      const m = eventsOf(all, canaryShare, draw)
      const n = all - m
      return [
        { ...common, metric: 'requests', stable: { kind: 'count', n }, canary: { kind: 'count', n: m } },
        ...metrics.map((metric) => ({
          ...common,
          metric: metric.name,
          stable: side(metric, n),
          canary: side(metric, m),
        })),
      ]
    }),
  ).flat()
}

function facts(): Facts {
  const arm = (build: string) => ({ selector: `service.version=${build}`, requests: 1, instances: 5 })
  return plainFacts({
    service: 'bench',
    startMs: 0,
    endMs: tickCount * tickMs,
    stable: arm('1.0.0'),
    canary: arm('2.0.0'),
    version: '0.0.0',
  })
}

if (import.meta.main) {
  if (process.argv[2] === 'judge') console.log(JSON.stringify(await read()))
  else console.table(await run())
}
