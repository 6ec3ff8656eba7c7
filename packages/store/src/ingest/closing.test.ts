import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { newPlace, type Place } from '../../test/place.ts'
import { batchOf, firstStart, spanOf } from '../../test/spans.ts'
import { builds, cart, totalsOf } from '../../test/totals.ts'
import { openStore, type Store, type StoreOptions } from '../store.ts'

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

const totals = (comparison?: Parameters<Store['ticks']['read']>[0]) => totalsOf(store, comparison)

describe('closing', () => {
  it('counts a batch that was sent twice once', async () => {
    const batch = batchOf(spanOf(), spanOf(), spanOf({ attributes: canary }))
    await store.ingest.insert(batch)
    await store.ingest.insert(batch)
    await closeAll()
    expect(await totals()).toEqual({ 'GET /cart': [2, 2, 0, 0, 1, 1, 0, 0] })
  })

  it('counts once each what comes in several groups at once, also of spans that fill them', async () => {
    // So that one group goes in while another is brought.
    const filler = 'x'.repeat(20_000)
    const batches = Array.from({ length: 24 }, (_, at) =>
      batchOf(
        ...Array.from({ length: 50 }, (_, n) =>
          spanOf({ atMs: n, attributes: cart({ 'service.version': at % 2 ? '2.0.0' : '1.0.0', filler }) }),
        ),
      ),
    )
    await Promise.all(batches.map((batch) => store.ingest.insert(batch)))
    await Promise.all(batches.slice(0, 12).map((batch) => store.ingest.insert(batch)))
    await closeAll()
    expect(await totals()).toEqual({ 'GET /cart': [600, 600, 0, 0, 600, 600, 0, 0] })
    expect((await store.sizes()).tables.find(({ table }) => table === 'otel_traces')!.rows).toBe(1_800)
  })

  it('counts what came within the last second of a tick', async () => {
    await store.ingest.insert(batchOf(spanOf({ atMs: 4_979, resource: { region: 'a' } })))
    await closeAll()
    expect(await totals()).toEqual({ 'GET /cart': [1, 1, 0, 0, 0, 0, 0, 0] })
    const raw = { service: 'storefront', stable: 'region=a', canary: 'region=b', end: firstStart + 5_000 }
    expect(await totals(raw)).toEqual({ 'GET /cart': [1, 1, 0, 0, 0, 0, 0, 0] })
  })

  it('counts a request in the tick in which it ended, however long it hung', async () => {
    const hung = { durationNs: 600_000_000_000n, resource: { region: 'a' } }
    await store.ingest.insert(batchOf(spanOf(hung), spanOf({ ...hung, durationNs: 3_600_000_000_000n })))
    await closeAll()
    const ended = (second: number) => ({ start: firstStart + second * 1000, end: firstStart + (second + 5) * 1000 })
    for (const by of [builds, { service: 'storefront', stable: 'region=a', canary: 'region=b' }]) {
      expect(await totals({ ...by, ...ended(600) })).toEqual({ 'GET /cart': [1, 1, 0, 0, 0, 0, 0, 0] })
      // After a quarter of an hour nobody waits any more.
      expect(await totals({ ...by, ...ended(900) })).toEqual({ 'GET /cart': [1, 1, 0, 0, 0, 0, 0, 0] })
      expect(await totals(by)).toEqual({ 'GET /cart': [2, 2, 0, 0, 0, 0, 0, 0] })
    }
  })

  it('closes anew, with what an import brings, what began long before the tick', async () => {
    await store.ingest.insert(batchOf(spanOf({ durationNs: 600_000_000_000n })))
    await closeAll()
    const hold = await store.ingest.hold()
    await store.ingest.insert(batchOf(spanOf({ atMs: 601_000 })), hold)
    store.ingest.release(hold)
    await closeAll()
    expect(await totals()).toEqual({ 'GET /cart': [2, 2, 0, 0, 0, 0, 0, 0] })
  })

  it('waits for a service whose spans came late, so that a client that exports once a minute is late once', async () => {
    const late: number[] = []
    // Stable exports every five seconds, the canary once a minute.
    for (let second = 5; second <= 120; second += 5) {
      clock = firstStart + second * 1000
      await store.ingest.insert(batchOf(spanOf({ atMs: (second - 5) * 1000 })))
      if (second % 60 === 0) {
        const minute = Array.from({ length: 12 }, (_, n) =>
          spanOf({ atMs: (second - 60 + n * 5) * 1000, attributes: canary }),
        )
        late.push((await store.ingest.insert(batchOf(...minute))).late)
      }
      await store.ingest.closeDue()
    }
    expect(late).toEqual([8, 0])
    await closeAll()
    const lateTicks = await store.ticks.late(builds)
    expect(lateTicks).toHaveLength(8)
    expect(lateTicks[0]).toEqual({
      tick: firstStart,
      stable: { traces: 1, late: 0, errors: 0 },
      canary: { traces: 1, late: 1, errors: 0 },
    })
    expect(await totals()).toEqual({ 'GET /cart': [24, 24, 0, 0, 16, 16, 0, 0] })
  })

  it('closes a tick a watermark after its end, and once', async () => {
    await store.ingest.insert(batchOf(spanOf()))
    expect(await closeAfter(5_000 + testWatermarkMs - 1)).toBe(0)
    expect(await closeAfter(5_000 + testWatermarkMs)).toBe(1)
    expect(await closeAll()).toBe(0)
  })

  it('keeps a tick open for a watermark after its first span came, however old the tick', async () => {
    clock = firstStart + 600_000
    await store.ingest.insert(batchOf(spanOf()))
    expect(await closeAfter(600_000 + testWatermarkMs - 1)).toBe(0)
    expect(await closeAfter(600_000 + testWatermarkMs)).toBe(1)
  })

  it('stores late spans, counts them, and leaves the closed tick as it was', async () => {
    await store.ingest.insert(batchOf(spanOf()))
    await closeAll()
    expect(
      await store.ingest.insert(batchOf(spanOf({ atMs: 1 }), spanOf({ atMs: 2 }), spanOf({ atMs: 5_000 }))),
    ).toEqual({
      late: 2,
    })
    await closeAfter(7_200_000)
    expect(await totals()).toEqual({ 'GET /cart': [2, 2, 0, 0, 0, 0, 0, 0] })
    expect((await store.cohorts.facts(builds)).late).toBe(2)
  })

  it('finds what it had not closed when it is opened again', async () => {
    await store.ingest.insert(batchOf(spanOf(), spanOf({ atMs: 7_000 })))
    await closeAfter(5_000 + testWatermarkMs)
    await store.close()
    store = await open()
    expect(await closeAfter(5_000 + testWatermarkMs + 1)).toBe(0)
    expect(await closeAll()).toBe(1)
    expect(await totals()).toEqual({ 'GET /cart': [2, 2, 0, 0, 0, 0, 0, 0] })
  })

  it('remembers what it had closed when it is opened again', async () => {
    await store.ingest.insert(batchOf(spanOf()))
    await closeAll()
    await store.close()
    store = await open()
    expect(await store.ingest.insert(batchOf(spanOf()))).toEqual({ late: 1 })
    expect(await totals()).toEqual({ 'GET /cart': [1, 1, 0, 0, 0, 0, 0, 0] })
  })

  it('holds the ticks of an import open until it ends, then closes them at once', async () => {
    const hold = await store.ingest.hold()
    await store.ingest.insert(batchOf(spanOf()), hold)
    expect(await closeAll()).toBe(0)
    await store.ingest.insert(batchOf(spanOf()), hold)
    store.ingest.release(hold)
    expect(await store.ingest.closeDue()).toBe(1)
    expect(await totals()).toEqual({ 'GET /cart': [2, 2, 0, 0, 0, 0, 0, 0] })
  })

  it('closes a tick anew when an import brings more of it, and counts every span once', async () => {
    const again = spanOf({ traceId: 'aa'.repeat(16), spanId: 'aa'.repeat(8) })
    await store.ingest.insert(batchOf(again))
    await closeAll()
    const hold = await store.ingest.hold()
    expect(await store.ingest.insert(batchOf(again, spanOf({ atMs: 1 })), hold)).toEqual({ late: 0 })
    store.ingest.release(hold)
    expect(await store.ingest.closeDue()).toBe(1)
    await store.close()
    store = await open()
    expect(await closeAll()).toBe(0)
    expect((await store.cohorts.facts(builds)).stable.requests).toBe(2)
  })

  it('has closed what is due when a call returns, though another call was closing', async () => {
    const first = await store.ingest.hold()
    await store.ingest.insert(batchOf(spanOf()), first)
    store.ingest.release(first)
    const closing = store.ingest.closeDue()
    const second = await store.ingest.hold()
    await store.ingest.insert(batchOf(spanOf({ atMs: 5_000 })), second)
    store.ingest.release(second)
    const [one, two] = await Promise.all([closing, store.ingest.closeDue()])
    expect(one + two).toBe(2)
    expect(await totals()).toEqual({ 'GET /cart': [2, 2, 0, 0, 0, 0, 0, 0] })
  })

  it('waits for live spans in a tick that an import filled too', async () => {
    const hold = await store.ingest.hold()
    await store.ingest.insert(batchOf(spanOf()), hold)
    await store.ingest.insert(batchOf(spanOf()))
    store.ingest.release(hold)
    expect(await store.ingest.closeDue()).toBe(0)
    expect(await closeAfter(5_000 + testWatermarkMs)).toBe(1)
  })

  it('closes anew, after a crash, what an import had opened again', async () => {
    await store.ingest.insert(batchOf(spanOf()))
    await closeAll()
    await store.ingest.insert(batchOf(spanOf(), spanOf({ atMs: 20_000 })), await store.ingest.hold())
    await store.close()
    store = await open()
    expect(await closeAfter(7_200_000)).toBe(2)
    expect((await store.cohorts.facts(builds)).stable.requests).toBe(3)
    await store.close()
    store = await open()
    expect(await closeAfter(10_800_000)).toBe(0)
  })

  it('closes what a crash left with the import that goes on, and does not wait for more', async () => {
    await store.ingest.insert(batchOf(spanOf()), await store.ingest.hold())
    await store.close()
    store = await open()
    const hold = await store.ingest.hold(true)
    await store.ingest.insert(batchOf(spanOf({ atMs: 20_000 })), hold)
    expect(await closeAll()).toBe(0)
    store.ingest.release(hold)
    expect(await store.ingest.closeDue()).toBe(2)
  })
})
