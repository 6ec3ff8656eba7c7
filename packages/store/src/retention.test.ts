import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { evaluationOf } from '../test/log-records.ts'
import { firstStart } from '../test/spans.ts'
import { newSpanBatch, type SpanBatch } from './ingest/span-batch.ts'
import { addSpan } from './ingest/span-row.ts'
import { openStore, type Store } from './store.ts'

let directory: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'coalmine-retention-'))
})
afterEach(() => rm(directory, { recursive: true, force: true }))

const daysAfter = async (asked?: number): Promise<number> => {
  const store = await openStore({ location: directory, retentionDays: asked })
  await store.close()
  return store.retentionDays
}

it('is 14 days, changes when another is asked for, and stays when none is', async () => {
  expect(await daysAfter()).toBe(14)
  expect(await daysAfter(90)).toBe(90)
  expect(await daysAfter()).toBe(90)
  expect(await daysAfter(3)).toBe(3)
  expect(await daysAfter()).toBe(3)
})

it('refuses a retention that the engine cannot keep', async () => {
  await expect(openStore({ location: directory, retentionDays: 36_500 })).rejects.toMatchObject({
    kind: 'usage',
    message: 'retentionDays: expected 1 to 3650, got 36500',
  })
})

function batchAt(...daysAgo: readonly number[]): SpanBatch {
  const batch = newSpanBatch()
  for (const [index, days] of daysAgo.entries())
    addSpan(batch, {
      service: 'cart',
      resource: {},
      scopeName: '',
      scopeVersion: '',
      traceId: String(index).padStart(32, '0'),
      spanId: String(index).padStart(16, '0'),
      parentSpanId: '',
      traceState: '',
      name: 'GET /cart',
      kind: 'Server',
      startNs: BigInt(Date.now() - days * 86_400_000) * 1_000_000n,
      durationNs: 1n,
      attributes: {},
      status: 'Unset',
      statusMessage: '',
      events: [],
      links: [],
    })
  return batch
}

const evaluationsAt = (...daysAgo: readonly number[]) =>
  daysAgo.map((days) => evaluationOf({ atMs: Date.now() - days * 86_400_000 - firstStart }))

async function rowsOf(store: Store): Promise<(number | undefined)[]> {
  const { tables } = await store.sizes()
  return ['otel_traces', 'otel_logs'].map((name) => tables.find(({ table }) => table === name)?.rows)
}

it('forgets spans and log records that are older, once it is made shorter', async () => {
  const long = await openStore({ location: directory, retentionDays: 60 })
  await long.ingest.insert(batchAt(0, 20, 40))
  await long.ingest.insertLogs(evaluationsAt(0, 20, 40))
  expect(await rowsOf(long)).toEqual([3, 3])
  await long.close()
  const short = await openStore({ location: directory, retentionDays: 14 })
  try {
    await expect.poll(() => rowsOf(short), { interval: 200 }).toEqual([1, 1])
    const { oldestMs, retentionDays } = await short.sizes()
    expect([retentionDays, Date.now() - oldestMs! < 86_400_000]).toEqual([14, true])
  } finally {
    await short.close()
  }
})

it('forgets whole days that are over on a full disk too, where nothing is merged', async () => {
  const long = await openStore({ location: directory, retentionDays: 60 })
  await long.ingest.insert(batchAt(0, 13, 16, 40))
  await long.ingest.insertLogs(evaluationsAt(0, 13, 16, 40))
  await long.close()
  const full = await openStore({ location: directory, retentionDays: 14, minFreeBytes: 2 ** 60 })
  try {
    await full.ingest.closeDue().catch(() => 0)
    expect(await rowsOf(full)).toEqual([2, 2])
  } finally {
    await full.close()
  }
})

it('tells the sizes of an empty store', async () => {
  const store = await openStore({ location: directory })
  expect(await store.sizes()).toMatchObject({ oldestMs: undefined, newestMs: undefined, retentionDays: 14 })
  await store.close()
})
