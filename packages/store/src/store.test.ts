import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { evaluationOf } from '../test/log-records.ts'
import { newPlace, type Place } from '../test/place.ts'
import { batchOf, firstStart, spanOf } from '../test/spans.ts'
import { all, builds, cart, totalsOf } from '../test/totals.ts'
import { openStore, type Store, type StoreOptions } from './store.ts'

const testWatermarkMs = 15_000

let place: Place
let clock: number
let store: Store

const open = (options: Partial<StoreOptions> = {}): Promise<Store> =>
  openStore({ location: place.location, watermarkMs: testWatermarkMs, now: () => clock, ...options })

beforeAll(async () => {
  place = await newPlace()
})

afterAll(() => place.remove())

beforeEach(async () => {
  clock = firstStart
  store = await open()
})

afterEach(async () => {
  await store.close()
  await place.empty()
})

const canary = cart({ 'service.version': '2.0.0' })

async function closeAfter(ms: number): Promise<number> {
  clock = firstStart + ms
  return store.ingest.closeDue()
}

const closeAll = (): Promise<number> => closeAfter(3_600_000)

const totals = (comparison?: Parameters<Store['ticks']['read']>[0]) => totalsOf(store, comparison)

describe('closing', () => {
  it('counts a batch that was sent twice once', async () => {
    const batch = batchOf(spanOf(), spanOf(), spanOf({ attributes: canary }))
    await store.ingest.insert(batch)
    await store.ingest.insert(batch)
    await closeAll()
    expect(await totals()).toEqual({ 'GET /cart': [2, 2, 0, 0, 1, 1, 0, 0] })
  })

  it('counts once each what comes in several groups at once, also of spans that fill them', async () => {
    // So that one group goes in while another is brought.
    const filler = 'x'.repeat(20_000)
    const batches = Array.from({ length: 24 }, (_, at) =>
      batchOf(
        ...Array.from({ length: 50 }, (_, n) =>
          spanOf({ atMs: n, attributes: cart({ 'service.version': at % 2 ? '2.0.0' : '1.0.0', filler }) }),
        ),
      ),
    )
    await Promise.all(batches.map((batch) => store.ingest.insert(batch)))
    await Promise.all(batches.slice(0, 12).map((batch) => store.ingest.insert(batch)))
    await closeAll()
    expect(await totals()).toEqual({ 'GET /cart': [600, 600, 0, 0, 600, 600, 0, 0] })
    expect((await store.sizes()).tables.find(({ table }) => table === 'otel_traces')!.rows).toBe(1_800)
  })

  it('counts what came within the last second of a tick', async () => {
    await store.ingest.insert(batchOf(spanOf({ atMs: 4_979, resource: { region: 'a' } })))
    await closeAll()
    expect(await totals()).toEqual({ 'GET /cart': [1, 1, 0, 0, 0, 0, 0, 0] })
    const raw = { service: 'storefront', stable: 'region=a', canary: 'region=b', end: firstStart + 5_000 }
    expect(await totals(raw)).toEqual({ 'GET /cart': [1, 1, 0, 0, 0, 0, 0, 0] })
  })

  it('counts a request in the tick in which it ended, however long it hung', async () => {
    const hung = { durationNs: 600_000_000_000n, resource: { region: 'a' } }
    await store.ingest.insert(batchOf(spanOf(hung), spanOf({ ...hung, durationNs: 3_600_000_000_000n })))
    await closeAll()
    const ended = (second: number) => ({ start: firstStart + second * 1000, end: firstStart + (second + 5) * 1000 })
    for (const by of [builds, { service: 'storefront', stable: 'region=a', canary: 'region=b' }]) {
      expect(await totals({ ...by, ...ended(600) })).toEqual({ 'GET /cart': [1, 1, 0, 0, 0, 0, 0, 0] })
      // After a quarter of an hour nobody waits any more.
      expect(await totals({ ...by, ...ended(900) })).toEqual({ 'GET /cart': [1, 1, 0, 0, 0, 0, 0, 0] })
      expect(await totals(by)).toEqual({ 'GET /cart': [2, 2, 0, 0, 0, 0, 0, 0] })
    }
  })

  it('closes anew, with what an import brings, what began long before the tick', async () => {
    await store.ingest.insert(batchOf(spanOf({ durationNs: 600_000_000_000n })))
    await closeAll()
    const hold = await store.ingest.hold()
    await store.ingest.insert(batchOf(spanOf({ atMs: 601_000 })), hold)
    store.ingest.release(hold)
    await closeAll()
    expect(await totals()).toEqual({ 'GET /cart': [2, 2, 0, 0, 0, 0, 0, 0] })
  })

  it('waits for a service whose spans came late, so that a client that exports once a minute is late once', async () => {
    const late: number[] = []
    // Stable exports every five seconds, the canary once a minute.
    for (let second = 5; second <= 240; second += 5) {
      clock = firstStart + second * 1000
      await store.ingest.insert(batchOf(spanOf({ atMs: (second - 5) * 1000 })))
      if (second % 60 === 0) {
        const minute = Array.from({ length: 12 }, (_, n) =>
          spanOf({ atMs: (second - 60 + n * 5) * 1000, attributes: canary }),
        )
        late.push((await store.ingest.insert(batchOf(...minute))).late)
      }
      await store.ingest.closeDue()
    }
    expect(late).toEqual([8, 0, 0, 0])
    await closeAll()
    const lateTicks = await store.ticks.late(builds)
    expect(lateTicks).toHaveLength(8)
    expect(lateTicks[0]).toEqual({
      tick: firstStart,
      stable: { traces: 1, late: 0, errors: 0 },
      canary: { traces: 1, late: 1, errors: 0 },
    })
    expect(await totals()).toEqual({ 'GET /cart': [48, 48, 0, 0, 40, 40, 0, 0] })
  })

  it('closes a tick a watermark after its end, and once', async () => {
    await store.ingest.insert(batchOf(spanOf()))
    expect(await closeAfter(5_000 + testWatermarkMs - 1)).toBe(0)
    expect(await closeAfter(5_000 + testWatermarkMs)).toBe(1)
    expect(await closeAll()).toBe(0)
  })

  it('keeps a tick open for a watermark after its first span came, however old the tick', async () => {
    clock = firstStart + 600_000
    await store.ingest.insert(batchOf(spanOf()))
    expect(await closeAfter(600_000 + testWatermarkMs - 1)).toBe(0)
    expect(await closeAfter(600_000 + testWatermarkMs)).toBe(1)
  })

  it('stores late spans, counts them, and leaves the closed tick as it was', async () => {
    await store.ingest.insert(batchOf(spanOf()))
    await closeAll()
    expect(
      await store.ingest.insert(batchOf(spanOf({ atMs: 1 }), spanOf({ atMs: 2 }), spanOf({ atMs: 5_000 }))),
    ).toEqual({
      late: 2,
    })
    await closeAfter(7_200_000)
    expect(await totals()).toEqual({ 'GET /cart': [2, 2, 0, 0, 0, 0, 0, 0] })
    expect((await store.cohorts.facts(builds)).late).toBe(2)
  })

  it('finds what it had not closed when it is opened again', async () => {
    await store.ingest.insert(batchOf(spanOf(), spanOf({ atMs: 7_000 })))
    await closeAfter(5_000 + testWatermarkMs)
    await store.close()
    store = await open()
    expect(await closeAfter(5_000 + testWatermarkMs + 1)).toBe(0)
    expect(await closeAll()).toBe(1)
    expect(await totals()).toEqual({ 'GET /cart': [2, 2, 0, 0, 0, 0, 0, 0] })
  })

  it('remembers what it had closed when it is opened again', async () => {
    await store.ingest.insert(batchOf(spanOf()))
    await closeAll()
    await store.close()
    store = await open()
    expect(await store.ingest.insert(batchOf(spanOf()))).toEqual({ late: 1 })
    expect(await totals()).toEqual({ 'GET /cart': [1, 1, 0, 0, 0, 0, 0, 0] })
  })

  it('holds the ticks of an import open until it ends, then closes them at once', async () => {
    const hold = await store.ingest.hold()
    await store.ingest.insert(batchOf(spanOf()), hold)
    expect(await closeAll()).toBe(0)
    await store.ingest.insert(batchOf(spanOf()), hold)
    store.ingest.release(hold)
    expect(await store.ingest.closeDue()).toBe(1)
    expect(await totals()).toEqual({ 'GET /cart': [2, 2, 0, 0, 0, 0, 0, 0] })
  })

  it('closes a tick anew when an import brings more of it, and counts every span once', async () => {
    const again = spanOf({ traceId: 'aa'.repeat(16), spanId: 'aa'.repeat(8) })
    await store.ingest.insert(batchOf(again))
    await closeAll()
    const hold = await store.ingest.hold()
    expect(await store.ingest.insert(batchOf(again, spanOf({ atMs: 1 })), hold)).toEqual({ late: 0 })
    store.ingest.release(hold)
    expect(await store.ingest.closeDue()).toBe(1)
    await store.close()
    store = await open()
    expect(await closeAll()).toBe(0)
    expect((await store.cohorts.facts(builds)).stable.requests).toBe(2)
  })

  it('remembers how far the import of a file has come', async () => {
    expect(await store.imports.progress('file')).toBeUndefined()
    const progress = { line: 3, bytes: 2 ** 40, finished: false, totals: { why: ['it\'s "a"\n\t\\n {b:String}'] } }
    await store.imports.remember('file', progress)
    expect(await store.imports.progress('file')).toEqual(progress)
    await store.imports.remember('file', { ...progress, finished: true })
    expect(await store.imports.progress('file')).toEqual({ ...progress, finished: true })
  })

  it('has closed what is due when a call returns, though another call was closing', async () => {
    const first = await store.ingest.hold()
    await store.ingest.insert(batchOf(spanOf()), first)
    store.ingest.release(first)
    const closing = store.ingest.closeDue()
    const second = await store.ingest.hold()
    await store.ingest.insert(batchOf(spanOf({ atMs: 5_000 })), second)
    store.ingest.release(second)
    const [one, two] = await Promise.all([closing, store.ingest.closeDue()])
    expect(one + two).toBe(2)
    expect(await totals()).toEqual({ 'GET /cart': [2, 2, 0, 0, 0, 0, 0, 0] })
  })

  it('waits for live spans in a tick that an import filled too', async () => {
    const hold = await store.ingest.hold()
    await store.ingest.insert(batchOf(spanOf()), hold)
    await store.ingest.insert(batchOf(spanOf()))
    store.ingest.release(hold)
    expect(await store.ingest.closeDue()).toBe(0)
    expect(await closeAfter(5_000 + testWatermarkMs)).toBe(1)
  })
})

it('refuses a retention that the engine cannot keep', async () => {
  await expect(openStore({ location: place.location, retentionDays: 36_500 })).rejects.toMatchObject({
    kind: 'usage',
    message: 'retentionDays: expected 1 to 3650, got 36500',
  })
})

describe('a comparison', () => {
  it('starts with its canary, and stays there', async () => {
    expect(await store.memory.start(builds)).toBeUndefined()
    await store.ingest.insert(batchOf(spanOf(), spanOf({ atMs: 12_000, attributes: canary })))
    await closeAll()
    expect(await store.memory.start(builds)).toBe(firstStart + 10_000)
    await store.ingest.insert(batchOf(spanOf({ atMs: -50_000, attributes: canary })))
    await closeAfter(7_200_000)
    expect(await store.memory.start(builds)).toBe(firstStart + 10_000)
    await store.close()
    store = await open()
    expect(await store.memory.start(builds)).toBe(firstStart + 10_000)
    expect(await store.memory.start({ ...builds, stable: 'resource:a=b' })).toBe(firstStart - 50_000)
  })

  it('by anything starts with the first raw span that its canary has', async () => {
    await store.ingest.insert(batchOf(spanOf({ atMs: 6_000, resource: { region: 'b' } })))
    await closeAll()
    expect(await store.memory.start({ service: 'storefront', stable: 'region=a', canary: 'region=b' })).toBe(
      firstStart + 5_000,
    )
  })
})

describe('what the store knows of a service', () => {
  it('is which values it saw, and what waits', async () => {
    await store.ingest.insert(
      batchOf(spanOf(), spanOf(), spanOf({ attributes: canary }), spanOf({ service: 'inventory' })),
    )
    await closeAll()
    await store.ingest.insert(batchOf(spanOf({ atMs: 3_600_000 })))
    expect(await store.services.known('storefront')).toMatchObject({
      services: ['storefront', 'inventory'],
      values: ['service.version=1.0.0', 'service.version=2.0.0'],
      requests: [2, 1],
      first: [firstStart / 1000, firstStart / 1000],
      open: { ticks: 1, spans: 1 },
    })
    expect((await store.services.known()).values).toEqual([])
  })

  it('is which marks arrive', async () => {
    const parentSpanId = 'cd'.repeat(8)
    const sdk = {
      'telemetry.sdk.name': 'opentelemetry',
      'telemetry.sdk.language': 'nodejs',
      'telemetry.sdk.version': '3.1.1',
    }
    await store.ingest.insert(
      batchOf(
        spanOf({ resource: { ...sdk, 'service.instance.id': 'a' } }),
        spanOf({
          resource: { 'k8s.pod.name': 'b' },
          attributes: { 'http.request.method': 'GET', 'coalmine.test': 'true' },
        }),
        spanOf({ kind: 'Client', parentSpanId, attributes: { 'coalmine.flag.f': 'on' } }),
      ),
    )
    expect(await store.services.doctor('storefront')).toMatchObject({
      operations: [],
      names: { all: 0, kinds: [] },
      open: { ticks: 1, spans: 3, seconds: (testWatermarkMs + 5000) / 1000 },
    })
    await closeAll()
    expect(await store.services.doctor('nobody')).toBeUndefined()
    expect(await store.services.doctor('storefront')).toEqual({
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
    await store.ingest.insert(batchOf(spanOf({ attributes: { 'coalmine.flag.new-pricing': 'on' } })))
    const old = evaluationOf({ flag: 'gone', atMs: -3_601_000 })
    const error = { 'error.type': 'flag_not_found', 'feature_flag.result.reason': 'error' }
    const odd = evaluationOf({ flag: 'half \ud83d a "pair"\n', traceId: '', spanId: '', atMs: 2 })
    await Promise.all([
      store.ingest.insertLogs([evaluationOf(), evaluationOf({ atMs: 1, attributes: error }), old]),
      store.ingest.insertLogs([odd, evaluationOf({ service: 'other' })]),
    ])
    await store.ingest.insertLogs([])
    expect((await store.services.doctor('storefront'))!.evaluations).toEqual([
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
    expect((await store.sizes()).tables).toContainEqual(expect.objectContaining({ table: 'otel_logs', rows: 5 }))
  })

  it('are told of where no span came, in the hour before the last', async () => {
    await store.ingest.insertLogs([evaluationOf(), evaluationOf({ atMs: -3_601_000 })])
    expect(await store.services.doctor('storefront')).toMatchObject({
      spans: 0,
      flags: [],
      operations: [],
      evaluations: [{ flag: 'new-pricing', evaluations: 1, onSpans: false }],
    })
    expect((await store.services.known()).services).toEqual([])
  })
})

const prefixed = (flags: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(flags).map(([key, variant]) => [`coalmine.flag.${key}`, variant]))

const packed = (flags: Record<string, string>): Record<string, string> => ({
  'coalmine.flags': Object.entries(flags)
    .map((pair) => pair.map((text) => text.replace(/[;=%]/g, encodeURIComponent)).join('='))
    .join(';'),
})

describe('cohorts', () => {
  const flagged = (variant: string, version = '1.0.0') =>
    cart({ 'coalmine.flag.new-pricing': variant, 'service.version': version })

  it('leaves test traffic out and counts it', async () => {
    await store.ingest.insert(
      batchOf(spanOf(), spanOf({ attributes: { ...canary, 'coalmine.test': 'true' } }), spanOf({ attributes: canary })),
    )
    await closeAll()
    expect(await totals()).toEqual({ 'GET /cart': [1, 1, 0, 0, 1, 1, 0, 0] })
    expect(await store.cohorts.facts(builds)).toMatchObject({
      stable: { testRequests: 0 },
      canary: { requests: 1, testRequests: 1 },
    })
  })

  it('are test traffic where a selector names its marks: one run against another, or against users', async () => {
    const inRun = (run: string, version = '1.0.0') =>
      cart({ 'service.version': version, 'coalmine.test': 'true', 'coalmine.test.run': run })
    await store.ingest.insert(
      batchOf(
        spanOf({ attributes: inRun('load-6') }),
        spanOf({ atMs: 5_000, attributes: inRun('load-7') }),
        spanOf({ atMs: 5_000, attributes: inRun('load-7', '2.0.0') }),
        ...[0, 5_000, 5_000].map((atMs) => spanOf({ atMs })),
        // Whatever an application calls a run: it is no test.
        spanOf({ atMs: 5_000, attributes: cart({ 'coalmine.test.run': 'load-7' }) }),
      ),
    )
    await closeAll()
    const runs = {
      service: 'storefront',
      stable: 'coalmine.test.run=load-6',
      canary: 'coalmine.test.run=load-7',
    }
    expect(await totals(runs)).toEqual({ 'GET /cart': [1, 1, 0, 0, 2, 2, 0, 0] })
    expect(await store.cohorts.facts(runs)).toMatchObject({
      stable: { requests: 1, testRequests: 0 },
      canary: { requests: 2, testRequests: 0 },
    })
    expect(await store.memory.start(runs)).toBe(firstStart + 5_000)
    const tests = { ...runs, stable: 'service.version=1.0.0', canary: 'coalmine.test=true,service.version=2.0.0' }
    expect(await totals(tests)).toEqual({ 'GET /cart': [3, 3, 0, 0, 1, 1, 0, 0] })
    expect(await store.cohorts.facts(tests)).toMatchObject({ stable: { requests: 3, testRequests: 2 } })
    const same = { ...runs, stable: 'service.version=1.0.0', canary: 'coalmine.test=true,service.version=1.0.0' }
    expect(await totals(same)).toEqual({ 'GET /cart': [3, 3, 0, 0, 2, 2, 0, 0] })
    expect(await store.cohorts.facts(same)).toMatchObject({
      stable: { requests: 3 },
      canary: { requests: 2 },
      overlap: 0,
    })
  })

  it('are by a flag, or by build and flag', async () => {
    await store.ingest.insert(
      batchOf(
        spanOf({ attributes: flagged('on') }),
        spanOf({ attributes: flagged('off') }),
        spanOf({ attributes: flagged('off', '2.0.0') }),
        spanOf(),
      ),
    )
    await closeAll()
    const flag = { service: 'storefront', stable: 'flag:new-pricing=off', canary: 'flag:new-pricing=on' }
    expect(await totals(flag)).toEqual({ 'GET /cart': [2, 2, 0, 0, 1, 1, 0, 0] })
    const both = {
      service: 'storefront',
      stable: 'service.version=1.0.0,flag:new-pricing=off',
      canary: 'service.version=2.0.0,flag:new-pricing=off',
    }
    expect(store.ticks.read(both).source).toBe('ticks')
    expect(await totals(both)).toEqual({ 'GET /cart': [1, 1, 0, 0, 1, 1, 0, 0] })
  })

  it.each([
    ['each', (flags: Record<string, string>) => prefixed(flags)],
    ['packed', (flags: Record<string, string>) => packed(flags)],
    ['both', (flags: Record<string, string>) => ({ ...prefixed(flags), ...packed(flags) })],
  ])('by flags come out alike when a span has them %s', async (_, write) => {
    const version = { 'service.version': '1.0.0' }
    await store.ingest.insert(
      batchOf(
        spanOf({ attributes: cart({ ...version, ...write({ a: 'on', 'x;y=%': '50%;=' }) }) }),
        spanOf({ attributes: cart({ ...version, ...write({ a: 'off', b: 'on' }) }) }),
        spanOf({ attributes: cart({ ...version, ...write({ a: 'off', b: 'off' }) }) }),
        spanOf({ attributes: cart({ ...version, ...write({ a: '(mixed)' }) }) }),
        spanOf({ atMs: 5_000, attributes: cart(version) }),
      ),
    )
    await closeAll()
    const { values } = await store.services.known('storefront')
    expect(values.toSorted()).toEqual([
      'flag:a=(mixed)',
      'flag:a=off',
      'flag:a=on',
      'flag:b=off',
      'flag:b=on',
      'flag:x;y%3D%25=50%25;%3D',
      'service.version=1.0.0',
    ])
    const closed = { service: 'storefront', stable: 'flag:a=off', canary: 'flag:a=on' }
    expect(store.ticks.read(closed).source).toBe('ticks')
    expect(await totals(closed)).toEqual({ 'GET /cart': [2, 2, 0, 0, 1, 1, 0, 0] })
    const raw = { service: 'storefront', stable: 'flag:a=off,flag:b=off', canary: 'flag:a=off,flag:b=on' }
    expect(store.ticks.read(raw).source).toBe('spans')
    expect(await totals(raw)).toEqual({ 'GET /cart': [1, 1, 0, 0, 1, 1, 0, 0] })
    expect(await store.memory.start(raw)).toBe(firstStart)
    expect((await store.services.doctor('storefront'))!.flags).toEqual(['a', 'b', 'x;y=%'])
    expect((await store.services.doctor('storefront'))!.withFlags).toBe(4)
  })

  it("by a flag take the application's own attribute before the packed flags", async () => {
    const attributes = cart({ 'coalmine.flag.a': 'off', 'coalmine.flags': 'a=on;b=on' })
    await store.ingest.insert(batchOf(spanOf({ attributes })))
    await closeAll()
    expect((await store.services.known('storefront')).values.toSorted()).toEqual(['flag:a=off', 'flag:b=on'])
    const raw = { service: 'storefront', stable: 'flag:a=off,flag:b=on', canary: 'flag:a=on,flag:b=on' }
    expect(await totals(raw)).toEqual({ 'GET /cart': [1, 1, 0, 0, 0, 0, 0, 0] })
  })

  it('are by audience: real users, in every other comparison too', async () => {
    const beta = (version: string) => cart({ 'service.version': version, 'coalmine.audience': 'beta' })
    await store.ingest.insert(
      batchOf(
        spanOf(),
        spanOf({ attributes: beta('1.0.0') }),
        spanOf({ attributes: canary }),
        spanOf({ attributes: beta('2.0.0') }),
        spanOf({ attributes: { ...beta('2.0.0'), 'coalmine.test': 'true' } }),
      ),
    )
    await closeAll()
    expect(await totals()).toEqual({ 'GET /cart': [2, 2, 0, 0, 2, 2, 0, 0] })
    const among = {
      service: 'storefront',
      stable: 'service.version=1.0.0,coalmine.audience=beta',
      canary: 'service.version=2.0.0,coalmine.audience=beta',
    }
    expect(await totals(among)).toEqual({ 'GET /cart': [1, 1, 0, 0, 1, 1, 0, 0] })
    expect(await store.cohorts.facts(among)).toMatchObject({ canary: { requests: 1, testRequests: 1 } })
  })

  it('are test traffic alone, or with users and apart from them, where the comparison asks for it', async () => {
    const test = { 'coalmine.test': 'true' }
    await store.ingest.insert(
      batchOf(
        spanOf(),
        spanOf({ atMs: 5_000, attributes: { ...canary, ...test } }),
        spanOf({ atMs: 5_000, attributes: cart({ 'service.version': '1.0.0', 'coalmine.flag.a': 'on', ...test }) }),
        spanOf({ atMs: 10_000, attributes: canary }),
      ),
    )
    await closeAll()
    const attribute = { stable: 'resource:absent!=x,service.version=1.0.0', canary: 'service.version=2.0.0' }
    for (const by of [builds, { ...builds, ...attribute }]) {
      const tests = { ...by, traffic: 'test' } as const
      expect(await totals(tests)).toEqual({ 'GET /cart': [1, 1, 0, 0, 1, 1, 0, 0] })
      expect(await store.cohorts.facts(tests)).toMatchObject({
        stable: { requests: 1, testRequests: 0, firstMs: firstStart + 5_020 },
        canary: { requests: 1, testRequests: 0 },
      })
      const both = { ...by, traffic: 'all' } as const
      expect(await totals(both)).toEqual({
        'GET /cart': [1, 1, 0, 0, 1, 1, 0, 0],
        'GET /cart (test)': [1, 1, 0, 0, 1, 1, 0, 0],
      })
      expect(await store.cohorts.facts(both)).toMatchObject({
        stable: { requests: 2, testRequests: 0 },
        canary: { requests: 2, testRequests: 0 },
      })
      expect([await store.memory.start(by), await store.memory.start(tests), await store.memory.start(both)]).toEqual([
        firstStart + 10_000,
        firstStart + 5_000,
        firstStart + 5_000,
      ])
    }
    const flags = { cohort: 'stable', flag: 'a', variant: 'on', requests: 1 }
    expect(await store.cohorts.flagShares({ ...builds, traffic: 'test' })).toEqual([
      { ...flags, operation: 'GET /cart' },
    ])
    expect(await store.cohorts.flagShares({ ...builds, traffic: 'all' })).toEqual([
      { ...flags, operation: 'GET /cart (test)' },
    ])
    expect(await store.cohorts.flagShares(builds)).toEqual([])
  })

  it('know which flags they met, whatever they are by', async () => {
    const met = (version: string, flags: Record<string, string>, more: Record<string, string> = {}) =>
      spanOf({ attributes: cart({ 'service.version': version, ...prefixed(flags), ...more }) })
    await store.ingest.insert(
      batchOf(
        met('1.0.0', { a: 'off', b: 'x' }),
        met('1.0.0', { a: 'on', b: 'y' }),
        met('2.0.0', { a: 'on' }, packed({ b: 'y' })),
        met('2.0.0', { a: 'on' }, { 'coalmine.test': 'true' }),
      ),
    )
    await closeAll()
    const share = (cohort: string, flag: string, variant: string) => ({
      cohort,
      operation: 'GET /cart',
      flag,
      variant,
      requests: 1,
    })
    const expected = [share('canary', 'a', 'on'), share('canary', 'b', 'y')]
    expect((await store.cohorts.flagsMet(builds)).filter(({ cohort }) => cohort === 'canary')).toEqual(expected)
    const flag = { service: 'storefront', stable: 'flag:b=x', canary: 'service.version=2.0.0,flag:a=on' }
    expect(await store.cohorts.flagsMet(flag)).toEqual([
      ...expected,
      share('stable', 'a', 'off'),
      share('stable', 'b', 'x'),
    ])
  })

  it('are read for some operations only, where the comparison asks for them', async () => {
    const at = (route: string) => spanOf({ attributes: { ...canary, 'http.route': route } })
    await store.ingest.insert(batchOf(spanOf(), at('/cart'), at('/checkout')))
    await closeAll()
    const one = { ...builds, operations: ['GET /checkout'] }
    expect(await totals(one)).toEqual({ 'GET /checkout': [0, 0, 0, 0, 1, 1, 0, 0] })
    expect(await totals({ ...one, stable: 'resource:absent!=x,service.version=1.0.0' })).toEqual(await totals(one))
  })

  it('are of some audiences only, where the comparison asks for them', async () => {
    const of = (audience: string, version = '1.0.0') =>
      cart({ 'service.version': version, 'coalmine.audience': audience })
    await store.ingest.insert(
      batchOf(
        spanOf(),
        spanOf({ attributes: of('beta') }),
        spanOf({ attributes: of('internal') }),
        spanOf({ attributes: of('partner') }),
        spanOf({ attributes: canary }),
        spanOf({ atMs: 5_000, attributes: of('internal', '2.0.0') }),
      ),
    )
    await closeAll()
    const some = { ...builds, audience: ['beta', 'internal'] }
    expect(store.ticks.read(some).source).toBe('spans')
    expect(await totals(some)).toEqual({ 'GET /cart': [2, 2, 0, 0, 1, 1, 0, 0] })
    expect([await store.memory.start(builds), await store.memory.start(some)]).toEqual([firstStart, firstStart + 5_000])
  })

  it('are every value but one, also where there is none; two variants in a trace are no other value', async () => {
    const variant = (value: string) => cart({ 'coalmine.flag.a': value })
    await store.ingest.insert(
      batchOf(
        spanOf({ attributes: variant('on') }),
        spanOf({ attributes: variant('off') }),
        spanOf({ attributes: variant('blue') }),
        spanOf({ attributes: variant('(mixed)') }),
        spanOf({ attributes: cart({}) }),
        spanOf({ atMs: 5_000, attributes: cart({}), resource: { 'k8s.node.pool': 'a' } }),
        spanOf({ atMs: 5_000, attributes: cart({}), resource: { 'k8s.node.pool': 'b' } }),
      ),
    )
    await closeAll()
    const flag = { service: 'storefront', stable: 'flag:a!=on', canary: 'flag:a=on' }
    expect(await totals(flag)).toEqual({ 'GET /cart': [5, 5, 0, 0, 1, 1, 0, 0] })
    expect(await store.cohorts.facts(flag)).toMatchObject({ overlap: 1, mixedRequests: 1 })
    const reversed = { ...flag, stable: flag.canary, canary: flag.stable }
    expect(await totals(reversed)).toEqual({ 'GET /cart': [1, 1, 0, 0, 5, 5, 0, 0] })
    expect(await store.memory.start(reversed)).toBe(firstStart)
    const pool = { service: 'storefront', stable: 'resource:k8s.node.pool!=b', canary: 'resource:k8s.node.pool=b' }
    expect(await totals(pool)).toEqual({ 'GET /cart': [6, 6, 0, 0, 1, 1, 0, 0] })
    expect(await store.memory.start(pool)).toBe(firstStart + 5_000)
  })

  it('are by what a host runs on, several attributes at once', async () => {
    const host = (pool: string, image: string) => ({ 'k8s.node.pool': pool, 'host.image.version': image })
    await store.ingest.insert(
      batchOf(
        spanOf({ resource: host('a', '20.04') }),
        spanOf({ resource: host('a', '22.04') }),
        spanOf({ resource: host('b', '22.04') }),
        spanOf({ resource: host('b', '22.04'), attributes: cart({ 'k8s.node.pool': 'a' }) }),
      ),
    )
    await closeAll()
    const service = 'storefront'
    const image = { service, stable: 'host.image.version=20.04', canary: 'host.image.version=22.04' }
    expect(await totals(image)).toEqual({ 'GET /cart': [1, 1, 0, 0, 3, 3, 0, 0] })
    const pool = { service, stable: 'resource:k8s.node.pool=a', canary: 'resource:k8s.node.pool=b' }
    expect(await totals(pool)).toEqual({ 'GET /cart': [2, 2, 0, 0, 2, 2, 0, 0] })
    const both = {
      service,
      stable: 'resource:k8s.node.pool=a,host.image.version=22.04',
      canary: 'resource:k8s.node.pool=b,host.image.version=22.04',
    }
    expect(await totals(both)).toEqual({ 'GET /cart': [1, 1, 0, 0, 2, 2, 0, 0] })
  })

  it('of a service that others call are by who called', async () => {
    const calledBy = (version: string) => cart({ 'service.version': '3.0.0', 'coalmine.via.storefront': version })
    await store.ingest.insert(
      batchOf(
        spanOf({ service: 'payments', attributes: calledBy('1.0.0') }),
        spanOf({ service: 'payments', attributes: calledBy('2.0.0') }),
        spanOf({ service: 'payments', attributes: cart({ 'service.version': '3.0.0' }) }),
      ),
    )
    await closeAll()
    const callers = { service: 'payments', stable: 'via:storefront=1.0.0', canary: 'via:storefront=2.0.0' }
    expect(await totals(callers)).toEqual({ 'GET /cart': [1, 1, 0, 0, 1, 1, 0, 0] })
    const others = { ...callers, stable: 'via:storefront!=2.0.0' }
    expect(await totals(others)).toEqual({ 'GET /cart': [2, 2, 0, 0, 1, 1, 0, 0] })
  })

  it('have each span of a trace that met both, as where a proxy sends what failed to another build', async () => {
    const traceId = 'ab'.repeat(16)
    const failed = spanOf({ traceId, status: 'Error', resource: { ring: 'b' }, attributes: canary })
    const ring = { ring: 'a' }
    await store.ingest.insert(batchOf(failed, spanOf({ traceId, resource: ring }), spanOf({ resource: ring })))
    await closeAll()
    for (const by of [builds, { ...builds, stable: 'ring=a', canary: 'ring=b' }]) {
      expect(await totals(by)).toEqual({ 'GET /cart': [2, 2, 0, 0, 1, 1, 1, 0] })
      expect(await store.cohorts.facts(by)).toMatchObject({ overlap: 0, mixedRequests: 0 })
    }
  })

  it('take a flag that a trace had two variants of as mixed, and the others as they are', async () => {
    const traceId = 'ab'.repeat(16)
    const version = { 'service.version': '1.0.0' }
    await store.ingest.insert(
      batchOf(
        spanOf({ traceId, attributes: cart({ ...version, 'coalmine.flag.a': 'on', 'coalmine.flag.b': 'x' }) }),
        spanOf({ traceId, attributes: cart({ ...version, 'coalmine.flag.ab': 'y', 'coalmine.flag.a': 'off' }) }),
        spanOf({ traceId, attributes: cart(version) }),
      ),
    )
    await closeAll()
    const { values } = await store.services.known('storefront')
    expect(values.toSorted()).toEqual(['flag:a=(mixed)', 'flag:ab=y', 'flag:b=x', 'service.version=1.0.0'])
    const flag = { service: 'storefront', stable: 'flag:a=on', canary: 'flag:a=off' }
    expect(await store.cohorts.facts(flag)).toMatchObject({ overlap: 1, mixedRequests: 3 })
  })

  it('that are one and the same are all overlap', async () => {
    await store.ingest.insert(batchOf(spanOf(), spanOf()))
    await closeAll()
    const same = { ...builds, canary: builds.stable }
    expect(await totals(same)).toEqual({})
    expect(await store.cohorts.facts(same)).toMatchObject({ source: 'spans', overlap: 2, mixedRequests: 0 })
  })

  it('are by any attributes, from raw spans', async () => {
    const region = (name: string) => ({ 'cloud.region': name })
    await store.ingest.insert(
      batchOf(
        spanOf({ resource: region('a') }),
        spanOf({ resource: region('b'), attributes: cart({ tier: 'gold' }) }),
        spanOf({ resource: region('b'), attributes: cart({ tier: 'iron', 'cloud.region': 'a' }) }),
      ),
    )
    await closeAll()
    const bare = { service: 'storefront', stable: 'cloud.region=a', canary: 'cloud.region=b' }
    expect(store.ticks.read(bare).source).toBe('spans')
    expect(await totals(bare)).toEqual({ 'GET /cart': [2, 2, 0, 0, 1, 1, 0, 0] })
    const resource = { ...bare, stable: 'resource:cloud.region=a', canary: 'resource:cloud.region=b,tier=iron' }
    expect(await totals(resource)).toEqual({ 'GET /cart': [1, 1, 0, 0, 1, 1, 0, 0] })
  })

  it('come out alike from closed ticks and from raw spans', async () => {
    const spans = Array.from({ length: 600 }, (_, index) =>
      spanOf({
        atMs: index * 50,
        traceId: Math.floor(index / 3)
          .toString(16)
          .padStart(32, '1'),
        durationNs: BigInt((index * 7919) % 1000) * 1_000_000n,
        status: index % 13 === 0 ? 'Error' : 'Unset',
        resource: { 'host.name': `host ${index % 3}`, build: index % 4 === 0 ? 'b' : 'a' },
        attributes: {
          'http.route': `/${Math.floor(index / 10) % 5}`,
          'service.version': index % 4 === 0 ? '2.0.0' : '1.0.0',
          'coalmine.test': String(index % 11 === 0),
        },
      }),
    )
    await store.ingest.insert(batchOf(...spans, ...spans.slice(0, 50)))
    await closeAll()
    const raw = { service: 'storefront', stable: 'resource:build=a', canary: 'resource:build=b' }
    expect(await all(store.ticks.read(raw))).toEqual(await all(store.ticks.read(builds)))
    const { source, ...facts } = await store.cohorts.facts(raw)
    expect(source).toBe('spans')
    const closed = { source: 'ticks', builds: { stable: '1.0.0', canary: '2.0.0' } }
    expect({ ...facts, ...closed }).toEqual(await store.cohorts.facts(builds))
  })

  it('are read within a window of whole ticks', async () => {
    await store.ingest.insert(batchOf(spanOf(), spanOf({ atMs: 5_000 }), spanOf({ atMs: 10_000 })))
    await closeAll()
    const window = { ...builds, start: firstStart + 1, end: firstStart + 14_999 }
    expect(await totals(window)).toEqual({ 'GET /cart': [1, 1, 0, 0, 0, 0, 0, 0] })
    expect(() => store.ticks.read({ ...builds, start: firstStart, end: firstStart })).toThrow(/window is empty/)
  })
})

describe('calls that a service makes', () => {
  const call = (attributes: Record<string, string>, changes: Parameters<typeof spanOf>[0] = {}) =>
    spanOf({ kind: 'Client', parentSpanId: 'ab'.repeat(8), name: 'call', ...changes, attributes })
  const build = (version: string) => ({ 'service.version': version })

  it('are compared by what they ask of whom, one value a trace', async () => {
    const traceId = 'ee'.repeat(16)
    const select = { 'db.system.name': 'postgresql', 'db.operation.name': 'SELECT', 'db.collection.name': 'carts' }
    await store.ingest.insert(
      batchOf(
        spanOf(),
        spanOf({ attributes: canary }),
        call({ ...build('1.0.0'), ...select }),
        call({ ...build('2.0.0'), ...select }, { traceId }),
        call({ ...build('2.0.0'), ...select }, { traceId, status: 'Error', durationNs: 90_000_000n }),
        call({ ...build('2.0.0'), 'db.query.summary': 'SELECT carts items' }),
        call({ ...build('2.0.0'), 'http.request.method': 'GET', 'server.address': 'payments' }),
        call({ ...build('2.0.0'), 'rpc.service': 'Stock', 'rpc.method': 'Take' }),
        call(build('2.0.0')),
        call(build('2.0.0'), { kind: 'Internal' }),
      ),
    )
    await closeAll()
    const calls = { ...builds, side: 'calls' } as const
    expect(store.ticks.read(calls).source).toBe('spans')
    const one = [0, 0, 0, 0, 1, 1, 0, 0]
    expect(await totals(calls)).toEqual({
      'GET payments': one,
      'SELECT carts': [1, 1, 0, 0, 2, 1, 1, 0],
      'SELECT carts items': one,
      'Stock/Take': one,
      call: one,
    })
    expect(await store.cohorts.facts(calls)).toMatchObject({ stable: { requests: 1 }, canary: { requests: 6 } })
    expect(await totals()).toEqual({ 'GET /cart': [1, 1, 0, 0, 1, 1, 0, 0] })
    const { all, exemplars } = await store.spans.suspects(calls, 'SELECT carts', 'failed')
    expect([...all.canary.values()]).toEqual([{ n: 1, bad: 1 }])
    expect(exemplars.canary).toMatchObject([{ traceId, seconds: 0.09 }])
  })

  it('start with the first call that the canary makes, whatever the requests are like', async () => {
    const to = (namespace: string, atMs: number) => call({ 'db.namespace': namespace }, { atMs })
    await store.ingest.insert(
      batchOf(
        to('old', 0),
        spanOf({ atMs: 5_000, attributes: { 'db.namespace': 'new' } }),
        to('new', 10_000),
        to('old', 10_000),
      ),
    )
    await closeAll()
    const calls = { service: 'storefront', stable: 'db.namespace=old', canary: 'db.namespace=new' }
    expect(await store.memory.start({ ...calls, side: 'calls' })).toBe(firstStart + 10_000)
    expect(await store.memory.start(calls)).toBe(firstStart + 5_000)
  })
})

describe('what is bad, by attribute', () => {
  const count = (n: number, bad: number) => new Map([[Math.floor(firstStart / 5000), { n, bad }]])

  it('counts units of each cohort with each attribute that the canary has', async () => {
    const ok = (more: Record<string, string>) => spanOf({ attributes: { ...canary, ...more } })
    const failed = (more: Record<string, string>) => spanOf({ status: 'Error', attributes: { ...canary, ...more } })
    const [twice, mixed] = ['cc'.repeat(16), 'dd'.repeat(16)]
    await store.ingest.insert(
      batchOf(
        spanOf({ attributes: cart({ 'service.version': '1.0.0', items: 'many' }) }),
        spanOf({ resource: { zone: 'b' }, status: 'Error' }),
        ok({ items: 'few', 'coalmine.flags': 'a=on' }),
        failed({ items: 'many', 'error.type': 'timeout', 'coalmine.flag.a': 'on' }),
        // Two spans of a trace are one unit, with what its slower span has.
        spanOf({ traceId: twice, durationNs: 90_000_000n, attributes: { ...canary, items: 'many' } }),
        spanOf({ traceId: twice, status: 'Error', attributes: { ...canary, items: 'few' } }),
        spanOf({ traceId: mixed, attributes: canary }),
        spanOf({ traceId: mixed, status: 'Error' }),
        failed({ 'coalmine.test': 'true', items: 'tests' }),
        failed({ 'http.route': '/checkout', items: 'elsewhere' }),
      ),
    )
    await closeAll()
    const { all, attributes, exemplars } = await store.spans.suspects(builds, 'GET /cart', 'failed')
    expect(all).toEqual({ stable: count(3, 2), canary: count(4, 2) })
    const of = (name: string) => attributes.find(({ attribute }) => attribute === name)
    expect(of('items=many')).toEqual({ attribute: 'items=many', stable: count(1, 0), canary: count(2, 2) })
    expect(of('items=few')).toMatchObject({ stable: new Map(), canary: count(1, 0) })
    expect(of('flag:a=on')).toMatchObject({ canary: count(2, 1) })
    const names = attributes.map(({ attribute }) => attribute)
    for (const other of ['service.version=2.0.0', 'error.type=timeout', 'items=tests', 'items=elsewhere', 'zone=b'])
      expect(names).not.toContain(other)
    expect(exemplars.canary).toHaveLength(2)
    expect(exemplars.stable.map(({ startMs, seconds }) => ({ startMs, seconds }))).toEqual([
      { startMs: firstStart, seconds: 0.02 },
    ])
  })

  it('calls slow what is slower than 95 % of stable, and leaves ids out', async () => {
    const slow = (index: number, more: Record<string, string>) =>
      spanOf({ durationNs: BigInt(index + 1) * 1_000_000n, attributes: cart({ user: `u${index}`, ...more }) })
    await store.ingest.insert(
      batchOf(
        ...Array.from({ length: 100 }, (_, index) => slow(index, { 'service.version': '1.0.0' })),
        ...Array.from({ length: 1200 }, (_, index) =>
          slow(index % 200, { 'service.version': '2.0.0', id: `i${index}` }),
        ),
      ),
    )
    await closeAll()
    const { all, slowFromSeconds, attributes, exemplars } = await store.spans.suspects(builds, null, 'slow')
    expect(slowFromSeconds).toBe(0.096)
    expect(all.stable).toEqual(count(100, 4))
    const keys = new Set(attributes.map(({ attribute }) => attribute.split('=')[0]))
    expect([...keys].sort()).toEqual(['http.request.method', 'http.route', 'user'])
    for (const { seconds } of exemplars.canary) expect(seconds).toBeCloseTo(0.19, 2)
  })
})
