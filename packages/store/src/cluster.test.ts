import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type ClickHouse, startClickHouse, type User } from '../test/clickhouse-http.ts'
import { evaluationOf } from '../test/log-records.ts'
import { batchOf, firstStart, spanOf } from '../test/spans.ts'
import { version1 } from '../test/version-1.ts'
import type { Comparison } from './comparison.ts'
import { initStore } from './schema/init-store.ts'
import { rightsOf, schemaVersion } from './schema/statements.ts'
import { openStore, type Store, type StoreOptions } from './store.ts'
import { defaultTraces } from './traces.ts'

const comparison = { service: 'storefront', stable: 'service.version=1.0.0', canary: 'service.version=2.0.0' }
const watermarkMs = 15_000

// A user may do what `store init` says that it must be able to, and nothing else.
const { init, serve, read } = rightsOf({ traces: defaultTraces, retentionDays: 14 }, 'shop')
const granted = (rights: readonly string[]): User => ({
  grants: rights.map((right) => /^GRANT (.*) TO <user>$/.exec(right)![1]!),
})

let server: ClickHouse
let clock: number
let opened: Store[]

beforeAll(async () => {
  server = await startClickHouse({
    databases: ['shop', 'otel', 'old'],
    users: {
      owner: granted(init),
      server: granted(serve),
      reader: granted(read),
      guest: { grants: ['SELECT ON shop.otel_traces', 'SELECT ON otel.spans'] },
    },
  })
})

afterAll(() => server.close())

beforeEach(() => {
  clock = firstStart
  opened = []
  return async () => {
    for (const store of opened) await store.close()
  }
})

const at = (user: string, database = 'shop'): string => server.url({ user, database })

const open = async (user: string, options: Partial<StoreOptions> = {}): Promise<Store> => {
  const store = await openStore({ location: at(user), watermarkMs: watermarkMs, now: () => clock, ...options })
  opened.push(store)
  return store
}

const build = (version: string, changes: Parameters<typeof spanOf>[0] = {}) =>
  spanOf({
    attributes: { 'http.route': '/cart', 'http.request.method': 'GET', 'service.version': version },
    ...changes,
  })

const ticksOf = async (store: Store, asked: Comparison = comparison): Promise<unknown[]> => {
  const found = []
  for await (const { operation, ticks } of store.ticks.read(asked).operations) found.push({ operation, ticks })
  return found
}

const requestsIn = async (store: Store, asked: Comparison = comparison): Promise<number> => {
  const { stable, canary } = await store.cohorts.facts(asked)
  return stable.requests + canary.requests
}

describe('the tables', () => {
  it('are told before they are made, and made once', async () => {
    await expect(open('server')).rejects.toMatchObject({
      kind: 'unavailable',
      message: expect.stringContaining(
        'it has no tables of coalmine; make them with "coalmine store init --store http',
      ),
    })
    const location = at('owner')
    const told = await initStore({ location, dryRun: true })
    expect(await server.query("SELECT name FROM system.tables WHERE database = 'shop'")).toEqual([])
    const made = await initStore({ location })
    expect(made).toMatchObject({
      database: 'shop',
      from: 0,
      to: schemaVersion,
      traces: 'otel_traces',
      madeTraces: true,
    })
    expect(made.statements).toEqual(told.statements)
    await (await open('server')).ingest.insert(batchOf(build('1.0.0')))
    expect(await initStore({ location })).toMatchObject({ from: schemaVersion, to: schemaVersion, madeTraces: false })
    expect(await server.query('SELECT count() AS spans FROM shop.otel_traces')).toEqual([{ spans: 1 }])
    expect(await server.query('SELECT Version AS version FROM shop.coalmine_schema')).toEqual([
      { version: schemaVersion },
    ])
    await server.query('TRUNCATE TABLE shop.otel_traces')
  })

  it('stand beside spans of any name in any database, which stay as they are', async () => {
    await server.query('CREATE TABLE otel.spans AS shop.otel_traces')
    const ddl = "SELECT create_table_query AS text FROM system.tables WHERE database = 'otel' AND name = 'spans'"
    const before = await server.query(ddl)
    const location = server.url({ database: 'old' })
    expect(await initStore({ location, traces: 'otel.spans', retentionDays: 30 })).toMatchObject({
      traces: 'otel.spans',
      madeTraces: false,
    })
    const store = await open('default', { location, retentionDays: 60 })
    await store.ingest.insert(batchOf(build('1.0.0'), build('2.0.0')))
    clock += 60_000
    expect(await store.ingest.closeDue()).toBe(1)
    expect(await requestsIn(store)).toBe(2)
    expect((await store.sizes()).tables.map(({ table }) => table)).toContain('spans')
    expect(store.retentionDays).toBe(60)
    expect(await server.query(ddl)).toEqual(before)
    await store.ingest.insertLogs([evaluationOf()])
    expect(await server.query('SELECT count() AS n FROM old.otel_logs')).toEqual([{ n: 1 }])
    await expect(open('default', { location, traces: 'otel.other' })).rejects.toMatchObject({
      kind: 'usage',
      message: expect.stringContaining('were made for otel.spans; leave --traces out'),
    })
  })

  it("have log records in the Collector's table, where that stands beside its spans", async () => {
    await server.query('CREATE DATABASE theirs')
    await server.query('CREATE DATABASE ours')
    await server.query('CREATE TABLE theirs.otel_traces AS shop.otel_traces')
    await server.query('CREATE TABLE theirs.otel_logs AS shop.otel_logs')
    const location = server.url({ database: 'ours' })
    const { statements, rights } = await initStore({ location, traces: 'theirs.otel_traces' })
    expect(statements.filter((text) => /CREATE TABLE\D+otel_/.test(text))).toEqual([])
    expect(rights.serve).toContain('GRANT SELECT, INSERT ON theirs.otel_logs TO <user>')
    const store = await open('default', { location })
    await store.ingest.insertLogs([evaluationOf()])
    expect((await store.services.doctor('storefront'))!.evaluations).toHaveLength(1)
    expect(await server.query('SELECT count() AS n FROM theirs.otel_logs')).toEqual([{ n: 1 }])
  })

  it('are not made by whoever may not, nor of a name that is none', async () => {
    await expect(initStore({ location: at('reader') })).rejects.toMatchObject({
      kind: 'unavailable',
      message: expect.stringMatching(/user reader lacks a privilege: GRANT CREATE TABLE ON \S+ TO reader$/),
    })
    for (const wrong of [{ traces: 'a.b.c' }, { cluster: "x' y" }, { location: '.coalmine' }])
      await expect(initStore({ location: at('owner'), ...wrong })).rejects.toMatchObject({ kind: 'usage' })
  })
})

describe('on a cluster, statements that the engine can read', () => {
  it('make every table on every node, with all rows; spans by shard', async () => {
    const { statements, rights } = await initStore({
      location: at('owner', 'otel'),
      cluster: 'main',
      retentionDays: 30,
      dryRun: true,
    })
    for (const statement of statements) {
      const [{ text }] = (await server.query<{ text: string }>(
        `SELECT formatQuery($ddl$${statement}$ddl$) AS text`,
      )) as [{ text: string }]
      if (!text.startsWith('INSERT')) expect(text).toMatch(/ ON CLUSTER main\b/)
    }
    await expect(statements.filter((text) => !/VIEW|INSERT/.test(text)).join('\n\n')).toMatchFileSnapshot(
      '../test/on-cluster.golden.sql',
    )
    expect(rights.init).toContain('GRANT CLUSTER ON *.* TO <user>')
  })
})

describe('who may only read', () => {
  beforeAll(async () => {
    clock = firstStart
    opened = []
    const store = await open('server')
    const [red, blue] = ['red', 'blue'].map((name) => ({ resource: { 'service.instance.id': name } }))
    const failed = build('2.0.0', { ...blue, status: 'Error' })
    const stable = [build('1.0.0', red), build('1.0.0', { ...red, atMs: 5_000 })]
    await store.ingest.insert(batchOf(...stable, build('2.0.0', blue), failed, failed))
    await store.ingest.insertLogs([evaluationOf()])
    clock += 60_000
    expect(await store.ingest.closeDue()).toBe(2)
    await store.close()
  })

  it('closed ticks gets the same answers, and leaves nothing behind', async () => {
    clock = firstStart + 60_000
    const store = await open('reader', { readOnly: true })
    expect(store.access).toBe('read')
    expect(await ticksOf(store)).toMatchObject([
      { operation: 'GET /cart', ticks: [{ canary: { requests: 2, errors: 1 } }, { stable: { requests: 1 } }] },
    ])
    expect(await store.memory.start(comparison)).toBe(firstStart)
    await store.memory.rememberVerdict({ ...comparison, verdict: 'fail' })
    expect(await store.memory.failedCanaries('storefront')).toEqual([])
    await expect(store.memory.countLook(comparison, clock)).rejects.toMatchObject({ kind: 'usage' })
    expect(await server.query('SELECT count() AS rows FROM shop.coalmine_comparisons')).toEqual([{ rows: 0 }])
    expect((await store.services.doctor('storefront'))!.evaluations).toMatchObject([{ flag: 'new-pricing' }])
    for (const inserting of [
      () => store.ingest.insert(batchOf(build('1.0.0'))),
      () => store.ingest.insertLogs([evaluationOf()]),
    ])
      expect(inserting).toThrow('it is open only for reading')
    await expect(open('reader')).rejects.toMatchObject({
      kind: 'unavailable',
      message: expect.stringContaining('INSERT ON shop.coalmine_comparisons'),
    })
    const writer = await open('server', { readOnly: true })
    expect(writer.access).toBe('all')
    expect(await writer.memory.start(comparison)).toBe(firstStart)
    expect(await server.query('SELECT count() AS rows FROM shop.coalmine_comparisons')).toEqual([{ rows: 1 }])
  })

  it('spans gets the same answers from these', async () => {
    clock = firstStart + 60_000
    const ticks = await open('reader', { readOnly: true })
    const spans = await open('guest', { readOnly: true })
    expect(spans.access).toBe('spans')
    const window = { ...comparison, start: firstStart }
    expect(await ticksOf(spans, window)).toEqual(await ticksOf(ticks, window))
    const facts = await ticks.cohorts.facts(window)
    expect(await spans.cohorts.facts(window)).toEqual({ ...facts, source: 'spans' })
    expect(await spans.memory.start(comparison)).toBe(firstStart)
    const instances = await ticks.cohorts.instances(window, facts)
    expect(instances!.map(({ cohort }) => cohort)).toEqual(['stable', 'canary'])
    expect(await spans.cohorts.instances(window, facts)).toEqual(instances)
    expect(await spans.cohorts.builds(window, facts)).toEqual(await ticks.cohorts.builds(window, facts))
    const asked = { instances: instances!, operations: ['GET /cart'], blocks: 20, warmUpSeconds: 60 }
    const cells = await ticks.ticks.instanceCells(window, asked)
    expect(cells.map(({ traces }) => traces)).toEqual([2, 1, 1])
    expect(await spans.ticks.instanceCells(window, asked)).toEqual(cells)
    expect((await spans.services.known('storefront')).services).toEqual(['storefront'])
    expect(await spans.services.doctor('storefront')).toMatchObject({
      spans: 5,
      builds: ['1.0.0', '2.0.0'],
      evaluations: undefined,
      unread: expect.stringContaining('otel_logs'),
      late: 0,
    })
    expect(await spans.spans.sample(window, { ticksMs: [firstStart], oneIn: 1 })).toMatchObject({
      canary: { requests: 2 },
    })
    expect(await spans.spans.below(window, { ticksMs: [firstStart], oneIn: 1 })).toEqual([])
    expect((await spans.spans.suspects(window, null, 'failed')).exemplars).toBeDefined()
    expect(await spans.memory.failedCanaries('storefront')).toEqual([])
    expect(await spans.memory.flagVerdicts()).toEqual([])
    const served = async (store: Store) =>
      (await store.flags.life({ days: [7] })).builds.map(({ flag, build }) => [flag, build]).sort()
    expect(await served(ticks)).toEqual([
      ['', '1.0.0'],
      ['', '2.0.0'],
    ])
    expect(await served(spans)).toEqual(await served(ticks))
    expect(await spans.flags.minutes({ fromMs: 0, toMs: clock })).toEqual([])
    expect(await spans.flags.told(firstStart)).toEqual([])
    expect((await spans.sizes()).tables[0]).toMatchObject({ table: 'otel_traces', rows: 5 })
  })

  it('spans of another name, where they are named, and counts ticks that are old enough alone', async () => {
    clock = firstStart + 20_000 - 1
    const spans = await open('guest', { readOnly: true, location: at('guest', 'otel'), traces: 'spans' })
    expect(await requestsIn(spans, { ...comparison, start: firstStart })).toBe(0)
    clock = firstStart + 20_000
    expect(await requestsIn(spans, { ...comparison, start: firstStart })).toBe(2)
    await expect(open('guest', { readOnly: true, location: at('guest', 'otel') })).rejects.toMatchObject({
      kind: 'unavailable',
      message: expect.stringContaining('there is no table otel_traces that this user may read'),
    })
  })
})

describe('several servers', () => {
  let one: Store
  let other: Store

  beforeEach(async () => {
    await server.query('TRUNCATE TABLE shop.otel_traces')
    for (const table of ['ticks', 'closed', 'late']) await server.query(`TRUNCATE TABLE shop.coalmine_${table}`)
    one = await open('server')
    other = await open('server')
  })

  const closings = async (): Promise<number> =>
    (await server.query<{ n: number }>('SELECT count() AS n FROM shop.coalmine_closed'))[0]!.n

  it('count what the others stored, each span once', async () => {
    await one.ingest.insert(batchOf(build('1.0.0'), build('1.0.0')))
    await other.ingest.insert(batchOf(build('1.0.0'), build('2.0.0'), build('2.0.0', { atMs: 5_000 })))
    clock = firstStart + 40_000
    await one.ingest.closeDue()
    await other.ingest.closeDue()
    expect(await requestsIn(one)).toBe(5)
    expect(await ticksOf(other)).toEqual(await ticksOf(one))
    expect(await ticksOf(one)).toMatchObject([
      { ticks: [{ stable: { requests: 3 }, canary: { requests: 1 } }, { canary: { requests: 1 } }] },
    ])
  })

  it('may close a tick at the same moment', async () => {
    await one.ingest.insert(batchOf(build('1.0.0')))
    await other.ingest.insert(batchOf(build('2.0.0')))
    clock = firstStart + 40_000
    await Promise.all([one.ingest.closeDue(), other.ingest.closeDue()])
    expect(await requestsIn(one)).toBe(2)
    expect(await one.ingest.closeDue()).toBe(0)
    expect(await other.ingest.closeDue()).toBe(0)
  })

  it('count what was stored while another closed the tick, and call late what comes after it', async () => {
    await one.ingest.insert(batchOf(build('1.0.0')))
    clock = firstStart + 40_000
    expect(await one.ingest.closeDue()).toBe(1)
    // It has not heard of the closing yet, so these are not late by what it knows.
    expect(await other.ingest.insert(batchOf(build('2.0.0')))).toEqual({ late: 0 })
    expect(await other.ingest.closeDue()).toBe(1)
    expect(await requestsIn(one)).toBe(2)
    for (const store of [one, other]) {
      await store.ingest.closeDue()
      expect(await store.ingest.insert(batchOf(build('2.0.0')))).toEqual({ late: 1 })
    }
    expect(await one.ingest.closeDue()).toBe(0)
    expect(await one.cohorts.facts(comparison)).toMatchObject({ canary: { requests: 1 }, late: 2 })
  })

  it('do not close again what others closed with all that there was', async () => {
    await one.ingest.insert(batchOf(build('1.0.0')))
    await other.ingest.insert(batchOf(build('2.0.0')))
    // Longer than clocks are apart.
    await new Promise((resolve) => setTimeout(resolve, 2_100))
    clock = firstStart + 40_000
    expect(await one.ingest.closeDue()).toBe(1)
    expect(await other.ingest.closeDue()).toBe(0)
    expect(await requestsIn(other)).toBe(2)
    expect(await closings()).toBe(1)
  })

  it('close what one left half closed', async () => {
    await one.ingest.insert(batchOf(build('1.0.0'), build('2.0.0')))
    clock = firstStart + 40_000
    server.fail({ kind: 'drop-before', on: /INSERT INTO coalmine_closed/ })
    await expect(one.ingest.closeDue()).rejects.toThrow()
    server.heal()
    expect(await server.query('SELECT count() > 0 AS rows FROM shop.coalmine_ticks')).toEqual([{ rows: 1 }])
    expect(await requestsIn(other)).toBe(0)
    expect(await other.ingest.closeDue()).toBe(1)
    expect(await requestsIn(one)).toBe(2)
  })

  it('close what the Collector stored, once it is due', async () => {
    await server.query(`INSERT INTO shop.otel_traces (Timestamp, TraceId, SpanId, SpanName, SpanKind, ServiceName, SpanAttributes)
      SELECT fromUnixTimestamp64Milli(toInt64(${firstStart})), toString(number), toString(number), 'GET /cart', 'Server', 'storefront',
        map('service.version', if(number < 2, '1.0.0', '2.0.0')) FROM numbers(5)`)
    clock = firstStart + 19_000
    expect(await one.ingest.closeDue()).toBe(0)
    expect((await one.services.known('storefront')).open).toEqual({ ticks: 1, spans: 5, unattended: false })
    clock = firstStart + 130_000
    expect((await one.services.known('storefront')).open).toMatchObject({ spans: 5, unattended: true })
    expect(await one.ingest.closeDue()).toBe(1)
    expect(await other.ingest.closeDue()).toBe(0)
    expect(await requestsIn(other)).toBe(5)
    expect((await one.services.known('storefront')).open).toEqual({ ticks: 0, spans: 0, unattended: false })
  })

  it('leave to a back-fill what is older than they look back, which may be run again', async () => {
    const hoursAgo = (hours: number) => ({ atMs: -hours * 3_600_000 })
    const hold = await one.ingest.hold()
    await one.ingest.insert(
      batchOf(build('1.0.0', hoursAgo(6)), build('2.0.0', hoursAgo(5)), build('2.0.0', hoursAgo(3))),
      hold,
    )
    one.ingest.release(hold)
    await server.query('TRUNCATE TABLE shop.coalmine_closed')
    clock = firstStart + 60_000
    expect(await other.ingest.closeDue()).toBe(0)
    const fill = async (service?: string): Promise<number> => {
      let ticks = 0
      let from = firstStart - 7 * 3_600_000
      for (;;) {
        const done = await other.ingest.backFill({ startMs: from, endMs: clock, service })
        ticks += done.ticks
        from = done.untilMs
        if (done.untilMs >= done.endMs) return ticks
      }
    }
    expect(await fill('checkout')).toBe(0)
    expect(await fill()).toBe(3)
    expect(await fill()).toBe(0)
    expect(await requestsIn(one)).toBe(3)
  })

  it('close, with an import that goes on, what a crash left of it, however old', async () => {
    const hoursAgo = (hours: number) => ({ atMs: -hours * 3_600_000 })
    await one.ingest.insert(batchOf(build('2.0.0', hoursAgo(6)), build('1.0.0', hoursAgo(6))), await one.ingest.hold())
    clock = firstStart + 60_000
    expect(await other.ingest.closeDue()).toBe(0)
    const hold = await other.ingest.hold(true)
    await other.ingest.insert(batchOf(build('1.0.0', hoursAgo(5))), hold)
    expect(await other.ingest.closeDue()).toBe(0)
    other.ingest.release(hold)
    expect(await other.ingest.closeDue()).toBe(2)
    expect(await requestsIn(other)).toBe(3)
    expect((await other.ingest.hold(true)).ticks.size).toBe(0)
  })
})

describe('a store of the version before', () => {
  it('is refused until it is brought forward, and then answers as it did', async () => {
    const location = server.url({ database: 'before' })
    await server.query('CREATE DATABASE before')
    for (const statement of await version1()) await server.query(statement, 'before')
    await expect(open('default', { location })).rejects.toMatchObject({
      kind: 'unavailable',
      message: expect.stringContaining(
        `its tables are of version 1, this release needs version ${schemaVersion}; bring them forward with "coalmine store init`,
      ),
    })
    expect(await initStore({ location })).toMatchObject({ from: 1, to: schemaVersion, madeTraces: false })
    const store = await open('default', { location })
    expect(await ticksOf(store)).toMatchObject([{ ticks: [{ stable: { errors: 1 }, canary: { errors: 2 } }] }])
    await server.query(`INSERT INTO coalmine_schema SELECT ${schemaVersion + 1}, 'otel_traces', now64(3)`, 'before')
    await expect(open('default', { location })).rejects.toMatchObject({
      message: expect.stringContaining(`its tables are of version ${schemaVersion + 1}`),
    })
    await expect(initStore({ location })).rejects.toMatchObject({
      message: expect.stringContaining('use a later release of coalmine'),
    })
  })
})
