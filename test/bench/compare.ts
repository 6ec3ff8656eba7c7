/**
 * How long does a verdict on five million stored spans take? Half an hour of one service: two
 * builds, five flags, twenty instances, fifty operations, some test traffic; made inside the engine, closed by the store,
 * and asked for in a process of its own, which tells how much memory that took above a server that only has the store open.
 */
import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { PolicyInput, Verdict } from '@coalmine/comparator'
import { startServer } from '@coalmine/server'
import { openStore } from '@coalmine/store'
import type { BenchRow } from './marks.ts'

export const spanCount = 5_000_000
const windowSeconds = 1_800
/** When the first span starts. */
export const firstStart = new Date(Math.floor(Date.now() / 3_600_000 - 2) * 3_600_000)
  .toISOString()
  .slice(0, 19)
  .replace('T', ' ')

/** Makes the spans, reads them in a fresh process and gives the rows of the table; about two minutes on two cores. */
export async function run(): Promise<BenchRow[]> {
  const directory = await mkdtemp(join(tmpdir(), 'coalmine-bench-'))
  try {
    const closingSeconds = await fill(directory)
    const build = await readApart(directory, 'service.version=1.0.0', 'service.version=2.0.0')
    const raw = await readApart(directory, 'resource:service.version=1.0.0', 'resource:service.version=2.0.0')
    return [
      {
        name: `closing ${spanCount} spans`,
        value: `${Math.round(spanCount / closingSeconds)} spans/s`,
        target: '>= 100000 spans/s',
        ok: spanCount / closingSeconds >= 100_000,
      },
      {
        name: `comparing builds over ${spanCount} spans, request to verdict`,
        value: `${build.seconds.toFixed(2)} s (${build.verdict})`,
        target: '< 3 s',
        ok: build.seconds < 3 && build.requests > spanCount * 0.9,
      },
      {
        name: 'memory above the open store',
        value: `${build.megabytes} MB`,
        target: '< 500 MB',
        ok: build.megabytes < 500,
      },
      {
        name: 'the same from raw spans, by an attribute that ticks do not know',
        value: `${raw.seconds.toFixed(2)} s, ${raw.megabytes} MB, ${raw.requests === build.requests ? 'same counts' : 'OTHER COUNTS'}`,
        target: '< 1000 MB, same counts',
        ok: raw.megabytes < 1_000 && raw.requests === build.requests,
      },
      {
        name: 'that looked at again',
        value: `${raw.again.toFixed(2)} s`,
        target: '< 3 s',
        ok: raw.again < 3,
      },
    ]
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

/** Seconds of the first request to a server that has just started, and of the same one to a server that runs. */
export interface Reading {
  seconds: number
  again: number
  megabytes: number
  requests: number
  verdict: string
}

/** Stores the spans that a statement makes, over half an hour, and gives the seconds it took to close their ticks. */
export async function fill(
  directory: string,
  statement: string = generated,
  spans: number = spanCount,
): Promise<number> {
  await (await openStore({ location: directory })).close()
  await generate(directory, statement, spans)
  const store = await openStore({ location: directory, watermarkMs: 0 })
  const started = performance.now()
  await store.ingest.closeDue()
  const seconds = (performance.now() - started) / 1000
  await store.close()
  return seconds
}

/** Lets the engine make spans. */
export async function generate(directory: string, statement: string, spans: number): Promise<void> {
  const require = createRequire(import.meta.resolve('@coalmine/store'))
  const { createClient } = require('@clickhouse/client') as typeof import('@clickhouse/client')
  const { createChdbConnection } = require('chdb/connection') as typeof import('chdb/connection')
  type Connection = NonNullable<NonNullable<Parameters<typeof createClient>[0]>['connection']>
  const client = createClient({ connection: createChdbConnection({ path: directory }) as unknown as Connection })
  await client.command({
    query: statement,
    query_params: { spans, start: firstStart, step: (windowSeconds * 1e9) / spans },
  })
  await client.close()
}

const generated = `
  INSERT INTO otel_traces (
    Timestamp, TraceId, SpanId, SpanName, SpanKind, ServiceName, ResourceAttributes, SpanAttributes, Duration, StatusCode
  )
  SELECT
    addNanoseconds(toDateTime64({start:String}, 9, 'UTC'), number * {step:UInt64}),
    lower(hex(MD5(toString(number)))),
    lower(hex(sipHash64(number))),
    'GET',
    'Server',
    'storefront',
    map('service.version', Version, 'service.instance.id', concat('storefront-', toString(number % 20)),
      'telemetry.sdk.name', 'opentelemetry', 'telemetry.sdk.language', 'nodejs'),
    map('http.request.method', 'GET', 'http.route', concat('/items/', toString(sipHash64(number) % 50)),
      'http.response.status_code', if(number % 200 = 0, '500', '200'), 'url.scheme', 'https',
      'url.path', concat('/items/', toString(number)), 'server.address', 'shop.example', 'server.port', '443',
      'service.version', Version, 'coalmine.test', if(number % 50 = 0, 'true', ''),
      'coalmine.flag.new-pricing', if(number % 3 = 0, 'on', 'off'), 'coalmine.flag.dark-mode', if(number % 7 = 0, 'on', 'off'),
      'coalmine.flag.fast-search', 'on', 'coalmine.flag.free-shipping', 'off', 'coalmine.flag.layout-2026', 'b'),
    toUInt64(2e7 * exp(sqrt(-2 * log((sipHash64(number, 1) % 1000003 + 1) / 1000004)) * cos(number) * 0.5)),
    if(number % 300 = 0, 'Error', 'Unset')
  FROM (SELECT number, if(intDiv(number, 20) % 2 = 0, '1.0.0', '2.0.0') AS Version FROM numbers({spans:UInt64}))`

/** A comparison in a process of its own. */
export async function readApart(
  directory: string,
  stable: string,
  canary: string,
  metrics: PolicyInput['metrics'] = {},
): Promise<Reading> {
  const { stdout } = await promisify(execFile)(process.execPath, [
    import.meta.filename,
    'read',
    directory,
    stable,
    canary,
    JSON.stringify(metrics),
  ])
  return JSON.parse(stdout) as Reading
}

async function read(directory: string, stable: string, canary: string, metrics: unknown): Promise<Reading> {
  const server = await startServer({ store: directory, port: 0 })
  const before = process.memoryUsage.rss()
  let peak = before
  const sampling = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage.rss())
  }, 5)
  const ask = async (): Promise<{ seconds: number } & Pick<Verdict, 'verdict' | 'cohorts'>> => {
    const started = performance.now()
    const response = await fetch(`${server.url}/api/compare`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ service: 'storefront', stable, canary, policy: { metrics } }),
    })
    const { verdict, cohorts } = (await response.json()) as Verdict
    return { seconds: (performance.now() - started) / 1000, verdict, cohorts }
  }
  const { seconds, verdict, cohorts } = await ask()
  // Of one verdict: what several in a row leave is collected when the runtime sees fit.
  clearInterval(sampling)
  const again = (await ask()).seconds
  await server.close()
  return {
    seconds,
    again,
    megabytes: Math.round((peak - before) / 1e6),
    requests: cohorts.stable.requests + cohorts.canary.requests,
    verdict,
  }
}

if (import.meta.main) {
  const [command, directory = '', stable = '', canary = '', metrics = '{}'] = process.argv.slice(2)
  if (command === 'read') console.log(JSON.stringify(await read(directory, stable, canary, JSON.parse(metrics))))
  else console.table(await run())
}
