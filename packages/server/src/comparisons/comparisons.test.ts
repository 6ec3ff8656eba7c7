import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Verdict } from '@coalmine/comparator'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { cartRequests } from '../../test/cart-requests.ts'
import { type RunningServer, type ServerOptions, startServer } from '../server.ts'
import type { ComparisonState } from './state.ts'

let directory: string
let server: RunningServer
const warnings: string[] = []

const start = (options: Partial<ServerOptions> = {}): Promise<RunningServer> =>
  startServer({
    store: directory,
    port: 0,
    watermarkMs: 0,
    lookEveryMs: 100,
    warn: (message) => warnings.push(message),
    ...options,
  })

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'coalmine-comparisons-'))
  server = await start()
})

afterAll(async () => {
  await server.close()
  await rm(directory, { recursive: true, force: true })
  expect(warnings).toEqual([])
})

const startMs = Math.floor((Date.now() - 3_600_000) / 60_000) * 60_000
const hex = (bytes: number): string => randomBytes(bytes).toString('hex')

/** Four minutes of a service, half of it the canary's, which fails so often; gives the service's name. */
async function traffic({ failing = 0, service = `shop-${hex(4)}` } = {}): Promise<string> {
  const requests = (build: string, failing: number) =>
    cartRequests({
      marks: { 'service.name': service, 'service.version': build, 'service.instance.id': `${build}-a` },
      startMs,
      everyMs: 125,
      count: 48 * 40,
      failing,
    })
  const resourceSpans = [requests('1.0.0', 0), requests('2.0.0', failing)]
  const response = await fetch(`${server.url}/v1/traces`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ resourceSpans }),
  })
  expect(response.status).toBe(200)
  const outcome = async () => ((await (await post('/api/compare', asking(service))).json()) as Verdict).verdict
  await expect.poll(outcome).not.toBe('invalid')
  return service
}

const metrics = { latency: { margin: '50%' }, errors: { margin: '3,3pp' }, 'client-errors': false }
const asking = (service: string) => ({
  service,
  stable: 'service.version=1.0.0',
  canary: 'service.version=2.0.0',
  policy: { metrics },
})

const post = (path: string, body: unknown = {}): Promise<Response> =>
  fetch(`${server.url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })

async function started(body: unknown, status = 201): Promise<ComparisonState> {
  const response = await post('/api/comparisons', body)
  const state = (await response.json()) as ComparisonState
  expect(response.status, JSON.stringify(state)).toBe(status)
  return state
}

const get = async <T>(path: string): Promise<T> => (await fetch(`${server.url}${path}`)).json() as Promise<T>
const stateOf = (id: string) => get<ComparisonState & { verdict: Verdict | null }>(`/api/comparisons/${id}`)

interface Event {
  readonly id: number
  readonly event: string
  readonly data: Record<string, unknown>
}

/** The events of a comparison, as a browser reads them, until the stream ends or there are enough. */
async function events(id: string, { after = 0, most = Number.POSITIVE_INFINITY } = {}): Promise<Event[]> {
  const stop = new AbortController()
  const headers = after === 0 ? {} : { 'last-event-id': String(after) }
  const response = await fetch(`${server.url}/api/comparisons/${id}/events`, { headers, signal: stop.signal })
  expect(response.headers.get('content-type')).toBe('text/event-stream')
  const found: Event[] = []
  let text = ''
  for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
    text += chunk
    const parts = text.split('\n\n')
    text = parts.pop()!
    for (const part of parts) {
      const fields = Object.fromEntries(part.split('\n').map((line) => line.split(/: (.*)/s, 2)))
      if (fields['id'])
        found.push({ id: Number(fields['id']), event: fields['event'], data: JSON.parse(fields['data']) })
    }
    if (found.length >= most) {
      stop.abort()
      break
    }
  }
  return found
}

it('a comparison that is started is judged until it is settled, and says what the same look says', async () => {
  const service = await traffic({ failing: 0.5 })
  const { id } = await started({ ...asking(service), labels: { commit: 'abc' } })
  const told = await events(id)
  expect(told.map(({ event }) => event)).toEqual(['started', 'outcome', 'ended'])
  expect(told.at(-1)!.data).toMatchObject({ outcome: 'fail', why: 'settled', progress: { harmPercent: 100 } })
  const { verdict, ...state } = await stateOf(id)
  expect(state).toMatchObject({ state: 'ended', why: 'settled', outcome: 'fail', labels: { commit: 'abc' } })
  const looked = (await (await post('/api/compare', asking(service))).json()) as Verdict
  expect(verdict).toEqual(looked)
})

it('a PASS ends it where that was asked for, and else it goes on until its time is up', async () => {
  const service = await traffic()
  const early = await started({ ...asking(service), earlyPass: true })
  expect((await events(early.id)).at(-1)!.data).toMatchObject({ outcome: 'pass', why: 'settled' })
  const timed = await started({ ...asking(service), forMs: 120_000 })
  expect((await events(timed.id)).at(-1)!.data).toMatchObject({ outcome: 'pass', why: 'time' })
})

it('the same request joins the comparison that runs; another one starts another', async () => {
  const service = await traffic()
  const { id } = await started(asking(service))
  const spelled = { ...asking(service), stable: 'service.version=1%2E0.0' }
  expect((await started(spelled, 200)).id).toBe(id)
  const other = await started({ ...asking(service), forMs: 3_000_000 })
  expect(other.id).not.toBe(id)
  expect((await started({ ...asking(service), key: 'deploy-7', forMs: 4_000_000 })).id).not.toBe(id)
  await started({ ...asking(service), key: 'deploy-7' }, 200)
  const byHeader = await fetch(`${server.url}/api/comparisons`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'idempotency-key': 'deploy-7' },
    body: JSON.stringify({ ...asking(service), forMs: 5_000_000 }),
  })
  expect(byHeader.status).toBe(200)
  const { comparisons } = await get<{ comparisons: ComparisonState[] }>('/api/comparisons')
  expect(comparisons.filter((one) => one.service === service)).toHaveLength(3)
  for (const one of comparisons) await post(`/api/comparisons/${one.id}/stop`)
  expect(await stateOf(id)).toMatchObject({ state: 'ended', why: 'stopped' })
})

it('whoever waits for the verdict is told running until it is settled, and then at once', async () => {
  const service = await traffic()
  const query = `service=${service}&stable=service.version%3D1.0.0&canary=service.version%3D2.0.0`
  const none = await fetch(`${server.url}/api/verdict?${query}`)
  expect(none.status).toBe(404)
  const { id } = await started(asking(service))
  expect(await get(`/api/verdict?${query}`)).toMatchObject({ id, verdict: 'running' })
  const waiting = get(`/api/verdict?${query}&wait=60s`)
  await expect.poll(async () => (await stateOf(id)).outcome).toBe('pass')
  await post(`/api/comparisons/${id}/stop`)
  expect(await waiting).toMatchObject({ id, verdict: 'pass', state: 'ended' })
  expect(await get(`/api/verdict?${query}&wait=5 minutes`)).toMatchObject({ error: { kind: 'usage' } })
})

it('it goes on where the server is started again, and no event is told twice or lost', async () => {
  const service = await traffic()
  const { id, startedAt } = await started(asking(service))
  const before = await events(id, { most: 2 })
  expect(before.map(({ event }) => event)).toEqual(['started', 'outcome'])
  const following = events(id, { after: before.at(-1)!.id })
  await server.close()
  await following
  server = await start()
  const query = `service=${service}&stable=service.version%3D1.0.0&canary=service.version%3D2.0.0`
  // A gate that asks as soon as the server listens is told what was known before.
  expect(await get(`/api/verdict?${query}`)).toMatchObject({ id, verdict: 'running', outcome: 'pass' })
  expect(await stateOf(id)).toMatchObject({ state: 'running', startedAt, outcome: 'pass' })
  await expect.poll(async () => (await stateOf(id)).verdict?.verdict).toBe('pass')
  await post(`/api/comparisons/${id}/stop`)
  const later = await events(id, { after: before.at(-1)!.id })
  expect(later[0]!.id).toBeGreaterThan(before.at(-1)!.id)
  expect(later.filter(({ event }) => event !== 'look').map(({ event }) => event)).toEqual(['ended'])
  const kept = await events(id)
  expect(new Set(kept.map((one) => one.id)).size).toBe(kept.length)
  await server.close()
  server = await start()
  expect(await stateOf(id)).toMatchObject({ state: 'ended', why: 'stopped', verdict: { verdict: 'pass' } })
})

it('it ends where the canary serves nothing any more', async () => {
  const service = await traffic()
  const { id } = await started({ ...asking(service), idleMs: 1 })
  expect((await events(id)).at(-1)!.data).toMatchObject({ why: 'idle' })
})

it('it waits for the first spans, and ends where none come', async () => {
  const service = `shop-${hex(4)}`
  const waits = await started(asking(service))
  await expect.poll(async () => (await stateOf(waits.id)).outcome).toBe('invalid')
  await traffic({ service, failing: 0.5 })
  expect((await events(waits.id)).at(-1)!.data).toMatchObject({ outcome: 'fail', why: 'settled' })
  const never = await started({ ...asking(`shop-${hex(4)}`), waitMs: 1 })
  expect((await events(never.id)).at(-1)!.data).toMatchObject({ outcome: 'invalid', why: 'time' })
})

it.each([
  ['a window that slides', { window: { sinceMs: 60_000 } }, 'window.sinceMs slides the window'],
  ['a fixed test', { policy: { mode: 'fixed' } }, 'policy.mode: '],
  ['a time that is none', { forMs: 'long' }, 'forMs: expected milliseconds'],
  ['an unknown key', { minutes: 5 }, 'minutes: unknown key; expected service, stable'],
  ['a mistyped key', { for: 60_000 }, 'for: unknown key; did you mean forMs?'],
  ['labels that are no texts', { labels: { commit: 7 } }, 'labels.commit: expected text'],
])('refuses %s', async (_, changes, message) => {
  const response = await post('/api/comparisons', { ...asking('shop'), ...changes })
  expect(response.status).toBe(400)
  expect(await response.json()).toMatchObject({ error: { message: expect.stringContaining(message) } })
})

it('refuses more than it may run, and says what to do', async () => {
  await server.close()
  server = await start({ limits: { comparisons: 1 } })
  const service = await traffic()
  const { id } = await started(asking(service))
  const more = await post('/api/comparisons', { ...asking(service), forMs: 60_000_000 })
  expect(more.status).toBe(429)
  expect(await more.json()).toMatchObject({
    error: { message: expect.stringContaining('1 comparison is running, the most that this server allows') },
  })
  await post(`/api/comparisons/${id}/stop`)
  expect((await fetch(`${server.url}/api/comparisons/nothing`)).status).toBe(404)
})
