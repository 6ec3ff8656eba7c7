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

const failed = (attributes: Record<string, string>, changes: Partial<Span> = {}): Span =>
  spanOf({
    status: 'Error',
    attributes: { 'http.route': '/cart', 'service.version': '1.0.0', region: 'eu', ...attributes },
    ...changes,
  })

const exception = (type: string): Span['events'][number] => ({
  timeNs: BigInt(firstStart) * 1_000_000n,
  name: 'exception',
  attributes: { 'exception.type': type },
})

it('says what the errors of a cohort are, alike from closed ticks and from raw spans', async () => {
  const twice = failed({ 'error.type': 'TypeError' })
  await store.ingest.insert(
    batchOf(
      twice,
      twice,
      failed({ 'error.type': '500', 'http.response.status_code': '500' }),
      failed({ 'error.type': '500', 'http.response.status_code': '500' }, { events: [exception('RangeError')] }),
      failed({}, { events: [exception('RangeError')] }),
      failed({ 'rpc.grpc.status_code': '14' }),
      failed({}),
      failed({ 'error.type': 'x'.repeat(200) }),
      spanOf({
        attributes: { 'http.route': '/cart', 'error.type': 'NoError', 'service.version': '1.0.0', region: 'eu' },
      }),
      failed({ 'error.type': 'TypeError', 'service.version': '2.0.0' }),
    ),
  )
  clock = firstStart + 3_600_000
  await store.ingest.closeDue()
  for (const region of ['', ',region=eu']) {
    const { operations } = store.ticks.read({
      service: 'storefront',
      stable: `service.version=1.0.0${region}`,
      canary: `service.version=2.0.0${region}`,
    })
    for await (const { ticks } of operations) {
      expect(ticks[0]!.stable.errorTypes).toEqual({
        TypeError: 1,
        'HTTP 500': 1,
        RangeError: 2,
        'gRPC UNAVAILABLE': 1,
        '(not said)': 1,
        ['x'.repeat(100)]: 1,
      })
      expect(ticks[0]!.canary.errorTypes).toEqual({ TypeError: 1 })
    }
  }
})
