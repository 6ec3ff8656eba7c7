import { execFile } from 'node:child_process'
import { once } from 'node:events'
import http from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { keepMarks, MarkProcessor, MarkPropagator, signMarker } from '@coalmine/marks'
import { context, propagation } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { registerInstrumentations } from '@opentelemetry/instrumentation'
import { HttpInstrumentation } from '@opentelemetry/instrumentation-http'
import { AlwaysOffSampler, AlwaysOnSampler, type Sampler, TracerProvider } from '@opentelemetry/sdk-trace'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { shop } from './app.ts'
import { type Database, openDatabase } from './database.ts'
import { createSchema } from './schema.ts'
import { trafficTransaction } from './traffic-transaction.ts'

const instrumentation = new HttpInstrumentation()
registerInstrumentations({ instrumentations: [instrumentation] })
createRequire(import.meta.url)('node:http')

const key = { id: 'k1', secret: 's'.repeat(32) }
const markers = { keys: [key] }
let database: Database
let server: http.Server
/** What became of the orders that were stored after their response. */
const outcomes: string[] = []

beforeAll(async () => {
  database = await openDatabase(process.env['DATABASE_URL'])
  await createSchema(database.pool)
  const app = shop(database.pool, markers)
  // What somebody writes who does not know of tests: the schema spelled out.
  app.post('/audit', async (_req, res) => {
    await trafficTransaction(database.pool, (client) =>
      client.query(`INSERT INTO public.orders (id, item) VALUES ('audit', 'x')`),
    )
    res.end()
  })
  // An order that is stored after its response.
  app.post('/late/:kept', (req, res) => {
    const store = async (): Promise<void> => {
      await once(res, 'close')
      await sleep(5)
      await trafficTransaction(database.pool, (client) =>
        client.query('INSERT INTO orders (id, item) VALUES ($1, $2)', [req.get('x-id'), 'late']),
      )
    }
    const stored = req.params.kept === 'kept' ? keepMarks(store) : store()
    stored.then(
      () => outcomes.push('stored'),
      (error: Error) => outcomes.push(error.message),
    )
    res.end()
  })
  server = http.createServer(app)
  await new Promise<void>((done) => void server.listen(0, '127.0.0.1', done))
})
afterAll(async () => {
  server.close().closeAllConnections()
  instrumentation.disable()
  await database.close()
})

describe.each<[string, Sampler | undefined]>([
  ['every request sampled', new AlwaysOnSampler()],
  ['no request sampled', new AlwaysOffSampler()],
  ['no SDK', undefined],
])('with %s', (name, sampler) => {
  beforeAll(() => {
    if (!sampler) return
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
    propagation.setGlobalPropagator(new MarkPropagator({ markers }))
    instrumentation.setTracerProvider(
      new TracerProvider({ sampler, spanProcessors: [new MarkProcessor({ build: {} })] }),
    )
    instrumentation.enable()
  })
  afterAll(() => {
    instrumentation.disable()
    propagation.disable()
    context.disable()
  })

  it('400 orders of users, tests and pretenders, all at once: each is in its schema, and in no other', async () => {
    const headers = {
      user: () => ({}),
      test: () => ({ 'coalmine-test': signed() }),
      claim: () => ({ baggage: 'coalmine.test=true' }),
      late: () => ({ 'coalmine-test': signed(-60_000) }),
    }
    const kinds = Object.keys(headers) as (keyof typeof headers)[]
    const orders = Array.from({ length: 400 }, (_, i) => ({ id: `${name} ${i}`, kind: kinds[i % 4]! }))
    const statuses = await Promise.all(orders.map(({ id, kind }) => order(id, headers[kind]())))
    expect(new Set(statuses)).toEqual(new Set([201]))
    const idsOf = (isTest: boolean) => orders.filter(({ kind }) => (kind === 'test') === isTest).map(({ id }) => id)
    expect(await stored('public', name)).toEqual(idsOf(false).sort())
    expect(await stored('test_orders', name)).toEqual(idsOf(true).sort())
  })

  it('a test finds its own order and no user’s, and a user no test’s', async () => {
    const test = { 'coalmine-test': signed() }
    await order(`${name} seen by users`, {})
    await order(`${name} seen by tests`, test)
    expect(await Promise.all([look(`${name} seen by users`, {}), look(`${name} seen by users`, test)])).toEqual([
      200, 404,
    ])
    expect(await Promise.all([look(`${name} seen by tests`, {}), look(`${name} seen by tests`, test)])).toEqual([
      404, 200,
    ])
  })

  it('a statement that names the users’ schema fails in test traffic, and writes nothing', async () => {
    const before = await stored('public', '')
    const answer = await fetch(url('/audit'), { method: 'POST', headers: { 'coalmine-test': signed() } })
    expect(answer.status).toBe(500)
    expect(await answer.text()).toContain('permission denied')
    expect(await stored('public', '')).toEqual(before)
  })
})

it('an order that is stored after its response is where its request is kept, and nowhere otherwise', async () => {
  const late = (kept: string, id: string, headers: Record<string, string>) =>
    fetch(url(`/late/${kept}`), { method: 'POST', headers: { ...headers, 'x-id': id } })
  await late('left', 'left by a test', { 'coalmine-test': signed() })
  await expect.poll(() => outcomes).toEqual([expect.stringContaining('of no request that is still open')])
  await late('kept', 'kept by a test', { 'coalmine-test': signed() })
  await late('kept', 'kept by a user', {})
  await expect.poll(() => outcomes.slice(1)).toEqual(['stored', 'stored'])
  expect(await stored('test_orders', 'kept')).toEqual(['kept by a test'])
  expect(await stored('public', 'kept')).toEqual(['kept by a user'])
  expect([...(await stored('public', 'left')), ...(await stored('test_orders', 'left'))]).toEqual([])
})

it('runs with one command', async () => {
  const { stdout } = await promisify(execFile)('npm', ['start', '--silent'], { cwd: new URL('..', import.meta.url) })
  expect(stdout).toBe(
    'public.orders: ordered by a user, ordered by a claim\ntest_orders.orders: ordered by run load-7\n',
  )
})

function signed(ttlMs = 60_000): string {
  return signMarker({ run: 'load-7', expiresAt: Date.now() + ttlMs }, key)
}

async function order(id: string, headers: Record<string, string>): Promise<number> {
  const answer = await fetch(url('/orders'), {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ id, item: 'bird cage' }),
  })
  await answer.text()
  return answer.status
}

async function look(id: string, headers: Record<string, string>): Promise<number> {
  const answer = await fetch(url(`/orders/${encodeURIComponent(id)}`), { headers })
  await answer.text()
  return answer.status
}

async function stored(schema: string, prefix: string): Promise<string[]> {
  const { rows } = await database.pool.query(`SELECT id FROM ${schema}.orders WHERE starts_with(id, $1)`, [prefix])
  return rows.map((row: { id: string }) => row.id).sort()
}

function url(path: string): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`
}
