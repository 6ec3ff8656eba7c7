import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { evaluationOf } from '../../test/log-records.ts'
import { batchOf, firstStart, ofYesterday, spanOf } from '../../test/spans.ts'
import { version1 } from '../../test/version-1.ts'
import { openEmbedded } from '../engine/embedded.ts'
import { openStore, type Store } from '../store.ts'
import { schemaVersion } from './statements.ts'

const comparison = { service: 'storefront', stable: 'service.version=1.0.0', canary: 'service.version=2.0.0' }

let directory: string

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'coalmine-schema-'))
})

afterEach(() => rm(directory, { recursive: true, force: true }))

const run = async (...statements: readonly string[]): Promise<void> => {
  const engine = await openEmbedded(directory, async (opened) => {
    for (const statement of statements) await opened.write(statement)
  })
  await engine.close()
}

const readAll = async (...statements: readonly string[]): Promise<unknown[][]> => {
  const engine = await openEmbedded(directory, async () => {})
  const rows = []
  for (const statement of statements) rows.push(await engine.read(statement))
  await engine.close()
  return rows
}

const read = async (statement: string): Promise<unknown[]> => (await readAll(statement))[0]!

const ticksOf = async (store: Store): Promise<unknown[]> => {
  const found = []
  for await (const { operation, ticks } of store.ticks.read(comparison).operations) found.push({ operation, ticks })
  return found
}

it('brings a store of the version before forward, which answers as it did', async () => {
  await run(...(await version1()))
  const open = () => openStore({ location: directory, watermarkMs: 0, now: () => firstStart })
  let store = await open()
  const errorTypes = (stable: object, canary: object) => [
    {
      operation: 'GET /cart',
      ticks: [
        {
          tick: Date.parse(ofYesterday('2026-11-20T10:00:00Z')),
          stable: { requests: 2, traces: 2, errors: 1, errorTypes: stable },
          canary: { requests: 3, traces: 3, errors: 2, errorTypes: canary },
        },
      ],
    },
  ]
  expect(await ticksOf(store)).toMatchObject(errorTypes({ Timeout: 1 }, { Timeout: 2 }))
  expect(await store.cohorts.facts(comparison)).toMatchObject({
    canary: { requests: 3, instances: ['pod-2.0.0'] },
    late: 0,
  })
  expect(await store.memory.start(comparison)).toBe(Date.parse(ofYesterday('2026-11-20T10:00:00Z')))
  expect(await store.memory.countLook(comparison, Date.parse(ofYesterday('2026-11-20T10:00:35Z')))).toBe(2)
  expect(await store.memory.failedCanaries('storefront')).toEqual(['service.version=2.0.0'])
  await store.ingest.insert(batchOf(spanOf({ atMs: -3_600_000 })))
  expect(await store.ingest.closeDue()).toBe(1)
  await store.close()
  store = await open()
  expect((await store.cohorts.facts(comparison)).stable.requests).toBe(3)
  await store.close()
  expect(await read('SELECT Version AS version, Traces AS traces FROM coalmine_schema')).toEqual([
    { version: schemaVersion, traces: 'otel_traces' },
  ])
})

it('brings forward one of before the types of errors were counted: its ticks have none', async () => {
  await run(...(await version1()), 'ALTER TABLE coalmine_ticks DROP COLUMN ErrorTypes')
  const store = await openStore({ location: directory })
  expect(await ticksOf(store)).toMatchObject([{ ticks: [{ canary: { errors: 2, errorTypes: {} } }] }])
  await store.close()
})

const viewTexts =
  "SELECT name, uuid FROM system.tables WHERE engine = 'View' AND startsWith(name, 'coalmine_') ORDER BY name"
const marks = 'SELECT DISTINCT Version AS version, Traces AS traces FROM coalmine_schema'

it('brings forward one of before client errors were told by their code: what they count stays', async () => {
  const open = () => openStore({ location: directory, watermarkMs: 0, now: () => firstStart + 3_600_000 })
  const answered = (status: string, atMs: number) =>
    spanOf({
      atMs,
      attributes: { 'http.route': '/cart', 'service.version': '1.0.0', 'http.response.status_code': status },
    })
  let store = await open()
  await store.ingest.insert(batchOf(answered('404', 0), answered('200', 0)))
  await store.ingest.closeDue()
  await store.close()
  await run(
    'ALTER TABLE coalmine_ticks DROP COLUMN ClientCodes',
    'ALTER TABLE coalmine_reduced DROP COLUMN ClientCodes',
    `INSERT INTO coalmine_schema SELECT 5, 'otel_traces', now64(3)`,
    `ALTER TABLE coalmine_schema DELETE WHERE Version > 5 SETTINGS mutations_sync = 1`,
  )
  store = await open()
  await store.ingest.insert(batchOf(answered('409', 5_000)))
  await store.ingest.closeDue()
  expect(await ticksOf(store)).toMatchObject([
    {
      ticks: [
        { stable: { traces: 2, clientErrors: 1, clientCodes: {} } },
        { stable: { traces: 1, clientErrors: 1, clientCodes: { 'HTTP 409': 1 } } },
      ],
    },
  ])
  await store.close()
})

it('makes nothing again in a store that it made', async () => {
  const opened = async (): Promise<unknown[]> => {
    await (await openStore({ location: directory })).close()
    return read(viewTexts)
  }
  const made = await opened()
  expect(made).toHaveLength(4)
  expect(await opened()).toEqual(made)
})

const losses: readonly (readonly [what: string, ...statements: string[]])[] = [
  ['views of another release', "CREATE OR REPLACE VIEW coalmine_requests AS SELECT 'of another release' AS Service"],
  [
    'views of another release that was stopped',
    "CREATE OR REPLACE VIEW coalmine_spans AS SELECT 'other' AS Service COMMENT 'ours was another'",
  ],
  ['what a crash kept from being made', 'TRUNCATE TABLE coalmine_schema', 'DROP VIEW coalmine_calls'],
  ['a mark that a crash kept from being written', 'TRUNCATE TABLE coalmine_schema'],
  ['a table', 'DROP TABLE coalmine_late'],
]

it('makes anew what was lost', async () => {
  await (await openStore({ location: directory })).close()
  for (const [n, [what, ...statements]] of losses.entries()) {
    await run(...statements)
    const store = await openStore({ location: directory, watermarkMs: 0, now: () => firstStart })
    await store.ingest.insert(batchOf(spanOf({ atMs: -3_600_000 + n * 5_000 })))
    expect(await store.ingest.closeDue(), what).toBe(1)
    expect(await store.services.known('storefront'), what).toMatchObject({
      services: ['storefront'],
      requests: [n + 1],
    })
    await store.close()
    const found = await readAll(viewTexts, marks, "SELECT 1 AS is FROM system.tables WHERE name = 'coalmine_late'")
    expect(found, what).toMatchObject([
      [{}, {}, {}, {}],
      [{ version: schemaVersion, traces: 'otel_traces' }],
      [{ is: 1 }],
    ])
  }
})

it('makes the table of log records in a store of before there was one', async () => {
  await (await openStore({ location: directory })).close()
  await run(
    'DROP TABLE otel_logs',
    'TRUNCATE TABLE coalmine_schema',
    "INSERT INTO coalmine_schema SELECT 2, 'otel_traces', now64(3)",
  )
  const store = await openStore({ location: directory })
  await store.ingest.insertLogs([evaluationOf()])
  expect((await store.services.doctor('storefront'))!.evaluations).toHaveLength(1)
  await store.close()
  expect(await read('SELECT max(Version) AS version FROM coalmine_schema')).toEqual([{ version: schemaVersion }])
})

it('leaves a store of a later version as it is', async () => {
  await (await openStore({ location: directory })).close()
  await run("INSERT INTO coalmine_schema SELECT 99, 'otel_traces', now64(3)", 'DROP VIEW coalmine_calls')
  await expect(openStore({ location: directory })).rejects.toMatchObject({
    kind: 'unavailable',
    message: `store ${directory}: its tables are of version 99, and this release knows them up to version ${schemaVersion}: use a later release of coalmine`,
  })
  expect(await read("SELECT name FROM system.tables WHERE name = 'coalmine_calls'")).toEqual([])
})
