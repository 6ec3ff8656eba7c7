/**
 * How long does an answer about error budgets take? A service with fifty operations and thirty days of five-second ticks, 26 million
 * rows, made inside the engine as closing makes them; a canary serves since an hour. The hours are summed up, which a server
 * does as they end, and then a server that has just started is asked. Some minutes on two cores.
 */
import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { startServer } from '@coalmine/server'
import { openStore } from '@coalmine/store'
import type { BenchRow } from './marks.ts'

const days = Number(process.env['SLO_DAYS'] ?? 30)
const operations = 50
const retentionDays = 40

/** Fills a store, sums it up, and asks a server about it in a process of its own. */
export async function run(): Promise<BenchRow[]> {
  const directory = await mkdtemp(join(tmpdir(), 'coalmine-bench-'))
  try {
    await fill(directory)
    const { stdout } = await promisify(execFile)(process.execPath, [import.meta.filename, 'read', directory], {
      maxBuffer: 1e8,
    })
    const { sumSeconds, hours, first, again, megabytes, requests } = JSON.parse(stdout) as Reading
    return [
      {
        name: `summing up ${hours} hours of ${operations} operations, once each`,
        value: `${((1000 * sumSeconds) / hours).toFixed(0)} ms an hour`,
        target: '< 500 ms an hour',
        ok: sumSeconds / hours < 0.5,
      },
      {
        name: `budgets of ${operations} operations over ${days} days, the first question (${(requests / 1e6).toFixed(0)} million requests)`,
        value: `${first.toFixed(2)} s`,
        target: '< 1 s',
        ok: first < 1 && requests > 0,
      },
      { name: 'the next ones, median of five', value: `${again.toFixed(2)} s`, target: '< 1 s', ok: again < 1 },
      { name: 'memory above the open store', value: `${megabytes} MB`, target: '< 500 MB', ok: megabytes < 500 },
    ]
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

interface Reading {
  readonly sumSeconds: number
  readonly hours: number
  readonly first: number
  readonly again: number
  readonly megabytes: number
  readonly requests: number
}

const slo = [
  { name: 'storefront', service: 'storefront', journeys: 'each', objective: '99.9%', window: '30d', latency: '300ms' },
]

async function read(directory: string): Promise<Reading> {
  const store = await openStore({ location: directory, retentionDays })
  const began = performance.now()
  const hours = await store.budgets.sumUp()
  const sumSeconds = (performance.now() - began) / 1000
  await store.close()
  const server = await startServer({ store: directory, port: 0, retentionDays })
  const before = process.memoryUsage.rss()
  let peak = before
  const sampling = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage.rss())
  }, 5)
  const ask = async (): Promise<{ seconds: number; requests: number }> => {
    const started = performance.now()
    const response = await fetch(`${server.url}/api/slo`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ slo }),
    })
    const answer = (await response.json()) as { budgets: { window: { requests: number } }[] }
    const seconds = (performance.now() - started) / 1000
    if (answer.budgets.length !== operations)
      throw new Error(`expected ${operations} budgets: ${JSON.stringify(answer)}`)
    return { seconds, requests: answer.budgets.reduce((sum, one) => sum + one.window.requests, 0) }
  }
  const { seconds: first, requests } = await ask()
  const times: number[] = []
  for (let time = 0; time < 5; time++) times.push((await ask()).seconds)
  clearInterval(sampling)
  await server.close()
  const again = times.toSorted((a, b) => a - b)[2]!
  return { sumSeconds, hours, first, again, megabytes: Math.round((peak - before) / 1e6), requests }
}

/** Lets the engine make closed ticks: each of ten to thirty requests at each operation, of which one in a thousand fails. */
export async function fill(directory: string): Promise<void> {
  await (await openStore({ location: directory, retentionDays })).close()
  const require = createRequire(import.meta.resolve('@coalmine/store'))
  const { createClient } = require('@clickhouse/client') as typeof import('@clickhouse/client')
  const { createChdbConnection } = require('chdb/connection') as typeof import('chdb/connection')
  type Connection = NonNullable<NonNullable<Parameters<typeof createClient>[0]>['connection']>
  const client = createClient({ connection: createChdbConnection({ path: directory }) as unknown as Connection })
  const until = Math.floor(Date.now() / 5_000) * 5 - 30
  for (let day = 0; day < days; day++) {
    const query_params = { from: until - (day + 1) * 86_400, day, operations, canaryFrom: until - 3_600 }
    await client.command({ query: ticksOfDay, query_params })
    await client.command({ query: closedOfDay, query_params })
  }
  await client.close()
}

const ticksOfDay = `
  INSERT INTO coalmine_ticks (Batch, Service, Tick, Operation, Build, FlagKey, FlagVariant, Test, Requests, Traces, Errors,
    ClientErrors, Latency, Instances, FirstEnd, LastEnd, ErrorTypes, ClientCodes, InnerErrors, ErrorLatency)
  SELECT
    {day:UInt32} + 1,
    'storefront',
    fromUnixTimestamp({from:UInt32} + intDiv(number, {operations:UInt32}) * 5) AS Tick,
    concat('GET /items/', toString(number % {operations:UInt32})),
    build,
    '', '', false,
    arraySum(Counts), arraySum(Counts), length(Failed), 0,
    mapFromArrays(Buckets, Counts),
    ['storefront-1'],
    Tick, Tick,
    map(), map(), 0,
    if(empty(Failed), map(), map(Failed[1], toUInt64(1)))
  FROM (
    SELECT
      number,
      build,
      arrayMap(at -> toInt16(-180 + 8 * at + intHash32(number) % 8), range(10)) AS Buckets,
      arrayMap(at -> toUInt64(1 + intHash32(number * 10 + at) % 3), range(10)) AS Counts,
      if(intHash32(number) % 50 = 0, [Buckets[1 + intHash32(number) % 10]], []) AS Failed
    FROM numbers(17280 * {operations:UInt32})
    ARRAY JOIN if({from:UInt32} + intDiv(number, {operations:UInt32}) * 5 >= {canaryFrom:UInt32},
      ['1.0.0', '2.0.0'], ['1.0.0']) AS build
  )`

const closedOfDay = `
  INSERT INTO coalmine_closed (Service, Tick, Batch)
  SELECT 'storefront', fromUnixTimestamp({from:UInt32} + number * 5), {day:UInt32} + 1 FROM numbers(17280)`

if (import.meta.main) {
  const [word, directory] = process.argv.slice(2)
  if (word === 'read') process.stdout.write(JSON.stringify(await read(directory!)))
  else console.table(await run())
}
