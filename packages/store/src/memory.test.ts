import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { newPlace, type Place } from '../test/place.ts'
import { batchOf, firstStart, spanOf } from '../test/spans.ts'
import { builds, cart } from '../test/totals.ts'
import { openStore, type Store, type StoreOptions } from './store.ts'

const testWatermarkMs = 15_000

let place: Place
let clock: number
let store: Store

const open = (options: Partial<StoreOptions> = {}): Promise<Store> =>
  openStore({ location: place.location, watermarkMs: testWatermarkMs, now: () => clock, ...options })

beforeAll(async () => {
  place = await newPlace()
})

afterAll(() => place.remove())

beforeEach(async () => {
  clock = firstStart
  store = await open()
})

afterEach(async () => {
  await store.close()
  await place.empty()
})

const canary = cart({ 'service.version': '2.0.0' })

async function closeAfter(ms: number): Promise<number> {
  clock = firstStart + ms
  return store.ingest.closeDue()
}

const closeAll = (): Promise<number> => closeAfter(3_600_000)

describe('a comparison', () => {
  it('starts with its canary, and stays there', async () => {
    expect(await store.memory.start(builds)).toBeUndefined()
    await store.ingest.insert(batchOf(spanOf(), spanOf({ atMs: 12_000, attributes: canary })))
    await closeAll()
    expect(await store.memory.start(builds)).toBe(firstStart + 10_000)
    await store.ingest.insert(batchOf(spanOf({ atMs: -50_000, attributes: canary })))
    await closeAfter(7_200_000)
    expect(await store.memory.start(builds)).toBe(firstStart + 10_000)
    await store.close()
    store = await open()
    expect(await store.memory.start(builds)).toBe(firstStart + 10_000)
    expect(await store.memory.start({ ...builds, stable: 'resource:a=b' })).toBe(firstStart - 50_000)
  })

  it('by anything starts with the first raw span that its canary has', async () => {
    await store.ingest.insert(batchOf(spanOf({ atMs: 6_000, resource: { region: 'b' } })))
    await closeAll()
    expect(await store.memory.start({ service: 'storefront', stable: 'region=a', canary: 'region=b' })).toBe(
      firstStart + 5_000,
    )
  })
})
