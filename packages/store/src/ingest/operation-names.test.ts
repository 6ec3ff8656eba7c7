import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { batchOf, firstStart, spanOf } from '../../test/spans.ts'
import { openStore, type Store } from '../store.ts'

let directory: string
let store: Store
let clock: number
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'coalmine-names-'))
  clock = firstStart + 3_600_000
  store = await openStore({ location: directory, watermarkMs: 0, now: () => clock })
})
afterEach(async () => {
  await store.close()
  await rm(directory, { recursive: true })
})

const hour = 3_600_000
const service = 'storefront'

/** Requests of a service, each of a trace of its own, and their ticks closed. */
async function ask(atMs: number, names: readonly string[], times = 1): Promise<void> {
  const spans = names.flatMap((name) =>
    Array.from({ length: times }, () =>
      spanOf({
        atMs,
        name,
        attributes: {},
        traceId: randomBytes(16).toString('hex'),
        spanId: randomBytes(8).toString('hex'),
      }),
    ),
  )
  await store.ingest.insert(batchOf(...spans))
  clock = Math.max(clock, firstStart + atMs + hour)
  await store.ingest.closeDue()
}

const operations = async (): Promise<Map<string, number>> => {
  const facts = await store.services.doctor(service)
  return new Map(facts!.operations.map(({ operation, requests }) => [operation, requests]))
}

const paths = (count: number, kind: string): string[] =>
  Array.from({ length: count }, (_, n) => `GET /${kind}/${n}.php`)

it('what is asked for has a name, whatever came before it', async () => {
  await ask(0, paths(600, 'wp-admin'))
  await ask(hour, ['GET /cart', 'GET /checkout'], 20)
  const found = await operations()
  expect([found.get('GET /cart'), found.get('GET /checkout')]).toEqual([20, 20])
  expect(found.get('(other)')).toBe(100)
  const { names } = (await store.services.doctor(service))!
  expect([names.all, names.kinds[0]]).toEqual([502, { kind: 'GET /wp-admin', names: 500, requests: 500 }])
})

it('names that come up once take none from those that are asked for more', async () => {
  const routes = Array.from({ length: 500 }, (_, n) => `GET /route-${n}`)
  await ask(0, routes, 3)
  await ask(10_000, [...paths(600, 'scan'), ...routes.slice(0, 3)])
  const found = await operations()
  expect(found.get('GET /route-0')).toBe(4)
  expect(found.get('(other)')).toBe(600)
  // A rare one becomes known as it goes on.
  await ask(20_000, ['GET /rare'], 3)
  expect((await operations()).has('GET /rare')).toBe(false)
  await ask(30_000, ['GET /rare'], 3)
  await ask(40_000, ['GET /rare'], 4)
  expect((await operations()).get('GET /rare')).toBeGreaterThanOrEqual(4)
}, 90_000)

it('names that nobody asks for any more make room after a day', async () => {
  await ask(
    0,
    Array.from({ length: 500 }, (_, n) => `GET /old-${n}`),
    4,
  )
  await ask(26 * hour, ['GET /new'])
  expect((await operations()).get('GET /new')).toBe(1)
})

it('paths whose parts are ids are one operation', async () => {
  await ask(0, [
    'GET /users/17/orders/4711',
    'GET /users/18/orders/1/2/3',
    'GET /users/9b2f1c34-1111-4222-8333-0123456789ab?page=2',
    'GET /o/0123456789abcdef01234567',
    'GET /v2/01ARZ3NDEKTSV4RRFFQ69G5FAV/x',
    'charge card 17',
  ])
  expect([...(await operations()).keys()].sort()).toEqual([
    'GET /o/{id}',
    'GET /users/{id}',
    'GET /users/{id}/orders/{id}',
    'GET /users/{id}/orders/{id}/{id}/{id}',
    'GET /v2/{id}/x',
    'charge card 17',
  ])
})

it('a flag without a key counts no request twice', async () => {
  const spans = ['coalmine.flag.', 'coalmine.flag.new'].map((key, n) =>
    spanOf({ traceId: `${n}`.repeat(32), spanId: `${n}`.repeat(16), attributes: { [key]: 'on' } }),
  )
  const odd = spanOf({ traceId: '7'.repeat(32), spanId: '7'.repeat(16), attributes: { 'coalmine.flag.a': 'x\x01\0' } })
  await store.ingest.insert(batchOf(...spans, odd))
  await store.ingest.closeDue()
  expect([...(await operations()).values()]).toEqual([3])
})

it('a name is known in the hours in which it was asked for, however many days close at once', async () => {
  const spans = [0, 72].flatMap((hours) => [
    spanOf({ atMs: hours * hour, name: hours === 0 ? 'GET /old' : 'GET /new', attributes: {} }),
    spanOf({ atMs: hours * hour + 5_000, name: 'GET /cart', attributes: {} }),
  ])
  await store.ingest.insert(batchOf(...spans))
  clock = firstStart + 74 * hour
  await store.ingest.closeDue()
  const { names } = (await store.services.doctor(service))!
  expect([names.all, names.kinds.map(({ kind }) => kind).sort()]).toEqual([2, ['GET /cart', 'GET /new']])
})

it('a store that is opened again counts the names that it knows', async () => {
  await ask(0, ['GET /cart'], 5)
  await store.close()
  store = await openStore({ location: directory, watermarkMs: 0, now: () => clock })
  await ask(20 * hour, ['GET /cart'], 7)
  const { names } = (await store.services.doctor(service))!
  expect(names.kinds).toEqual([{ kind: 'GET /cart', names: 1, requests: 12 }])
})
