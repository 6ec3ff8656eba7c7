import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { newPlace, type Place } from '../../test/place.ts'
import { batchOf, firstStart, spanOf } from '../../test/spans.ts'
import type { Span } from '../ingest/span-row.ts'
import { openStore, type Store } from '../store.ts'
import { type Measure, measureParams } from './measures.ts'
import type { Measured } from './read-measures.ts'

let place: Place
let clock = firstStart
let store: Store
let service: string
let services = 0

beforeAll(async () => {
  place = await newPlace()
  store = await openStore({ location: place.location, watermarkMs: 0, now: () => clock })
})

afterAll(async () => {
  await store.close()
  await place.remove()
})

beforeEach(() => {
  services++
  service = `service-${services}`
})

afterEach(() => {
  clock = firstStart
})

const stable = { 'service.version': '1.0.0' }
const canary = { 'service.version': '2.0.0' }
const cart = { 'http.route': '/cart', 'http.request.method': 'GET' }

type Changes = Parameters<typeof spanOf>[0]

const request = (attributes: Record<string, string>, changes: Changes = {}): Span =>
  spanOf({ service, attributes: { ...cart, ...stable, ...attributes }, ...changes })

/** A span of the same service under another. */
const under = ({ traceId, spanId, service }: Span, changes: Changes = {}): Span =>
  spanOf({ service, traceId, parentSpanId: spanId, name: 'SELECT', kind: 'Client', attributes: {}, ...changes })

const query = (parent: Span, atMs = 1): Span => under(parent, { atMs, attributes: { 'db.system.name': 'postgresql' } })

async function read(measures: readonly Measure[], ...spans: Span[]): Promise<Record<string, Told[][]>> {
  await store.ingest.insert(batchOf(...spans))
  clock = firstStart + 3_600_000
  await store.ingest.closeDue()
  const told: Record<string, Told[][]> = {}
  const builds = { service, stable: 'service.version=1.0.0', canary: 'service.version=2.0.0' }
  for await (const { operation, tick, measures: found } of store.ticks.measures(builds, measures))
    told[`${operation} ${(tick - firstStart) / 1000}`] = found.map(({ stable, canary }) => [
      valuesOf(stable),
      valuesOf(canary),
    ])
  return told
}

/** Values to two digits, zeros apart; what has none; what is below zero. */
interface Told {
  readonly values: readonly number[]
  readonly without?: number
  readonly negative?: number
}

function valuesOf({ values, without, negative, histogram: { zero, indices, counts } }: Measured): Told {
  expect(values).toBe(zero + counts.reduce((sum, count) => sum + count, 0))
  const positive = indices.flatMap((index, at) =>
    Array<number>(counts[at]!).fill(Number((2 ** ((index + 1) / 32)).toPrecision(2))),
  )
  return {
    values: [...Array<number>(zero).fill(0), ...positive],
    ...(without > 0 ? { without } : {}),
    ...(negative > 0 ? { negative } : {}),
  }
}

describe('a number of a request', () => {
  const cost: Measure = { kind: 'attribute', key: 'app.cost', reduce: 'sum' }

  it('is one value for each trace, of both cohorts, tick by tick', async () => {
    const found = await read(
      [cost],
      request({ 'app.cost': '1' }),
      request({ 'app.cost': '2' }),
      request({ 'app.cost': '4', ...canary }),
      request({ 'app.cost': '0' }, { atMs: 5_000 }),
    )
    expect(found).toEqual({
      'GET /cart 0': [[{ values: [1, 2] }, { values: [4] }]],
      'GET /cart 5': [[{ values: [0] }, { values: [] }]],
    })
  })

  it('is added up over the spans of a trace, or the largest of them; a span that was sent twice counts once', async () => {
    const first = request({ 'app.cost': '1' })
    const again = request({ 'app.cost': '1' }, { traceId: first.traceId })
    const found = await read([cost, { ...cost, reduce: 'max' }], first, again, first)
    expect(found).toEqual({
      'GET /cart 0': [
        [{ values: [2] }, { values: [] }],
        [{ values: [1] }, { values: [] }],
      ],
    })
  })

  it('is missing where it is missing or no number, and counted where it is below zero', async () => {
    const texts = ['', 'much', 'NaN', 'inf', '1e999', '-3', '0.5', '1e3']
    const found = await read([cost], ...texts.map((text) => request(text === '' ? {} : { 'app.cost': text })))
    expect(found).toEqual({
      'GET /cart 0': [[{ values: [0, 0.5, 1000], without: 5, negative: 1 }, { values: [] }]],
    })
  })

  it('may be as small and as large as numbers are', async () => {
    const found = await read([cost], ...['5e-324', '1.7e308'].map((text) => request({ 'app.cost': text })))
    expect(found['GET /cart 0']![0]![0]!.values).toHaveLength(2)
  })
})

describe('a share of requests', () => {
  it('is one for what a selector chooses, zero for the rest', async () => {
    const of = (selector: string): Measure => ({ kind: 'share', of: selector })
    const found = await read(
      [of('retried=true'), of('retried!=true'), of('host=a,span.kind=server'), of('flag:fast=on'), of('span.name=PUT')],
      request({ retried: 'true' }, { resource: { host: 'a' } }),
      request({ retried: 'false', host: 'b' }, { resource: { host: 'a' } }),
      request({ 'coalmine.flags': 'fast=on;slow=off' }, { name: 'PUT' }),
    )
    const some = (zeros: number): unknown => [
      { values: [...Array<number>(zeros).fill(0), ...Array<number>(3 - zeros).fill(1)] },
      { values: [] },
    ]
    expect(found).toEqual({ 'GET /cart 0': [some(2), some(1), some(2), some(2), some(2)] })
  })
})

describe('calls of a request', () => {
  const queries: Measure = { kind: 'calls', of: 'db.system.name=postgresql' }

  it('are counted below it, however deep, and none is a value too', async () => {
    const busy = request({})
    const middleware = under(busy, { kind: 'Internal', name: 'middleware' })
    const twice = query(middleware)
    const other = under(busy, { attributes: { 'db.system.name': 'redis' } })
    const idle = request(canary)
    const elsewhere = { ...query(busy), service: `${service}-database` }
    const found = await read(
      [queries, { kind: 'calls', of: 'span.kind=client' }],
      ...[busy, middleware, query(busy), twice, twice, other, idle, elsewhere],
    )
    expect(found).toEqual({
      'GET /cart 0': [
        [{ values: [2] }, { values: [0] }],
        [{ values: [3] }, { values: [0] }],
      ],
    })
  })

  it('belong to the nearest request up their parents', async () => {
    const outer = request({})
    const call = under(outer)
    const inner = request({ 'http.route': '/stock' }, { traceId: outer.traceId, parentSpanId: call.spanId, atMs: 1 })
    const internal = under(inner, { kind: 'Internal', atMs: 2 })
    const found = await read(
      [queries],
      outer,
      call,
      query(outer, 3),
      inner,
      internal,
      query(internal, 3),
      query(internal, 4),
    )
    expect(found).toEqual({
      'GET /cart 0': [[{ values: [1] }, { values: [] }]],
      'GET /stock 0': [[{ values: [2] }, { values: [] }]],
    })
  })

  it('whose parents are not there belong to the request that started last before them', async () => {
    const outer = request({})
    const inner = request({ 'http.route': '/stock' }, { traceId: outer.traceId, parentSpanId: 'ab', atMs: 10 })
    const lost = (atMs: number): Span => ({ ...query(outer, atMs), parentSpanId: 'cd' })
    const found = await read([queries], outer, inner, lost(5), lost(15), lost(20))
    expect(found).toEqual({
      'GET /cart 0': [[{ values: [1] }, { values: [] }]],
      'GET /stock 0': [[{ values: [2] }, { values: [] }]],
    })
  })

  it('are those of its whole duration, also in earlier ticks', async () => {
    const long = request({}, { atMs: 4_900, durationNs: 9_000_000_000n })
    const found = await read([queries], long, query(long, 4_950), query(long, 12_000))
    expect(found).toEqual({ 'GET /cart 10': [[{ values: [2] }, { values: [] }]] })
  })

  it('of a trace with two requests are those of the one that called most', async () => {
    const first = request({})
    const retry = request({}, { traceId: first.traceId, atMs: 30 })
    const found = await read([queries], first, query(first), retry, query(retry, 31), query(retry, 32))
    expect(found).toEqual({ 'GET /cart 0': [[{ values: [2] }, { values: [] }]] })
  })

  it('of test traffic count only where a selector names its marks', async () => {
    const test = request({ 'coalmine.test': 'true' })
    const user = request({})
    expect(await read([queries], test, query(test), user)).toEqual({
      'GET /cart 0': [[{ values: [0] }, { values: [] }]],
    })
  })
})

it('keeps several measures in the order they were asked for', async () => {
  const busy = request({ 'app.cost': '7', retried: 'true' })
  const measures: Measure[] = [
    { kind: 'calls', of: 'span.kind=client' },
    { kind: 'attribute', key: 'app.cost', reduce: 'max' },
    { kind: 'share', of: 'retried=true' },
    { kind: 'calls', of: 'span.kind!=client' },
  ]
  const found = await read(measures, busy, query(busy), query(busy))
  expect(found['GET /cart 0']!.map(([side]) => side!.values[0])).toEqual([2, expect.closeTo(7, 0), 1, 0])
})

it.each<[Measure, string]>([
  [
    { kind: 'calls', of: 'flag:fast=on' },
    'calls of "flag:fast=on": a flag selects requests, not the calls that they make',
  ],
  [
    { kind: 'share', of: 'resource:host=a' },
    'share of "resource:host=a": leave out "resource:"; a key that a span lacks is its resource\'s',
  ],
  [
    { kind: 'calls', of: 'postgresql' },
    'selector "postgresql": expected key=value, such as service.version=1.0.0 or flag:new-pricing=on',
  ],
])('refuses %j', (measure, message) => {
  expect(() => measureParams([measure])).toThrow(message)
})
