import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { type AddressInfo, createServer as createTcpServer, type Server } from 'node:net'
import { setTimeout } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type ClickHouse, startClickHouse } from '../../test/clickhouse-http.ts'
import { evaluationOf } from '../../test/log-records.ts'
import { batchOf, firstStart, spanOf } from '../../test/spans.ts'
import type { SpanBatch } from '../ingest/span-batch.ts'
import { initStore } from '../schema/init-store.ts'
import { openStore, type Store } from '../store.ts'
import { openRemote } from './remote.ts'

const hour = 3_600_000
const builds = { service: 'storefront', stable: 'service.version=1.0.0', canary: 'service.version=2.0.0' }

const oldDefaults = { output_format_json_quote_64bit_integers: 1, enable_analyzer: 0 }

let server: ClickHouse
let store: Store
let clock = firstStart
let span: SpanBatch

const open = (user?: string): Promise<Store> =>
  openStore({
    location: server.url({ ...(user && { user }), database: 'shop' }),
    watermarkMs: 0,
    now: () => clock,
  })

const rows = async (table: string): Promise<number> => {
  const [found] = await server.query<{ n: number }>(`SELECT count() AS n FROM ${table}`, 'shop')
  return found!.n
}

const asked = (statement: RegExp): number[] =>
  server.requests.filter((request) => statement.test(request.statement)).map(({ status }) => status)

beforeAll(async () => {
  server = await startClickHouse({
    databases: ['shop', 'none'],
    users: {
      app: { password: 'p@ss/word' },
      viewer: { readonly: 1 },
      old: { readonly: 1, settings: oldDefaults },
      settable: { settings: oldDefaults },
      narrow: { grants: ['SELECT ON shop.otel_traces'] },
    },
  })
  await initStore({ location: server.url({ database: 'shop' }) })
  store = await open()
})

// Ticks that one test closed are none of the next one's.
beforeEach(() => {
  clock += 2 * hour
  span = batchOf(spanOf({ atMs: clock - firstStart }))
})

afterEach(async () => {
  server.heal()
  server.reportVersion(undefined)
  server.requests.length = 0
  for (const table of ['otel_traces', 'otel_logs', 'coalmine_ticks', 'coalmine_closed', 'coalmine_late'])
    await server.query(`TRUNCATE TABLE ${table}`, 'shop')
})

afterAll(async () => {
  await store.close()
  await server.close()
})

/** Something else that listens, for as long as `use` takes. */
async function listening(other: Server, use: (port: number) => Promise<unknown>): Promise<void> {
  other.listen(0, '127.0.0.1')
  await new Promise((resolve) => other.once('listening', resolve))
  await use((other.address() as AddressInfo).port)
  other.close()
}

const refusedWith = async (location: string, message: string | RegExp): Promise<void> => {
  await expect(openStore({ location })).rejects.toMatchObject({
    kind: 'unavailable',
    message: typeof message === 'string' ? message : expect.stringMatching(message),
  })
}

describe('a server that cannot be used is named, without the password, with what to do', () => {
  const at = (user: string, database: string) => `store http://${user}@127.0.0.1:${server.port}/${database}: `

  it('where the password is wrong', () =>
    refusedWith(
      server.url({ user: 'app', password: 'secret', database: 'shop' }),
      `${at('app', 'shop')}user app is not known there, or has another password; give both as https://user:password@127.0.0.1:${server.port}/shop, with any of :/?#@ percent-encoded`,
    ))

  it('where there is no such database', () =>
    refusedWith(
      server.url({ database: 'shpo' }),
      `store http://127.0.0.1:${server.port}/shpo: there is no database shpo; make it (CREATE DATABASE shpo), or name another one after the host`,
    ))

  it('where the user lacks a right', () =>
    refusedWith(
      server.url({ user: 'narrow', database: 'shop' }),
      new RegExp(`^${at('narrow', 'shop')}user narrow lacks a privilege: GRANT \\w.* ON shop.coalmine_\\w+ TO narrow$`),
    ))

  it('where the user may only read', async () => {
    await expect(initStore({ location: server.url({ user: 'viewer', database: 'none' }) })).rejects.toMatchObject({
      kind: 'unavailable',
      message: expect.stringMatching(
        new RegExp(
          `^${at('viewer', 'none')}user viewer may only read \\(its setting readonly\\), and this would change`,
        ),
      ),
    })
  })

  it('where a user who may set nothing has settings that cannot be', () =>
    refusedWith(
      server.url({ user: 'old', database: 'shop' }),
      /user old may set nothing \(readonly = 1\), and needs ALTER USER old SETTINGS output_format_json_quote_64bit_integers = 0, allow_experimental_analyzer = 1; or readonly = 2$/,
    ))

  it('where it is too old', async () => {
    server.reportVersion('23.8.16.40')
    await refusedWith(
      server.url({ database: 'shop' }),
      `store http://127.0.0.1:${server.port}/shop: it is ClickHouse 23.8.16.40, and coalmine needs 24.3 or later: upgrade it, or name another server`,
    )
    server.reportVersion('24.3.2.23.altinitystable')
    await (await open()).close()
  })

  it('where nothing listens, or the name is unknown', async () => {
    await refusedWith(
      'http://user:secret@127.0.0.1:9/',
      'store http://user@127.0.0.1:9/: nothing listens on 127.0.0.1:9 (ECONNREFUSED); is ClickHouse running, and this its HTTP port?',
    )
    await refusedWith('http://clickhouse.invalid:8123', /the name clickhouse\.invalid:8123 is not known here \(E/)
  })

  it('where something else answers', async () => {
    const page = '<html><style>p{}</style><h1>Welcome to nginx!</h1></html>'
    await listening(
      createServer((_, response) => response.writeHead(404).end(page)),
      (port) =>
        refusedWith(
          `http://127.0.0.1:${port}`,
          /what answers there is no ClickHouse \(HTTP 404, "Welcome to nginx!"\); name its HTTP port/,
        ),
    )
    await listening(
      createServer((_, response) => response.end(page)),
      (port) =>
        refusedWith(
          `http://127.0.0.1:${port}`,
          /what answers there is no ClickHouse \(HTTP 200, "Welcome to nginx!"\)/,
        ),
    )
    await listening(
      createServer((_, response) => response.writeHead(502).end(page)),
      (port) => refusedWith(`http://127.0.0.1:${port}`, /a proxy before it has no answer from it \(HTTP 502, /),
    )
    await listening(
      createTcpServer((socket) => socket.on('error', () => {}).end('220 mail\r\n')),
      (port) => refusedWith(`http://127.0.0.1:${port}`, /what answers on \S+ does not speak HTTP \(HPE_/),
    )
  })

  it('where TLS is missing or not to be trusted', async () => {
    await refusedWith(`https://127.0.0.1:${server.port}`, /what answers on \S+ does not speak TLS/)
    const [cert, key] = await Promise.all(
      ['cert', 'key'].map((name) => readFile(new URL(`../../../../test/tls/${name}.pem`, import.meta.url))),
    )
    await listening(createTlsServer({ cert: cert!, key: key! }), (port) =>
      refusedWith(
        `https://127.0.0.1:${port}`,
        /its certificate is not trusted \(DEPTH_ZERO_SELF_SIGNED_CERT: .*NODE_EXTRA_CA_CERTS to the certificate of its authority$/,
      ),
    )
  })

  it('where no answer comes', async () => {
    server.fail({ kind: 'late', ms: 400 })
    await expect(openRemote(server.url(), { connectMs: 100 })).rejects.toMatchObject({
      message: `store http://127.0.0.1:${server.port}/: no answer in time from 127.0.0.1:${server.port}; is it reachable from here, or busy?`,
    })
    await setTimeout(400)
    server.heal()
    const engine = await openRemote(server.url(), { answerMs: 1_500 })
    server.fail({ kind: 'late', ms: 4_000 })
    await expect(engine.read('SELECT 1')).rejects.toThrow(/no answer in time/)
    expect(asked(/SELECT 1/)).toHaveLength(1)
    await engine.close()
  })

  it.each([
    ['http://user:pa#ss@host:8123/db', /^store http:\/\/user@host:8123\/db: not a URL; give https:/],
    ['tcp://host:9000/db', /^store tcp:\/\/host:9000\/db: ClickHouse is spoken to over HTTP/],
    ['http://host:8123/a/b', /expected the name of one database after the host, got \/a\/b/],
    ['http://host:8123/db?secure=true', /leave out secure, nothing follows the database/],
  ])('where its URL is none: %s', async (location, message) => {
    await expect(openStore({ location })).rejects.toMatchObject({
      kind: 'usage',
      message: expect.stringMatching(message),
    })
  })
})

// As ClickHouse words them.
it.each([
  [60, 404, 'Table shop.otel_traces does not exist. (UNKNOWN_TABLE)', 'a table is missing: Table shop.otel_traces'],
  [159, 408, 'Timeout exceeded: elapsed 120.1 s, maximum: 120. (TIMEOUT_EXCEEDED)', 'exceeded its time limit'],
  [241, 500, '(total) memory limit exceeded: would use 9 GiB. (MEMORY_LIMIT_EXCEEDED)', 'exceeded its memory limit'],
  [252, 500, 'Too many parts (300). Merges are slower than inserts. (TOO_MANY_PARTS)', 'too many parts'],
  [
    242,
    500,
    'Table is in readonly mode since table metadata was not found. (TABLE_IS_READ_ONLY)',
    'read-only at the moment',
  ],
  [243, 500, 'Cannot reserve 1.00 MiB, not enough space. (NOT_ENOUGH_SPACE)', 'its disk is full'],
  [46, 404, 'Unknown function foo. (UNKNOWN_FUNCTION)', 'it refused a statement: Unknown function foo. (code 46)'],
])('tells error %i from others', async (code, status, text, told) => {
  server.fail({ kind: 'answer', status, code, body: `Code: ${code}. DB::Exception: ${text} (version 24.8.1.1)` })
  await expect(store.services.known()).rejects.toMatchObject({
    kind: 'unavailable',
    message: expect.stringContaining(told),
  })
  expect(server.requests).toHaveLength(1)
})

it('lets a user in whose password needs encoding', async () => {
  const engine = await openRemote(server.url({ user: 'app', password: 'p@ss/word', database: 'shop' }))
  expect(await engine.read('SELECT currentDatabase() AS at')).toEqual([{ at: 'shop' }])
  await engine.close()
})

it('does not mind a profile with settings of old', async () => {
  const old = await open('settable')
  await old.ingest.insert(span)
  clock += hour
  expect(await old.ingest.closeDue()).toBe(1)
  expect((await old.cohorts.facts(builds)).stable).toMatchObject({ requests: 1, traces: 1 })
  await old.close()
})

it('sends no setting for a user who may set none', async () => {
  const engine = await openRemote(server.url({ user: 'viewer', database: 'shop' }))
  expect(await engine.read('SELECT count() AS n FROM coalmine_requests')).toEqual([{ n: 0 }])
  await engine.close()
})

it("lets a profile's tighter limits be", async () => {
  const told =
    "Code: 452. DB::Exception: Setting max_memory_usage shouldn't be greater than 1. (SETTING_CONSTRAINT_VIOLATION)"
  server.fail({ kind: 'answer', status: 500, code: 452, body: told, times: 1 })
  expect(await store.services.known()).toMatchObject({ services: [] })
  await expect(store.services.known()).resolves.toMatchObject({ services: [] })
})

it('binds every text as it is, however long', async () => {
  const engine = await openRemote(server.url({ database: 'shop' }))
  const texts = ["it's", 'a\\b', 'a\tb\r\nc\0d', '{x:String}', "',[(", 'é€😀', '--coalmine', 'x'.repeat(100_000)]
  const [row] = await engine.read('SELECT {all:Array(String)} AS all, {one:String} AS one', {
    all: texts,
    one: texts.slice(0, 3).join(),
  })
  expect(row).toEqual({ all: texts, one: texts.slice(0, 3).join() })
  await engine.close()
})

it('closes more ticks than one statement can name', async () => {
  const service = 'a service whose name is long enough for many of them to be too much'
  const many = Array.from({ length: 2_100 }, (_, tick) => spanOf({ service, atMs: clock - firstStart + tick * 5_000 }))
  await store.ingest.insert(batchOf(...many))
  clock += 4 * hour
  expect(await store.ingest.closeDue()).toBe(2_100)
  expect(asked(/INSERT INTO coalmine_ticks/)).toEqual([200, 200, 200])
})

describe('what may be repeated is, while a server restarts or a connection breaks', () => {
  it('reads, through a restart', async () => {
    await store.ingest.insert(span)
    await server.stop()
    const reading = store.services.known()
    await setTimeout(300)
    await server.start()
    expect(await reading).toMatchObject({ services: ['storefront'] })
  })

  it('reads whose answer got lost, or that a proxy had no server for', async () => {
    await store.ingest.insert(span)
    server.fail({ kind: 'drop-after', times: 1 })
    server.fail({ kind: 'answer', status: 503, body: '<h1>503 Service Unavailable</h1>', times: 1 })
    expect(await store.services.known()).toMatchObject({ services: ['storefront'] })
  })

  it('log records, which are there once', async () => {
    server.fail({ on: /INSERT INTO otel_logs/, kind: 'drop-after', times: 1 })
    await store.ingest.insertLogs([evaluationOf()])
    await store.ingest.insertLogs([evaluationOf()])
    expect(asked(/INSERT INTO otel_logs/)).toEqual([0, 200, 200])
    expect(await rows('otel_logs')).toBe(2)
  })

  it('spans, which are stored twice then and counted once', async () => {
    server.fail({ on: /INSERT INTO otel_traces/, kind: 'drop-after', times: 1 })
    await store.ingest.insert(span)
    expect(await rows('otel_traces')).toBe(2)
    clock += hour
    await store.ingest.closeDue()
    expect((await store.cohorts.facts(builds)).stable).toMatchObject({ requests: 1, traces: 1 })
  })

  it('the commit of a closing', async () => {
    server.fail({ on: /INSERT INTO coalmine_closed/, kind: 'drop-after', times: 1 })
    await store.ingest.insert(span)
    clock += hour
    expect(await store.ingest.closeDue()).toBe(1)
    expect(await rows('coalmine_closed')).toBe(2)
    expect((await store.cohorts.facts(builds)).stable).toMatchObject({ requests: 1, traces: 1 })
  })

  it('a few times: then it says so', async () => {
    const engine = await openRemote(server.url(), { repeatAfterMs: [10, 20] })
    server.fail({ kind: 'drop-before' })
    await expect(engine.read('SELECT 1')).rejects.toMatchObject({
      kind: 'unavailable',
      message: expect.stringContaining('broke before it had answered (ECONNRESET)'),
    })
    expect(asked(/SELECT 1/)).toEqual([0, 0, 0])
    await engine.close()
  })
})

describe('what adds up is not repeated where it may have been done', () => {
  it('ticks, which are closed anew under another batch, and counted once', async () => {
    server.fail({ on: /INSERT INTO coalmine_ticks/, kind: 'drop-after', times: 1 })
    await store.ingest.insert(span)
    clock += hour
    await expect(store.ingest.closeDue()).rejects.toMatchObject({ kind: 'unavailable' })
    expect(await rows('coalmine_closed')).toBe(0)
    expect(await store.ingest.closeDue()).toBe(1)
    expect(asked(/INSERT INTO coalmine_ticks/)).toEqual([0, 200])
    expect((await store.cohorts.facts(builds)).stable).toMatchObject({ requests: 1, traces: 1 })
  })

  it('late spans', async () => {
    await store.ingest.insert(span)
    clock += hour
    await store.ingest.closeDue()
    server.fail({ on: /INSERT INTO coalmine_late/, kind: 'drop-after', times: 1 })
    await expect(store.ingest.insert(span)).rejects.toMatchObject({ kind: 'unavailable' })
    expect((await store.cohorts.facts(builds)).late).toBe(1)
  })

  it('but it is while nobody listens', async () => {
    await store.ingest.insert(span)
    clock += hour
    const engine = await openRemote(server.url({ database: 'shop' }))
    await server.stop()
    // The engine has seen its connection closed.
    await setTimeout(100)
    const written = engine.writeOnce("INSERT INTO coalmine_late SELECT 'storefront', now(), 7")
    await setTimeout(300)
    await server.start()
    await written
    expect(await server.query('SELECT Spans AS spans FROM coalmine_late', 'shop')).toEqual([{ spans: 7 }])
    await engine.close()
  })
})
