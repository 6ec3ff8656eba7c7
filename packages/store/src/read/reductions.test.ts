import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { batchOf, firstStart, spanOf } from '../../test/spans.ts'
import type { Span } from '../ingest/span-row.ts'
import { openStore, type Store } from '../store.ts'

let directory: string
let store: Store
let clock = firstStart
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'coalmine-reductions-'))
  store = await openStore({ location: directory, watermarkMs: 0, now: () => clock })
})
afterAll(async () => {
  await store.close()
  await rm(directory, { recursive: true })
})

const inRegion = (service: string, region: string, atMs = 0) =>
  spanOf({ service, atMs, attributes: { 'http.route': '/cart', 'cloud.region': region } })

const regions = (service: string) => ({ service, stable: 'cloud.region=eu', canary: 'cloud.region=us' })

async function closed(...spans: readonly Span[]): Promise<void> {
  await store.ingest.insert(batchOf(...spans))
  clock += 3_600_000
  await store.ingest.closeDue()
}

/** Requests of both cohorts, tick by tick. */
async function requests(service: string): Promise<[number, number][]> {
  const { source, operations } = store.ticks.read(regions(service))
  expect(source).toBe('spans')
  const found: [number, number][] = []
  for await (const { ticks } of operations)
    for (const { stable, canary } of ticks) found.push([stable.requests, canary.requests])
  return found
}

/** Ticks for which anything is kept. */
async function kept(): Promise<number> {
  const { tables } = await store.sizes()
  return tables.find(({ table }) => table === 'coalmine_reductions')?.rows ?? 0
}

it('each tick is read once for a comparison, and new ones when they have closed', async () => {
  const before = await kept()
  await closed(inRegion('shop', 'eu'), inRegion('shop', 'us'), inRegion('shop', 'us'))
  expect(await requests('shop')).toEqual([[1, 2]])
  expect(await store.cohorts.facts(regions('shop'))).toMatchObject({ source: 'spans', canary: { requests: 2 } })
  expect(await kept()).toBe(before + 1)
  await closed(inRegion('shop', 'eu', 5_000))
  expect(await requests('shop')).toEqual([
    [1, 2],
    [1, 0],
  ])
  expect(await kept()).toBe(before + 2)
})

it('a tick without a request of either cohort is kept too', async () => {
  const before = await kept()
  await closed(inRegion('elsewhere', 'ap'))
  expect(await requests('elsewhere')).toEqual([])
  expect(await requests('elsewhere')).toEqual([])
  expect(await kept()).toBe(before + 1)
})

it('what an import adds to a tick counts, in place of what was kept of it', async () => {
  await closed(inRegion('imported', 'eu'))
  expect(await requests('imported')).toEqual([[1, 0]])
  const hold = await store.ingest.hold()
  await store.ingest.insert(batchOf(inRegion('imported', 'us')), hold)
  store.ingest.release(hold)
  await store.ingest.closeDue()
  expect(await requests('imported')).toEqual([[1, 1]])
})

it('what comes late for a tick does not count, as in closed ticks', async () => {
  await closed(inRegion('late', 'eu'))
  expect(await requests('late')).toEqual([[1, 0]])
  await store.ingest.insert(batchOf(inRegion('late', 'us')))
  expect(await requests('late')).toEqual([[1, 0]])
})

it('comparisons do not share what is kept', async () => {
  await closed(inRegion('two', 'eu'), inRegion('two', 'ap'))
  expect(await requests('two')).toEqual([[1, 0]])
  const other = store.ticks.read({ service: 'two', stable: 'cloud.region=ap', canary: 'cloud.region=us' })
  for await (const { ticks } of other.operations) expect(ticks[0]!.stable.requests).toBe(1)
  const within = { ...regions('two'), start: firstStart + 5_000 }
  for await (const { ticks } of store.ticks.read(within).operations) expect(ticks).toEqual([])
})
