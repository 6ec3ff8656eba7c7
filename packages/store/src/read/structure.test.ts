import { afterAll, beforeAll, expect, it } from 'vitest'
import { newPlace, type Place } from '../../test/place.ts'
import { batchOf, firstStart, spanOf } from '../../test/spans.ts'
import type { Span } from '../ingest/span-row.ts'
import { openStore, type Store } from '../store.ts'

let place: Place
let store: Store
let clock = firstStart

beforeAll(async () => {
  place = await newPlace()
  store = await openStore({ location: place.location, watermarkMs: 0, now: () => clock })
})

afterAll(async () => {
  await store.close()
  await place.remove()
})

const request = (service: string, version: string, atMs = 0): Span =>
  spanOf({ service, atMs, attributes: { 'http.route': '/cart', 'service.version': version } })

const under = ({ service, traceId, spanId }: Span, name: string, atMs = 1): Span =>
  spanOf({ service, traceId, parentSpanId: spanId, name, kind: 'Client', atMs, attributes: {} })

const builds = (service: string) => ({
  service,
  stable: 'service.version=1.0.0',
  canary: 'service.version=2.0.0',
})

it('counts the traces that have a span, of those there are, and each once', async () => {
  const [old, bare, fresh] = [request('shop', '1.0.0'), request('shop', '1.0.0'), request('shop', '2.0.0')]
  const late = under(fresh, 'INSERT', 9_000)
  await store.ingest.insert(
    batchOf(old, under(old, 'SELECT'), under(old, 'SELECT'), bare, fresh, under(fresh, 'SELECT'), late),
  )
  clock = firstStart + 3_600_000
  await store.ingest.closeDue()
  const found = await store.spans.below(builds('shop'), { ticksMs: [firstStart], oneIn: 1 })
  expect([...found!].sort((a, b) => (a.name < b.name ? -1 : 1))).toEqual([
    { tick: firstStart, kind: 'client', name: 'INSERT', stable: { n: 2, events: 0 }, canary: { n: 1, events: 1 } },
    { tick: firstStart, kind: 'client', name: 'SELECT', stable: { n: 2, events: 1 }, canary: { n: 1, events: 1 } },
  ])
  expect(await store.spans.below(builds('shop'), { ticksMs: [], oneIn: 1 })).toEqual([])
})

it('says nothing where names hold ids', async () => {
  const spans = Array.from({ length: 310 }, (_, i) => {
    const one = request('ids', '1.0.0')
    return [one, under(one, `GET /user/${i}`)]
  }).flat()
  await store.ingest.insert(batchOf(...spans))
  expect(await store.spans.below(builds('ids'), { ticksMs: [firstStart], oneIn: 1 })).toBeUndefined()
})
