import { beforeAll, expect, it } from 'vitest'
import { type OwnService, oneStore } from '../../test/one-store.ts'
import { batchOf, firstStart, spanOf } from '../../test/spans.ts'
import type { Comparison } from '../comparison.ts'
import type { Span } from '../ingest/span-row.ts'
import type { InstanceLife } from './instances.ts'
import { warmUpOf } from './warm-up.ts'

const ownService = oneStore()
/** Whose spans most tests read. */
let fleet: OwnService

const route = { 'http.route': '/cart', 'http.request.method': 'GET' }

const served = (instance: string, version: string, atMs: number, ms = 20): Span =>
  spanOf({
    service: fleet.service,
    atMs,
    durationNs: BigInt(ms) * 1_000_000n,
    resource: { 'service.instance.id': instance, ring: version },
    attributes: { ...route, 'service.version': version },
  })

beforeAll(async () => {
  fleet = ownService()
  const spans: Span[] = []
  for (let second = 0; second < 240; second += 5) {
    spans.push(served('old', '1.0.0', second * 1000))
    // The canary's second instance appears after two minutes, and is slow at first.
    spans.push(served('a', '2.0.0', second * 1000))
    if (second >= 120) spans.push(served('b', '2.0.0', second * 1000, second < 180 ? 900 : 20))
  }
  await fleet.store.ingest.insert(batchOf(...spans))
  await fleet.closeAll()
})

async function livesOf(comparison: Comparison): Promise<readonly InstanceLife[] | undefined> {
  const { store } = fleet
  return store.cohorts.instances(comparison, await store.cohorts.facts(comparison))
}

async function latencies(comparison: Comparison, seconds: number): Promise<number[]> {
  const warmUp = warmUpOf((await livesOf(comparison))!, seconds)
  const sums = [0, 0, 0, 0]
  for await (const { ticks } of fleet.store.ticks.read(comparison, warmUp).operations)
    for (const { canary } of ticks) {
      const slow = canary.latency.indices.reduce(
        (sum, bucket, index) => sum + (bucket > -10 ? canary.latency.counts[index]! : 0),
        0,
      )
      const all = canary.latency.counts.reduce((sum, count) => sum + count, 0)
      for (const [index, value] of [all, slow, canary.warmUp, canary.traces].entries()) sums[index]! += value
    }
  return sums
}

it('knows when each instance was born, and not how old those are that were there first', async () => {
  expect(await livesOf(fleet.builds)).toEqual([
    {
      build: '1.0.0',
      instance: 'old',
      cohort: 'stable',
      firstMs: firstStart + 20,
      lastMs: firstStart + 235_020,
      requests: 48,
      bornMs: undefined,
    },
    {
      build: '2.0.0',
      instance: 'a',
      cohort: 'canary',
      firstMs: firstStart + 20,
      lastMs: firstStart + 235_020,
      requests: 48,
      bornMs: undefined,
    },
    {
      build: '2.0.0',
      instance: 'b',
      cohort: 'canary',
      firstMs: firstStart + 120_900,
      lastMs: firstStart + 235_020,
      requests: 24,
      bornMs: firstStart + 120_900,
    },
  ])
})

it("leaves the first minute of an instance's life out of latency, and out of nothing else", async () => {
  expect(await latencies(fleet.builds, 0)).toEqual([72, 12, 0, 72])
  expect(await latencies(fleet.builds, 60)).toEqual([60, 0, 12, 72])
})

it('leaves out the same where the cohorts are read from raw spans', async () => {
  const raw = { ...fleet.builds, stable: 'resource:ring=1.0.0', canary: 'resource:ring=2.0.0' }
  expect((await livesOf(raw))!.map(({ instance, cohort }) => [instance, cohort])).toEqual([
    ['old', 'stable'],
    ['a', 'canary'],
    ['b', 'canary'],
  ])
  expect(await latencies(raw, 60)).toEqual([60, 0, 12, 72])
})

it('looks back an hour: an instance that served before the window is warm', async () => {
  const window = { ...fleet.builds, start: firstStart + 200_000 }
  expect((await livesOf(window))!.find(({ instance }) => instance === 'b')!.bornMs).toBe(firstStart + 120_900)
  expect((await latencies(window, 60))[2]).toBe(0)
})

it('gives instances that serve both variants of a flag to both cohorts', async () => {
  const { store, service, spanOf, closeAll } = ownService()
  const flagged = (variant: string): Span =>
    spanOf({
      resource: { 'k8s.pod.name': 'pod-0' },
      attributes: { ...route, 'service.version': '1.0.0', 'coalmine.flag.prices': variant },
    })
  await store.ingest.insert(batchOf(flagged('on'), flagged('off')))
  await closeAll()
  const flags = { service, stable: 'flag:prices=off', canary: 'flag:prices=on' }
  expect(await livesOf(flags)).toMatchObject([{ instance: 'pod-0', cohort: 'both', requests: 2 }])
  expect((await store.services.known(service)).values).not.toContain('flag:(instance)=pod-0')
})

it('counts a request that two instances served for neither of them', async () => {
  const { store, builds, spanOf, closeAll } = ownService()
  const traceId = 'ab'.repeat(16)
  const on = (host: string): Span => spanOf({ traceId, resource: { 'host.name': host } })
  await store.ingest.insert(batchOf(on('x'), on('y'), spanOf({ resource: { 'host.name': 'x' } })))
  await closeAll()
  expect(await livesOf(builds)).toMatchObject([{ instance: 'x', requests: 1 }])
})

it('counts again what an import closed again, once', async () => {
  const { store } = fleet
  const hold = await store.ingest.hold()
  await store.ingest.insert(batchOf(served('old', '1.0.0', 1_000)), hold)
  store.ingest.release(hold)
  await store.ingest.closeDue()
  expect((await livesOf(fleet.builds))!.map(({ requests }) => requests)).toEqual([49, 48, 24])
})

it('says so where ticks know no instance', async () => {
  const { store, builds, spanOf, closeAll } = ownService()
  await store.ingest.insert(batchOf(spanOf()))
  await closeAll()
  expect(await livesOf(builds)).toBeUndefined()
})
