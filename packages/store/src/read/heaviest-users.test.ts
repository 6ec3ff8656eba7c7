import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { newPlace, type Place } from '../../test/place.ts'
import { batchOf, firstStart, spanOf } from '../../test/spans.ts'
import type { Span } from '../ingest/span-row.ts'
import { openStore, type Store } from '../store.ts'

let place: Place
let clock: number
let store: Store

beforeAll(async () => {
  place = await newPlace()
})

afterAll(() => place.remove())

beforeEach(async () => {
  clock = firstStart
  store = await openStore({ location: place.location, now: () => clock })
})

afterEach(async () => {
  await store.close()
  await place.empty()
})

const builds = { service: 'storefront', stable: 'service.version=1.0.0', canary: 'service.version=2.0.0' }

const request = (user: Record<string, string>, changes: Partial<Span> & { version?: string; second?: number } = {}) => {
  const { version = '2.0.0', second = 0, ...more } = changes
  return spanOf({
    atMs: second * 1000,
    ...more,
    attributes: { 'http.route': '/cart', 'http.request.method': 'GET', 'service.version': version, ...user },
  })
}

async function closed(...spans: readonly Span[]): Promise<void> {
  await store.ingest.insert(batchOf(...spans))
  clock = firstStart + 86_400_000
  await store.ingest.closeDue()
}

const failing = { operation: 'GET /cart', bad: 'failed', slowFromSeconds: 1 } as const

describe('the heaviest users', () => {
  it('are those of the canary with the most bad requests, with what they did tick by tick', async () => {
    const error = { status: 'Error' } as const
    await closed(
      request({ 'user.id': 'a' }, error),
      request({ 'user.id': 'a' }, { ...error, second: 5 }),
      request({ 'user.id': 'a' }, { second: 5 }),
      request({ 'session.id': 'b', 'client.address': 'x' }, error),
      request({ 'session.id': 'b', 'client.address': 'y' }),
      request({ 'client.address': 'z' }),
      request({}),
      request({ 'user.id': 'c' }, { ...error, version: '1.0.0' }),
    )
    const latency = { scale: 5, zero: 0, indices: [-181], counts: [1] }
    const tick = { tick: firstStart, operation: 'GET /cart', traces: 1, errors: 1, clientErrors: 0, latency }
    const slow = { ...failing, operation: null, bad: 'slow', slowFromSeconds: 0.01 } as const
    const elsewhere = { ...failing, operation: 'GET /nowhere' }
    const [found, slowest, nobody] = await store.spans.heaviestUsers(builds, [failing, slow, elsewhere], 2)
    expect(found).toMatchObject({ requests: 7, named: 6, users: 3 })
    expect(found!.heaviest).toMatchObject([
      {
        requests: 3,
        bad: 2,
        ticks: [tick, { ...tick, tick: firstStart + 5000, traces: 2, latency: { ...latency, counts: [2] } }],
      },
      { requests: 2, bad: 1, ticks: [{ ...tick, traces: 2, latency: { ...latency, counts: [2] } }] },
    ])
    expect(slowest!.heaviest.map(({ bad }) => bad)).toEqual([3, 2])
    expect(nobody).toBeNull()
  })

  it('are named by the resource too, as that of an app on a phone is', async () => {
    await closed(request({}, { resource: { 'user.id': 'a' }, status: 'Error' }))
    expect(await store.spans.heaviestUsers(builds, [failing], 2)).toMatchObject([{ named: 1, heaviest: [{ bad: 1 }] }])
  })

  it('are null where no request names one', async () => {
    await closed(request({}, { status: 'Error' }))
    expect(await store.spans.heaviestUsers(builds, [failing], 2)).toEqual([null])
  })
})
