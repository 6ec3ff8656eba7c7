import { beforeEach, describe, expect, it } from 'vitest'
import { type OwnService, oneStore } from '../../test/one-store.ts'
import { batchOf, firstStart } from '../../test/spans.ts'
import type { Comparison } from '../comparison.ts'
import type { Span } from '../ingest/span-row.ts'
import type { InstanceTick, InstanceTicksAsked } from './instance-ticks.ts'

const ownService = oneStore()
let own: OwnService
beforeEach(() => {
  own = ownService()
})

const byBuild = { stable: 'service.version=1.0.0', canary: 'service.version=2.0.0' }
const byRing = { stable: 'ring=1.0.0', canary: 'ring=2.0.0' }

const served = (
  instance: string,
  version: string,
  second: number,
  more: Partial<Span> & { route?: string } = {},
): Span => {
  const { route = '/cart', ...changes } = more
  return own.spanOf({
    atMs: second * 1000,
    resource: { 'service.instance.id': instance },
    attributes: { 'http.route': route, 'http.request.method': 'GET', 'service.version': version, ring: version },
    ...changes,
  })
}

async function closed(...spans: readonly Span[]): Promise<void> {
  await own.store.ingest.insert(batchOf(...spans))
  await own.closeAll()
}

async function ticksOf(
  cohorts: Omit<Comparison, 'service'>,
  asked: Partial<InstanceTicksAsked> = {},
): Promise<readonly InstanceTick[] | null> {
  const { store, service } = own
  const comparison = { ...cohorts, service }
  const instances = await store.cohorts.instances(comparison, store.cohorts.facts(comparison))
  return store.ticks.instances(comparison, {
    operations: ['GET /cart'],
    instances: instances ?? [],
    warmUpSeconds: 0,
    beforeSeconds: 0,
    ...asked,
  })
}

describe.each([
  ['closed ticks', byBuild],
  ['raw spans', byRing],
])('ticks of instances from %s', (_, comparison) => {
  it('have what each did at the operations that are asked for, and all others together', async () => {
    await closed(
      served('a', '1.0.0', 0),
      served('a', '1.0.0', 1, { durationNs: 0n, status: 'Error' }),
      served('a', '1.0.0', 5),
      served('b', '2.0.0', 5, { route: '/pay' }),
      served('b', '2.0.0', 5, { route: '/help' }),
    )
    const none = { errors: 0, clientErrors: 0, innerErrors: 0 }
    // 20 ms: log2(.02) * 8 is -45.15.
    const latency = { scale: 3, zero: 0, indices: [-46], counts: [1] }
    expect(await ticksOf(comparison)).toEqual([
      {
        ...{ cohort: 'stable', instance: 'a', operation: 'GET /cart', tick: firstStart, traces: 2 },
        ...{ ...none, errors: 1, latency: { ...latency, zero: 1 } },
      },
      { cohort: 'stable', instance: 'a', operation: 'GET /cart', tick: firstStart + 5000, traces: 1, ...none, latency },
      {
        ...{ cohort: 'canary', instance: 'b', operation: '(other)', tick: firstStart + 5000, traces: 2 },
        ...{ ...none, latency: { ...latency, counts: [2] } },
      },
    ])
  })

  it('have the buckets of closed ticks, where these are asked for', async () => {
    await closed(served('a', '1.0.0', 0), served('b', '2.0.0', 0))
    // log2(.02) * 32 is -180.6.
    const latency = { scale: 5, zero: 0, indices: [-181], counts: [1] }
    expect(await ticksOf(comparison, { fine: true })).toMatchObject([{ latency }, { latency }])
  })

  it('count requests of an instance that warms up, but not how long they took', async () => {
    const seconds = Array.from({ length: 40 }, (_, index) => index * 5)
    await closed(
      ...seconds.map((second) => served('a', '1.0.0', second)),
      ...seconds.filter((second) => second >= 100).map((second) => served('b', '2.0.0', second, { status: 'Error' })),
    )
    const canary = (await ticksOf(comparison, { warmUpSeconds: 60 }))!.filter(({ cohort }) => cohort === 'canary')
    expect(canary.map(({ traces, errors }) => traces + errors)).toEqual(canary.map(() => 2))
    expect(canary.filter(({ latency }) => latency.counts.length === 0)).toHaveLength(12)
    expect(canary).toHaveLength(20)
  })

  it('are null where spans do not say their instance', async () => {
    await closed(served('a', '1.0.0', 0, { resource: {} }), served('b', '2.0.0', 0, { resource: {} }))
    expect(await ticksOf(comparison)).toBeNull()
  })
})

it('have those of stable before the window too, where they are asked for', async () => {
  await closed(served('a', '1.0.0', 0), served('b', '2.0.0', 5), served('a', '1.0.0', 600), served('b', '2.0.0', 600))
  const window = { ...byBuild, start: firstStart + 600_000 }
  const of = async (beforeSeconds: number) =>
    (await ticksOf(window, { beforeSeconds }))!.map(({ cohort, tick }) => [cohort, (tick - firstStart) / 1000])
  expect(await of(0)).toEqual([
    ['stable', 600],
    ['canary', 600],
  ])
  expect(await of(3600)).toEqual([
    ['stable', 0],
    ['stable', 600],
    ['canary', 600],
  ])
})

it('are of both cohorts where a flag has them share an instance', async () => {
  const flag = (variant: string, second: number) =>
    own.spanOf({
      atMs: second * 1000,
      resource: { 'service.instance.id': 'a' },
      attributes: { 'http.route': '/cart', 'http.request.method': 'GET', 'coalmine.flag.f': variant },
    })
  await closed(flag('off', 0), flag('on', 0), flag('on', 1))
  const ticks = await ticksOf({ stable: 'flag:f=off', canary: 'flag:f=on' })
  expect(ticks?.map(({ cohort, instance, traces }) => [cohort, instance, traces])).toEqual([
    ['stable', 'a', 1],
    ['canary', 'a', 2],
  ])
})
