import { describe, expect, it } from 'vitest'
import { oneStore } from '../test/one-store.ts'
import { batchOf, firstStart, spanOf } from '../test/spans.ts'
import { all, cart } from '../test/totals.ts'
import type { Comparison } from './comparison.ts'
import type { Span } from './ingest/span-row.ts'
import type { OperationTicks } from './read/read-ticks.ts'

// What no way to the engine changes: not run again over HTTP.
const ownService = oneStore()

describe.concurrent('the reduction', () => {
  it('gives one value per trace and operation: its slowest span, any error', async () => {
    const { store, builds, spanOf, closeAll } = ownService()
    const traceId = 'ab'.repeat(16)
    await store.ingest.insert(
      batchOf(
        spanOf({ traceId, durationNs: 10_000_000n }),
        spanOf({ traceId, durationNs: 500_000_000n, status: 'Error' }),
        spanOf({ traceId, name: 'other', attributes: { 'service.version': '1.0.0' } }),
      ),
    )
    await closeAll()
    const [first, second] = await all(store.ticks.read(builds))
    expect(first).toMatchObject({ operation: 'GET /cart' })
    expect(first!.ticks).toEqual([
      {
        tick: firstStart,
        stable: {
          requests: 2,
          traces: 1,
          errors: 1,
          clientErrors: 0,
          innerErrors: 0,
          latency: { scale: 5, zero: 0, indices: [Math.ceil(Math.log2(0.5) * 32) - 1], counts: [1] },
          warmUp: 0,
          errorTypes: { '(not said)': 1 },
          clientCodes: {},
        },
        canary: {
          requests: 0,
          traces: 0,
          errors: 0,
          clientErrors: 0,
          innerErrors: 0,
          latency: expect.anything(),
          warmUp: 0,
          errorTypes: {},
          clientCodes: {},
        },
      },
    ])
    expect(second).toMatchObject({ operation: 'other' })
  })

  it('keeps durations of zero apart', async () => {
    const { store, builds, spanOf, closeAll } = ownService()
    await store.ingest.insert(batchOf(spanOf({ durationNs: 0n }), spanOf({ durationNs: 1_000_000_000n })))
    await closeAll()
    const [{ ticks }] = (await all(store.ticks.read(builds))) as [OperationTicks]
    expect(ticks[0]!.stable.latency).toEqual({ scale: 5, zero: 1, indices: [-1], counts: [1] })
  })

  it.each([
    ['a status', spanOf({ status: 'Error' }), 1, 0],
    [
      'HTTP 500',
      spanOf({ attributes: cart({ 'http.response.status_code': '500', 'service.version': '1.0.0' }) }),
      1,
      0,
    ],
    [
      'the old name of HTTP 503',
      spanOf({ attributes: cart({ 'http.status_code': '503', 'service.version': '1.0.0' }) }),
      1,
      0,
    ],
    [
      'HTTP 404',
      spanOf({ attributes: cart({ 'http.response.status_code': '404', 'service.version': '1.0.0' }) }),
      0,
      1,
    ],
    ['gRPC 14', spanOf({ attributes: cart({ 'rpc.grpc.status_code': '14', 'service.version': '1.0.0' }) }), 1, 0],
  ])('takes %s for what it is', async (_, one, errors, clientErrors) => {
    const { store, service, closeAll, totals } = ownService()
    await store.ingest.insert(batchOf({ ...one, service }))
    await closeAll()
    expect(await totals()).toEqual({ 'GET /cart': [1, 1, errors, clientErrors, 0, 0, 0, 0] })
  })

  it('tells the fault of the server and that of the client apart by the codes of gRPC, however they are written', async () => {
    const { store, builds, spanOf, closeAll, totals } = ownService()
    const server = [2, 4, 12, 13, 14, 15]
    const codes = Array.from({ length: 18 }, (_, code) => code)
    const names = [
      ...['OK', 'CANCELLED', 'UNKNOWN', 'INVALID_ARGUMENT', 'DEADLINE_EXCEEDED', 'NOT_FOUND', 'ALREADY_EXISTS'],
      ...['PERMISSION_DENIED', 'RESOURCE_EXHAUSTED', 'FAILED_PRECONDITION', 'ABORTED', 'OUT_OF_RANGE', 'UNIMPLEMENTED'],
      ...['INTERNAL', 'UNAVAILABLE', 'DATA_LOSS', 'UNAUTHENTICATED', 'NO_CODE'],
    ]
    const written = codes.flatMap((code) => [
      { code, attributes: { 'rpc.grpc.status_code': String(code) } },
      { code, attributes: { 'rpc.response.status_code': String(code) } },
      { code, attributes: { 'rpc.response.status_code': names[code]! } },
      { code, attributes: { 'rpc.response.status_code': names[code]!.toLowerCase() } },
    ])
    await store.ingest.insert(
      batchOf(
        ...written.map(({ code, attributes }) =>
          spanOf({ attributes: { ...attributes, 'rpc.method': `m/${code}`, 'service.version': '1.0.0' } }),
        ),
        spanOf({
          attributes: { 'rpc.response.status_code': 'canceled', 'rpc.method': 'connect', 'service.version': '1.0.0' },
        }),
        spanOf({
          attributes: { 'rpc.response.status_code': '-32602', 'rpc.method': 'json', 'service.version': '1.0.0' },
        }),
      ),
    )
    await closeAll()
    const expected = codes.map((code) => {
      const client = code > 0 && code < 17 && !server.includes(code)
      return [`m/${code}`, [4, 4, server.includes(code) ? 4 : 0, client ? 4 : 0, 0, 0, 0, 0]]
    })
    expect(await totals()).toEqual({
      ...Object.fromEntries(expected),
      connect: [1, 1, 0, 1, 0, 0, 0, 0],
      json: [1, 1, 0, 0, 0, 0, 0, 0],
    })
    const told = new Map(
      (await all(store.ticks.read(builds))).map(({ operation, ticks }) => [operation, ticks[0]!.stable]),
    )
    expect(told.get('m/16')).toMatchObject({ clientCodes: { 'gRPC UNAUTHENTICATED': 4 }, errorTypes: {} })
    expect(told.get('m/13')).toMatchObject({ clientCodes: {}, errorTypes: { 'gRPC INTERNAL': 4 } })
    expect(told.get('connect')).toMatchObject({ clientCodes: { 'gRPC CANCELLED': 1 } })
  })

  it('has client errors by their code, of closed ticks and of raw spans alike', async () => {
    const { store, builds, spanOf, closeAll } = ownService()
    const answered = (attributes: Record<string, string>, build = '1.0.0'): Span =>
      spanOf({ attributes: cart({ ...attributes, 'service.version': build, region: 'eu' }) })
    await store.ingest.insert(
      batchOf(
        answered({ 'http.response.status_code': '404' }),
        answered({ 'http.response.status_code': '404' }),
        answered({ 'http.status_code': '401' }),
        answered({ 'rpc.grpc.status_code': '7' }),
        answered({ 'http.response.status_code': '409', 'rpc.grpc.status_code': '6' }, '2.0.0'),
        answered({ 'http.response.status_code': '200' }),
      ),
    )
    await closeAll()
    const expected = [{ 'HTTP 401': 1, 'HTTP 404': 2, 'gRPC PERMISSION_DENIED': 1 }, { 'HTTP 409': 1 }]
    const codes = async (comparison: Comparison) =>
      (await all(store.ticks.read(comparison)))[0]!.ticks.flatMap(({ stable, canary }) => [
        stable.clientCodes,
        canary.clientCodes,
      ])
    expect(await codes(builds)).toEqual(expected)
    const inRegion = (selector: string): string => `${selector},region=eu`
    const raw = { ...builds, stable: inRegion(builds.stable), canary: inRegion(builds.canary) }
    expect(store.ticks.read(raw).source).toBe('spans')
    expect(await codes(raw)).toEqual(expected)
    // What was kept of the first look.
    expect(await codes(raw)).toEqual(expected)
  })

  it.each([
    [{ 'http.route': '/cart', 'http.request.method': 'PUT' }, 'PUT /cart'],
    [{ 'http.route': '/cart', 'http.method': 'PUT' }, 'PUT /cart'],
    [{ 'http.route': '/cart' }, '/cart'],
    [{ 'rpc.method': 'Get', 'rpc.service': 'shop.Cart' }, 'shop.Cart/Get'],
    [{ 'rpc.method': 'shop.Cart/Get' }, 'shop.Cart/Get'],
    [{ 'messaging.destination.template': 'orders.{region}' }, 'orders.{region}'],
    [{}, 'GET'],
  ])('names the operation of %o', async (attributes, operation) => {
    const { store, spanOf, closeAll, totals } = ownService()
    await store.ingest.insert(batchOf(spanOf({ attributes: { 'service.version': '1.0.0', ...attributes } })))
    await closeAll()
    expect(Object.keys(await totals())).toEqual([operation])
  })

  it('gives operations that come later rows of their own too, and counts each span once', async () => {
    const { store, spanOf, closeAll, totals } = ownService()
    const at = (operation: string, atMs: number): Span =>
      spanOf({
        atMs,
        attributes: { 'http.request.method': 'GET', 'http.route': operation, 'service.version': '1.0.0' },
      })
    await store.ingest.insert(batchOf(at('/a', 0)))
    await closeAll()
    await store.ingest.insert(batchOf(at('/a', 5_000), at('/b', 5_000)))
    await closeAll()
    await store.ingest.insert(batchOf(at('/a', 10_000), at('/b', 10_000)))
    await closeAll()
    expect(await totals()).toEqual({
      'GET /a': [3, 3, 0, 0, 0, 0, 0, 0],
      'GET /b': [2, 2, 0, 0, 0, 0, 0, 0],
    })
  })

  it('counts operations past 500 as (other)', async () => {
    const { store, spanOf, closeAll, totals } = ownService()
    const attributes = { 'service.version': '1.0.0' }
    const many = Array.from({ length: 520 }, (_, index) => spanOf({ name: `op ${index}`, attributes }))
    await store.ingest.insert(batchOf(...many))
    await closeAll()
    const sums = await totals()
    expect(Object.keys(sums)).toHaveLength(501)
    expect(sums['(other)']).toEqual([20, 20, 0, 0, 0, 0, 0, 0])
  })

  it('reads entry spans alone', async () => {
    const { store, spanOf, closeAll, totals } = ownService()
    const parentSpanId = 'cd'.repeat(8)
    await store.ingest.insert(
      batchOf(
        spanOf({ kind: 'Client', parentSpanId }),
        spanOf({ kind: 'Consumer', parentSpanId }),
        spanOf({ kind: 'Internal' }),
      ),
    )
    await closeAll()
    expect(await totals()).toEqual({ 'GET /cart': [2, 2, 0, 0, 0, 0, 0, 0] })
  })

  it("reads the exporter's older spelling of kinds and codes", async () => {
    const { store, spanOf, closeAll, totals } = ownService()
    const old = spanOf({ parentSpanId: 'cd'.repeat(8) }) as { kind: string; status: string }
    old.kind = 'SPAN_KIND_SERVER'
    old.status = 'STATUS_CODE_ERROR'
    await store.ingest.insert(batchOf(old as unknown as Span))
    await closeAll()
    expect(await totals()).toEqual({ 'GET /cart': [1, 1, 1, 0, 0, 0, 0, 0] })
  })

  it("takes the resource's version where the span has none", async () => {
    const { store, spanOf, closeAll, totals } = ownService()
    await store.ingest.insert(batchOf(spanOf({ attributes: cart({}), resource: { 'service.version': '2.0.0' } })))
    await closeAll()
    expect(await totals()).toEqual({ 'GET /cart': [0, 0, 0, 0, 1, 1, 0, 0] })
  })
})
