import { describe, expect, it } from 'vitest'
import { freshStore, testWatermarkMs } from '../../test/fresh-store.ts'
import { batchOf, firstStart, spanOf } from '../../test/spans.ts'
import { builds, cart, totalsOf } from '../../test/totals.ts'
import type { Store } from '../store.ts'

const fresh = freshStore()
const { open, closeAfter, closeAll } = fresh

const canary = cart({ 'service.version': '2.0.0' })

const totals = (comparison?: Parameters<Store['ticks']['read']>[0]) => totalsOf(fresh.store, comparison)

describe('closing', () => {
  it('counts a batch that was sent twice once', async () => {
    const batch = batchOf(spanOf(), spanOf(), spanOf({ attributes: canary }))
    await fresh.store.ingest.insert(batch)
    await fresh.store.ingest.insert(batch)
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
    await Promise.all(batches.map((batch) => fresh.store.ingest.insert(batch)))
    await Promise.all(batches.slice(0, 12).map((batch) => fresh.store.ingest.insert(batch)))
    await closeAll()
    expect(await totals()).toEqual({ 'GET /cart': [600, 600, 0, 0, 600, 600, 0, 0] })
    expect((await fresh.store.sizes()).tables.find(({ table }) => table === 'otel_traces')!.rows).toBe(1_800)
  })

  it('counts what came within the last second of a tick', async () => {
    await fresh.store.ingest.insert(batchOf(spanOf({ atMs: 4_979, resource: { region: 'a' } })))
    await closeAll()
    expect(await totals()).toEqual({ 'GET /cart': [1, 1, 0, 0, 0, 0, 0, 0] })
    const raw = { service: 'storefront', stable: 'region=a', canary: 'region=b', end: firstStart + 5_000 }
    expect(await totals(raw)).toEqual({ 'GET /cart': [1, 1, 0, 0, 0, 0, 0, 0] })
  })

  it('counts a request in the tick in which it ended, however long it hung', async () => {
    const hung = { durationNs: 600_000_000_000n, resource: { region: 'a' } }
    await fresh.store.ingest.insert(batchOf(spanOf(hung), spanOf({ ...hung, durationNs: 3_600_000_000_000n })))
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
    await fresh.store.ingest.insert(batchOf(spanOf({ durationNs: 600_000_000_000n })))
    await closeAll()
    const hold = await fresh.store.ingest.hold()
    await fresh.store.ingest.insert(batchOf(spanOf({ atMs: 601_000 })), hold)
    fresh.store.ingest.release(hold)
    await closeAll()
    expect(await totals()).toEqual({ 'GET /cart': [2, 2, 0, 0, 0, 0, 0, 0] })
  })

  it('waits for a service whose spans came late, so that a client that exports once a minute is late once', async () => {
    const late: number[] = []
    // Stable exports every five seconds, the canary once a minute.
    for (let second = 5; second <= 120; second += 5) {
      fresh.clock = firstStart + second * 1000
      await fresh.store.ingest.insert(batchOf(spanOf({ atMs: (second - 5) * 1000 })))
      if (second % 60 === 0) {
        const minute = Array.from({ length: 12 }, (_, n) =>
          spanOf({ atMs: (second - 60 + n * 5) * 1000, attributes: canary }),
        )
        late.push((await fresh.store.ingest.insert(batchOf(...minute))).late)
      }
      await fresh.store.ingest.closeDue()
    }
    expect(late).toEqual([8, 0])
    await closeAll()
    const lateTicks = await fresh.store.ticks.late(builds)
    expect(lateTicks).toHaveLength(8)
    expect(lateTicks[0]).toEqual({
      tick: firstStart,
      stable: { traces: 1, late: 0, errors: 0 },
      canary: { traces: 1, late: 1, errors: 0 },
    })
    expect(await totals()).toEqual({ 'GET /cart': [24, 24, 0, 0, 16, 16, 0, 0] })
  })

  it('closes a tick a watermark after its end, and once', async () => {
    await fresh.store.ingest.insert(batchOf(spanOf()))
    expect(await closeAfter(5_000 + testWatermarkMs - 1)).toBe(0)
    expect(await closeAfter(5_000 + testWatermarkMs)).toBe(1)
    expect(await closeAll()).toBe(0)
  })

  it('keeps a tick open for a watermark after its first span came, however old the tick', async () => {
    fresh.clock = firstStart + 600_000
    await fresh.store.ingest.insert(batchOf(spanOf()))
    expect(await closeAfter(600_000 + testWatermarkMs - 1)).toBe(0)
    expect(await closeAfter(600_000 + testWatermarkMs)).toBe(1)
  })

  it('stores late spans, counts them, and leaves the closed tick as it was', async () => {
    await fresh.store.ingest.insert(batchOf(spanOf()))
    await closeAll()
    expect(
      await fresh.store.ingest.insert(batchOf(spanOf({ atMs: 1 }), spanOf({ atMs: 2 }), spanOf({ atMs: 5_000 }))),
    ).toEqual({
      late: 2,
    })
    await closeAfter(7_200_000)
    expect(await totals()).toEqual({ 'GET /cart': [2, 2, 0, 0, 0, 0, 0, 0] })
    expect((await fresh.store.cohorts.facts(builds)).late).toBe(2)
  })

  it('finds what it had not closed when it is opened again', async () => {
    await fresh.store.ingest.insert(batchOf(spanOf(), spanOf({ atMs: 7_000 })))
    await closeAfter(5_000 + testWatermarkMs)
    await fresh.store.close()
    fresh.store = await open()
    expect(await closeAfter(5_000 + testWatermarkMs + 1)).toBe(0)
    expect(await closeAll()).toBe(1)
    expect(await totals()).toEqual({ 'GET /cart': [2, 2, 0, 0, 0, 0, 0, 0] })
  })

  it('remembers what it had closed when it is opened again', async () => {
    await fresh.store.ingest.insert(batchOf(spanOf()))
    await closeAll()
    await fresh.store.close()
    fresh.store = await open()
    expect(await fresh.store.ingest.insert(batchOf(spanOf()))).toEqual({ late: 1 })
    expect(await totals()).toEqual({ 'GET /cart': [1, 1, 0, 0, 0, 0, 0, 0] })
  })

  it('holds the ticks of an import open until it ends, then closes them at once', async () => {
    const hold = await fresh.store.ingest.hold()
    await fresh.store.ingest.insert(batchOf(spanOf()), hold)
    expect(await closeAll()).toBe(0)
    await fresh.store.ingest.insert(batchOf(spanOf()), hold)
    fresh.store.ingest.release(hold)
    expect(await fresh.store.ingest.closeDue()).toBe(1)
    expect(await totals()).toEqual({ 'GET /cart': [2, 2, 0, 0, 0, 0, 0, 0] })
  })

  it('closes a tick anew when an import brings more of it, and counts every span once', async () => {
    const again = spanOf({ traceId: 'aa'.repeat(16), spanId: 'aa'.repeat(8) })
    await fresh.store.ingest.insert(batchOf(again))
    await closeAll()
    const hold = await fresh.store.ingest.hold()
    expect(await fresh.store.ingest.insert(batchOf(again, spanOf({ atMs: 1 })), hold)).toEqual({ late: 0 })
    fresh.store.ingest.release(hold)
    expect(await fresh.store.ingest.closeDue()).toBe(1)
    await fresh.store.close()
    fresh.store = await open()
    expect(await closeAll()).toBe(0)
    expect((await fresh.store.cohorts.facts(builds)).stable.requests).toBe(2)
  })

  it('has closed what is due when a call returns, though another call was closing', async () => {
    const first = await fresh.store.ingest.hold()
    await fresh.store.ingest.insert(batchOf(spanOf()), first)
    fresh.store.ingest.release(first)
    const closing = fresh.store.ingest.closeDue()
    const second = await fresh.store.ingest.hold()
    await fresh.store.ingest.insert(batchOf(spanOf({ atMs: 5_000 })), second)
    fresh.store.ingest.release(second)
    const [one, two] = await Promise.all([closing, fresh.store.ingest.closeDue()])
    expect(one + two).toBe(2)
    expect(await totals()).toEqual({ 'GET /cart': [2, 2, 0, 0, 0, 0, 0, 0] })
  })

  it('waits for live spans in a tick that an import filled too', async () => {
    const hold = await fresh.store.ingest.hold()
    await fresh.store.ingest.insert(batchOf(spanOf()), hold)
    await fresh.store.ingest.insert(batchOf(spanOf()))
    fresh.store.ingest.release(hold)
    expect(await fresh.store.ingest.closeDue()).toBe(0)
    expect(await closeAfter(5_000 + testWatermarkMs)).toBe(1)
  })

  it('closes anew, after a crash, what an import had opened again', async () => {
    await fresh.store.ingest.insert(batchOf(spanOf()))
    await closeAll()
    await fresh.store.ingest.insert(batchOf(spanOf(), spanOf({ atMs: 20_000 })), await fresh.store.ingest.hold())
    await fresh.store.close()
    fresh.store = await open()
    expect(await closeAfter(7_200_000)).toBe(2)
    expect((await fresh.store.cohorts.facts(builds)).stable.requests).toBe(3)
    await fresh.store.close()
    fresh.store = await open()
    expect(await closeAfter(10_800_000)).toBe(0)
  })

  it('closes what a crash left with the import that goes on, and does not wait for more', async () => {
    await fresh.store.ingest.insert(batchOf(spanOf()), await fresh.store.ingest.hold())
    await fresh.store.close()
    fresh.store = await open()
    const hold = await fresh.store.ingest.hold(true)
    await fresh.store.ingest.insert(batchOf(spanOf({ atMs: 20_000 })), hold)
    expect(await closeAll()).toBe(0)
    fresh.store.ingest.release(hold)
    expect(await fresh.store.ingest.closeDue()).toBe(2)
  })
})
