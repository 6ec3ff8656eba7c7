import { describe, expect, it } from 'vitest'
import { freshStore, testWatermarkMs } from '../../test/fresh-store.ts'
import { evaluationOf } from '../../test/log-records.ts'
import { batchOf, firstStart, spanOf } from '../../test/spans.ts'
import { cart } from '../../test/totals.ts'

const fresh = freshStore()
const { closeAll } = fresh

const canary = cart({ 'service.version': '2.0.0' })

describe('what the store knows of test traffic', () => {
  it('is which runs there were, for whom, and what they touched', async () => {
    const test = (attributes: Record<string, string>) => cart({ 'coalmine.test': 'true', ...attributes })
    const ofRun = { 'coalmine.test.run': 'load-7', 'coalmine.test.entity': 'user:1,cart:7' }
    await fresh.store.ingest.insert(
      batchOf(
        spanOf(),
        spanOf({ attributes: test({ ...ofRun, 'coalmine.flag.pricing': 'on' }) }),
        spanOf({ attributes: test({ ...ofRun, 'coalmine.flags': 'a=1;b=2' }), atMs: 60_000, status: 'Error' }),
        spanOf({ service: 'inventory', attributes: test({ ...ofRun, 'coalmine.test.entity': 'user:2' }) }),
        spanOf({ attributes: test({}), atMs: 120_000 }),
        spanOf({ kind: 'Client', parentSpanId: 'cd'.repeat(8), attributes: test(ofRun) }),
      ),
    )
    await closeAll()
    // Requests, not the spans below them.
    expect(await fresh.store.services.doctor('storefront')).toMatchObject({ spans: 5, requests: 4, test: 3 })
    expect(await fresh.store.services.tests(24)).toEqual({
      hours: 24,
      runs: [
        {
          run: '',
          firstMs: firstStart + 120_000,
          lastMs: firstStart + 120_020,
          spans: 1,
          requests: 1,
          errors: 0,
          entities: 0,
          services: ['storefront'],
          flags: [],
        },
        {
          run: 'load-7',
          firstMs: firstStart,
          lastMs: firstStart + 60_020,
          spans: 4,
          requests: 3,
          errors: 1,
          entities: 3,
          services: ['inventory', 'storefront'],
          flags: ['a', 'b', 'pricing'],
        },
      ],
      entities: [
        { entity: 'cart:7', requests: 2, lastMs: firstStart + 60_020 },
        { entity: 'user:1', requests: 2, lastMs: firstStart + 60_020 },
        { entity: 'user:2', requests: 1, lastMs: firstStart + 20 },
      ],
      services: [
        { service: 'storefront', operation: 'GET /cart', requests: 3, errors: 1 },
        { service: 'inventory', operation: 'GET /cart', requests: 1, errors: 0 },
      ],
    })
    expect((await fresh.store.services.tests(0)).services).toEqual([])
  })
})

describe('what the store knows of a service', () => {
  it('is which values it saw, and what waits', async () => {
    await fresh.store.ingest.insert(
      batchOf(spanOf(), spanOf(), spanOf({ attributes: canary }), spanOf({ service: 'inventory' })),
    )
    await closeAll()
    await fresh.store.ingest.insert(batchOf(spanOf({ atMs: 3_600_000 })))
    expect(await fresh.store.services.known('storefront')).toMatchObject({
      services: ['storefront', 'inventory'],
      values: ['service.version=1.0.0', 'service.version=2.0.0'],
      requests: [2, 1],
      first: [firstStart / 1000, firstStart / 1000],
      open: { ticks: 1, spans: 1 },
    })
    expect((await fresh.store.services.known()).values).toEqual([])
    const served = { firstMs: firstStart, lastMs: firstStart + 5_000 }
    const builds = (...versions: string[]) => ({
      count: versions.length,
      lastMs: served.lastMs,
      builds: versions.map((version) => ({ version, ...served })),
    })
    expect((await fresh.store.services.newest()).services).toEqual([
      { service: 'inventory', ...builds('1.0.0') },
      { service: 'storefront', ...builds('2.0.0', '1.0.0') },
    ])
  })

  it('is which marks arrive', async () => {
    const parentSpanId = 'cd'.repeat(8)
    const sdk = {
      'telemetry.sdk.name': 'opentelemetry',
      'telemetry.sdk.language': 'nodejs',
      'telemetry.sdk.version': '3.1.1',
    }
    await fresh.store.ingest.insert(
      batchOf(
        spanOf({ resource: { ...sdk, 'service.instance.id': 'a' } }),
        spanOf({
          resource: { 'k8s.pod.name': 'b' },
          attributes: { 'http.request.method': 'GET', 'coalmine.test': 'true' },
        }),
        spanOf({ kind: 'Client', parentSpanId, attributes: { 'coalmine.flag.f': 'on' } }),
      ),
    )
    expect(await fresh.store.services.doctor('storefront')).toMatchObject({
      operations: [],
      names: { all: 0, kinds: [] },
      open: { ticks: 1, spans: 3, seconds: (testWatermarkMs + 5000) / 1000 },
    })
    await closeAll()
    expect(await fresh.store.services.doctor('nobody')).toBeUndefined()
    expect(await fresh.store.services.doctor('storefront')).toEqual({
      service: 'storefront',
      spans: 3,
      firstMs: firstStart,
      lastMs: firstStart,
      requests: 2,
      withBuild: 1,
      withFlags: 1,
      test: 1,
      withoutRoute: 1,
      builds: ['1.0.0'],
      flags: ['f'],
      instances: ['a', 'b'],
      sdks: [{ name: 'opentelemetry', language: 'nodejs', version: '3.1.1' }],
      evaluations: [],
      operations: [
        { operation: 'GET', requests: 1 },
        { operation: 'GET /cart', requests: 1 },
      ],
      names: {
        all: 2,
        kinds: [
          { kind: 'GET', names: 1, requests: 1 },
          { kind: 'GET /cart', names: 1, requests: 1 },
        ],
      },
      late: 0,
      open: { ticks: 0, spans: 0, seconds: 0 },
    })
  })
})

describe('log records', () => {
  it('are told of by flag, beside what spans of the same hour have', async () => {
    await fresh.store.ingest.insert(batchOf(spanOf({ attributes: { 'coalmine.flag.new-pricing': 'on' } })))
    const old = evaluationOf({ flag: 'gone', atMs: -3_601_000 })
    const error = { 'error.type': 'flag_not_found', 'feature_flag.result.reason': 'error' }
    const odd = evaluationOf({ flag: 'half \ud83d a "pair"\n', traceId: '', spanId: '', atMs: 2 })
    await Promise.all([
      fresh.store.ingest.insertLogs([evaluationOf(), evaluationOf({ atMs: 1, attributes: error }), old]),
      fresh.store.ingest.insertLogs([odd, evaluationOf({ service: 'other' })]),
    ])
    await fresh.store.ingest.insertLogs([])
    expect((await fresh.store.services.doctor('storefront'))!.evaluations).toEqual([
      {
        flag: 'new-pricing',
        evaluations: 2,
        providers: ['unleash'],
        reasons: ['error', 'targeting_match'],
        errors: 1,
        errorTypes: ['flag_not_found'],
        firstMs: firstStart,
        lastMs: firstStart + 1,
        onSpans: true,
      },
      {
        flag: 'half \ufffd a "pair"\n',
        evaluations: 1,
        providers: ['unleash'],
        reasons: ['targeting_match'],
        errors: 0,
        errorTypes: [],
        firstMs: firstStart + 2,
        lastMs: firstStart + 2,
        onSpans: false,
      },
    ])
    expect((await fresh.store.sizes()).tables).toContainEqual(expect.objectContaining({ table: 'otel_logs', rows: 5 }))
  })

  it('are told of where no span came, in the hour before the last', async () => {
    await fresh.store.ingest.insertLogs([evaluationOf(), evaluationOf({ atMs: -3_601_000 })])
    expect(await fresh.store.services.doctor('storefront')).toMatchObject({
      spans: 0,
      flags: [],
      operations: [],
      evaluations: [{ flag: 'new-pricing', evaluations: 1, onSpans: false }],
    })
    expect((await fresh.store.services.known()).services).toEqual([])
  })
})
