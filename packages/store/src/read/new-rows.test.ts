import { expect, it } from 'vitest'
import { oneStore } from '../../test/one-store.ts'
import { batchOf, firstStart } from '../../test/spans.ts'
import { all, cart } from '../../test/totals.ts'
import type { Comparison } from '../comparison.ts'
import { cohortTicksIn, flagOfCohorts } from './cohort-ticks.ts'

const ownService = oneStore()

const attributes = (build: string, variant: string, more: Record<string, string> = {}) =>
  cart({ 'service.version': build, 'coalmine.flag.dark': variant, ...more })

it('has the cohorts of builds, flags and tests as they are read of a comparison', async () => {
  const { store, service, spanOf, closeAll } = ownService()
  const spans = [0, 5_000, 10_000].flatMap((atMs) =>
    ['1.0.0', '2.0.0', '3.0.0'].flatMap((build) =>
      ['on', 'off'].flatMap((variant) => [
        spanOf({ atMs, attributes: attributes(build, variant), durationNs: 20_000_000n }),
        spanOf({ atMs, attributes: attributes(build, variant, { 'http.response.status_code': '500' }) }),
        spanOf({ atMs, attributes: attributes(build, variant, { 'coalmine.test': 'true' }) }),
      ]),
    ),
  )
  await store.ingest.insert(batchOf(...spans))
  await closeAll()
  const window = { fromMs: firstStart, toMs: firstStart + 10_000 }
  const rows = (await store.ticks.rows({ services: [service, 'another'], flags: ['dark'], ...window })).get(service)!
  const within = { service, start: window.fromMs, end: window.toMs }
  const builds = { stable: 'service.version=1.0.0', canary: 'service.version=2.0.0' }
  const compared: Comparison[] = [
    { ...within, ...builds },
    { ...within, stable: 'coalmine.flag.dark=off', canary: 'coalmine.flag.dark=on' },
    {
      ...within,
      stable: 'service.version=1.0.0,coalmine.flag.dark=off',
      canary: 'service.version=2.0.0,coalmine.flag.dark=on',
    },
    { ...within, ...builds, traffic: 'test' },
    { ...within, ...builds, traffic: 'all' },
  ]
  for (const comparison of compared) {
    const found = cohortTicksIn(rows, comparison)!
    const plain = (ticks: unknown): unknown =>
      JSON.parse(JSON.stringify(ticks, (key, value) => (/Types|Codes/.test(key) ? {} : value)))
    expect(plain(found.operations)).toEqual(plain(await all(store.ticks.read(comparison))))
    const { canary, stable } = await store.cohorts.facts(comparison)
    expect(found.canaryRequests).toBe(canary.requests)
    expect(found.lastMs).toBe(Math.floor(Math.max(stable.lastMs!, canary.lastMs!) / 5000) * 5000)
    expect(found.served).toMatchObject({ stable: true, canary: true })
  }
})

it('knows no cohorts that closed ticks do not tell apart', () => {
  const comparison = { service: 'shop', stable: 'ring=a', canary: 'ring=b' }
  expect(flagOfCohorts(comparison)).toBeUndefined()
  expect(cohortTicksIn([], comparison)).toBeUndefined()
})

it('says which ticks of followed services are closed, and when one of them was closed anew', async () => {
  const { store, service, spanOf, closeAll } = ownService()
  await store.ingest.insert(batchOf(spanOf(), spanOf({ atMs: 5_000 })))
  await closeAll()
  const followed = [{ service, sinceMs: firstStart, untilMs: firstStart + 5_000 }]
  const [first] = await store.ticks.closings(followed)
  expect(first).toMatchObject({ service, lastMs: firstStart + 5_000, ticksMs: [firstStart + 5_000], late: 0 })
  await store.ingest.insert(batchOf(spanOf({ atMs: 10_000 })))
  await closeAll()
  const [second] = await store.ticks.closings([{ ...followed[0]!, untilMs: firstStart + 10_000 }])
  expect(second).toMatchObject({ known: first!.all, ticksMs: [firstStart + 10_000] })
  const hold = await store.ingest.hold()
  await store.ingest.insert(batchOf(spanOf({ atMs: 1_000 })), hold)
  store.ingest.release(hold)
  await closeAll()
  const [third] = await store.ticks.closings([{ ...followed[0]!, untilMs: firstStart + 15_000 }])
  expect(third!.known).not.toBe(second!.all)
  expect(await store.ticks.closings([])).toEqual([])
})
