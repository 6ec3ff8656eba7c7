// Errors below requests that answer as if nothing had happened.
import { afterAll, beforeAll, expect, it } from 'vitest'
import { newPlace, type Place } from '../../test/place.ts'
import { batchOf, firstStart, spanOf } from '../../test/spans.ts'
import { all } from '../../test/totals.ts'
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

let serial = 0

interface Changes {
  readonly attributes?: Readonly<Record<string, string>>
  readonly build?: string
}

/** A request, of a trace of its own unless told otherwise. */
function request({
  attributes = {},
  build = '1.0.0',
  ...rest
}: Changes & Partial<Parameters<typeof spanOf>[0]> = {}): Span {
  return spanOf({
    resource: { 'service.version': build, region: 'eu' },
    attributes: { 'http.route': '/graphql', ...attributes },
    ...rest,
  })
}

/** A span below a request, which begins a millisecond after it. */
function below(parent: Span, changes: Partial<Parameters<typeof spanOf>[0]> = {}): Span {
  const { service, resource, traceId, spanId, startNs } = parent
  return {
    ...spanOf({
      service,
      resource,
      traceId,
      parentSpanId: spanId,
      name: 'resolve price',
      kind: 'Internal',
      durationNs: 1_000_000n,
      attributes: {},
      ...changes,
    }),
    startNs: startNs + 1_000_000n,
  }
}

const exception = [{ timeNs: 1n, name: 'exception', attributes: { 'exception.type': 'TypeError' } }]

/** Traces and inner errors of stable and canary, from closed ticks, from raw spans, and from what was kept of these. */
async function told(...spans: readonly Span[]): Promise<unknown> {
  const service = `shop-${++serial}`
  await store.ingest.insert(
    batchOf(...spans.map((span) => (span.service === 'storefront' ? { ...span, service } : span))),
  )
  clock += 20_000
  await store.ingest.closeDue()
  const of = async (more: string): Promise<Record<string, number[]>> => {
    const selectors = { stable: `service.version=1.0.0${more}`, canary: `service.version=2.0.0${more}` }
    const sums: Record<string, number[]> = {}
    for (const { operation, ticks } of await all(store.ticks.read({ service, ...selectors })))
      sums[operation] = ticks
        .map(({ stable, canary }) => [stable.traces, stable.innerErrors, canary.traces, canary.innerErrors])
        .reduce((a, b) => a.map((value, at) => value + b[at]!))
    return sums
  }
  const closed = await of('')
  expect(await of(',resource:region=eu')).toEqual(closed)
  expect(await of(',resource:region=eu')).toEqual(closed)
  return closed
}

const twice = request()

it.each<[string, readonly Span[], number]>([
  ['a span that failed below the request', [twice, below(twice, { status: 'Error' })], 1],
  ['two of them', [twice, below(twice, { status: 'Error' }), below(twice, { kind: 'Client', status: 'Error' })], 1],
  ['an exception that somebody caught', [twice, below(twice, { events: exception })], 1],
  ['one that was recorded on the request', [request({ events: exception })], 1],
  ['an event that is no exception', [request({ events: [{ timeNs: 1n, name: 'retry', attributes: {} }] })], 0],
  ['a request that fails itself', [request({ status: 'Error', events: exception })], 0],
  ['a span that did not fail', [twice, below(twice)], 0],
])('%s', async (_, spans, inner) => {
  expect(await told(...spans)).toEqual({ '/graphql': [1, inner, 0, 0] })
})

it('a request that answers with a client error shows that something failed', async () => {
  const one = request({ attributes: { 'http.response.status_code': '404' } })
  expect(await told(one, below(one, { status: 'Error' }))).toEqual({ '/graphql': [1, 0, 0, 0] })
})

it('deep below, and twice in the store, it counts once', async () => {
  const one = request({ build: '2.0.0' })
  const middle = below(one)
  const deep = below(middle, { kind: 'Client', status: 'Error' })
  expect(await told(one, middle, deep, one, deep, request({ build: '2.0.0' }))).toEqual({ '/graphql': [0, 0, 2, 1] })
})

it('of another service in the same trace nothing counts', async () => {
  const one = request()
  const theirs = request({ service: `elsewhere-${serial}`, traceId: one.traceId, parentSpanId: one.spanId })
  expect(await told(one, theirs, below(theirs, { status: 'Error' }))).toEqual({ '/graphql': [1, 0, 0, 0] })
})

it('a request that is tried again has only what failed below itself', async () => {
  const first = request({ build: '2.0.0', status: 'Error', durationNs: 10_000_000n })
  const second = request({ build: '1.0.0', traceId: first.traceId, atMs: 27 })
  const third = request({ build: '2.0.0', traceId: first.traceId, atMs: 60 })
  expect(
    await told(first, below(first, { status: 'Error' }), second, third, below(third, { status: 'Error' })),
  ).toEqual({
    '/graphql': [1, 0, 1, 0],
  })
  const [canary, stable] = [request({ build: '2.0.0', durationNs: 10_000_000n }), request({ atMs: 27 })]
  const together = { ...stable, traceId: canary.traceId }
  expect(await told(canary, below(canary, { status: 'Error' }), together)).toEqual({ '/graphql': [1, 0, 1, 1] })
})

it('what began before the tick in which its request ended counts too', async () => {
  const long = request({ durationNs: 30_000_000_000n })
  expect(await told(long, below(long, { kind: 'Client', status: 'Error' }))).toEqual({ '/graphql': [1, 1, 0, 0] })
})
