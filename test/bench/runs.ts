/**
 * How long does an answer about test runs take? Over thirty days two hundred services are probed every five minutes by one run, and four
 * times a day a load test of half an hour asks five operations of twenty of them; of the last day there are the ticks of users, too. All
 * of it is made inside the engine, as closing makes it, and a server that has just started is asked. Some minutes on two cores.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { RunsAnswer, TestRunAnswer } from '@coalmine/comparator'
import { startServer } from '@coalmine/server'
import { openStore } from '@coalmine/store'
import type { BenchRow } from './marks.ts'

const days = Number(process.env['RUNS_DAYS'] ?? 30)
const services = 200
const touched = 20
const aDay = 4
const retentionDays = 40

/** Fills a store, and asks a server about the test runs in it. */
export async function run(): Promise<BenchRow[]> {
  const directory = await mkdtemp(join(tmpdir(), 'coalmine-bench-'))
  try {
    await fill(directory)
    const server = await startServer({ store: directory, port: 0, retentionDays })
    const since = new Date(Date.now() - days * 86_400_000).toISOString()
    const ask = async <Answer>(path: string): Promise<readonly [seconds: number, answer: Answer]> => {
      const started = performance.now()
      const answer = (await (await fetch(server.url + path)).json()) as Answer
      return [(performance.now() - started) / 1000, answer]
    }
    const list = (): Promise<readonly [number, RunsAnswer]> => ask<RunsAnswer>(`/api/runs?since=${since}`)
    const [first, { runs }] = await list()
    const times: number[] = []
    for (let time = 0; time < 5; time++) times.push((await list())[0])
    const loads = runs.filter(({ run }) => run.startsWith('load'))
    const [one, detail] = await ask<TestRunAnswer>(`/api/runs/${loads[0]!.run}`)
    await server.close()
    const again = times.toSorted((a, b) => a - b)[2]!
    const requests = runs.reduce((sum, each) => sum + each.requests, 0)
    return [
      {
        name: `${runs.length} test runs of ${services} services over ${days} days, the first question (${(requests / 1e6).toFixed(0)} million requests)`,
        value: `${first.toFixed(2)} s`,
        target: '< 2 s',
        ok: first < 2 && loads.length === days * aDay,
      },
      { name: 'the next ones, median of five', value: `${again.toFixed(2)} s`, target: '< 2 s', ok: again < 2 },
      {
        name: `one run, and what it did to the users of ${detail.users?.services.length ?? 0} services`,
        value: `${one.toFixed(2)} s`,
        target: '< 5 s',
        ok: one < 5 && detail.users?.services.length === touched,
      },
    ]
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

/** Lets the engine make what closing would have. */
export async function fill(directory: string): Promise<void> {
  await (await openStore({ location: directory, retentionDays })).close()
  const require = createRequire(import.meta.resolve('@coalmine/store'))
  const { createClient } = require('@clickhouse/client') as typeof import('@clickhouse/client')
  const { createChdbConnection } = require('chdb/connection') as typeof import('chdb/connection')
  type Connection = NonNullable<NonNullable<Parameters<typeof createClient>[0]>['connection']>
  const client = createClient({ connection: createChdbConnection({ path: directory }) as unknown as Connection })
  const now = Math.floor(Date.now() / 5_000) * 5
  const base = { services, touched, now, from: now - days * 86_400 }
  const query_params = { ...base, quarters: days * 96, loads: days * aDay, every: 86_400 / aDay }
  for (const query of [probes, loadTests]) await client.command({ query, query_params })
  for (const query of [users, closed]) await client.command({ query, query_params: { ...base, ticks: 17_280 } })
  await client.close()
}

const columns =
  'Service, Quarter, Test, Run, Operation, Requests, Errors, Spans, Owner, FirstStart, LastEnd, Flags, Writes'

// As merges leave them: a row for each run, service, operation and quarter of an hour.
const probes = `
  INSERT INTO coalmine_runs (${columns})
  SELECT
    concat('service-', toString(intDiv(number, {quarters:UInt32}))),
    toStartOfFifteenMinutes(fromUnixTimestamp({from:UInt32} + (number % {quarters:UInt32}) * 900)) AS Quarter,
    true, 'uptime', 'GET /health', 3, 0, 3, 'platform', Quarter, Quarter + 600, [], map()
  FROM numbers({services:UInt32} * {quarters:UInt32})`

const loadTests = `
  INSERT INTO coalmine_runs (${columns})
  SELECT
    concat('service-', toString((intDiv(number, 3) + load) % {services:UInt32})),
    toStartOfFifteenMinutes(fromUnixTimestamp({now:UInt32} - 7200 - load * {every:UInt32} + (number % 3) * 900)) AS Quarter,
    true, concat('load-', toString(load)), operation, 3000, 9, 12000, 'ana@shop.example', Quarter, Quarter + 899,
    ['new-pricing=on'], map('postgresql db-1/shop.test_orders', 900)
  FROM numbers({touched:UInt32} * 3)
  ARRAY JOIN range({loads:UInt32}) AS load
  ARRAY JOIN arrayMap(at -> concat('GET /items/', toString(at)), range(5)) AS operation`

const users = `
  INSERT INTO coalmine_ticks (Batch, Service, Tick, Operation, Build, FlagKey, FlagVariant, Test, Requests, Traces, Errors, Latency)
  SELECT
    2, concat('service-', toString(intDiv(number, {ticks:UInt32}))),
    fromUnixTimestamp({now:UInt32} - 86400 + (number % {ticks:UInt32}) * 5),
    operation, '1.0.0', '', '', false, 20, 20, intHash32(number) % 50 = 0,
    map(toInt16(-180 + intHash32(number) % 4), toUInt64(10), toInt16(-150), toUInt64(9), toInt16(-100), toUInt64(1))
  FROM numbers({services:UInt32} * {ticks:UInt32})
  ARRAY JOIN ['GET /items/0', 'GET /items/1'] AS operation`

const closed = `
  INSERT INTO coalmine_closed (Service, Tick, Batch)
  SELECT
    concat('service-', toString(intDiv(number, {ticks:UInt32}))),
    fromUnixTimestamp({now:UInt32} - 86400 + (number % {ticks:UInt32}) * 5), 2
  FROM numbers({services:UInt32} * {ticks:UInt32})`
