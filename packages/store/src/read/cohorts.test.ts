import { describe, expect, it } from 'vitest'
import { oneStore } from '../../test/one-store.ts'
import { batchOf, firstStart } from '../../test/spans.ts'
import { all, cart } from '../../test/totals.ts'

const ownService = oneStore()

const canary = cart({ 'service.version': '2.0.0' })

const prefixed = (flags: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(flags).map(([key, variant]) => [`coalmine.flag.${key}`, variant]))

const packed = (flags: Record<string, string>): Record<string, string> => ({
  'coalmine.flags': Object.entries(flags)
    .map((pair) => pair.map((text) => text.replace(/[;=%]/g, encodeURIComponent)).join('='))
    .join(';'),
})

describe.concurrent('cohorts', () => {
  const flagged = (variant: string, version = '1.0.0') =>
    cart({ 'coalmine.flag.new-pricing': variant, 'service.version': version })

  it('leaves test traffic out and counts it', async () => {
    const { store, builds, spanOf, closeAll, totals } = ownService()
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
    const { store, service, spanOf, closeAll, totals } = ownService()
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
      service,
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
    const { store, service, spanOf, closeAll, totals } = ownService()
    await store.ingest.insert(
      batchOf(
        spanOf({ attributes: flagged('on') }),
        spanOf({ attributes: flagged('off') }),
        spanOf({ attributes: flagged('off', '2.0.0') }),
        spanOf(),
      ),
    )
    await closeAll()
    const flag = { service, stable: 'flag:new-pricing=off', canary: 'flag:new-pricing=on' }
    expect(await totals(flag)).toEqual({ 'GET /cart': [2, 2, 0, 0, 1, 1, 0, 0] })
    const both = {
      service,
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
    const { store, service, spanOf, closeAll, totals } = ownService()
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
    const { values } = await store.services.known(service)
    expect(values.toSorted()).toEqual([
      'flag:a=(mixed)',
      'flag:a=off',
      'flag:a=on',
      'flag:b=off',
      'flag:b=on',
      'flag:x;y%3D%25=50%25;%3D',
      'service.version=1.0.0',
    ])
    const closed = { service, stable: 'flag:a=off', canary: 'flag:a=on' }
    expect(store.ticks.read(closed).source).toBe('ticks')
    expect(await totals(closed)).toEqual({ 'GET /cart': [2, 2, 0, 0, 1, 1, 0, 0] })
    const raw = { service, stable: 'flag:a=off,flag:b=off', canary: 'flag:a=off,flag:b=on' }
    expect(store.ticks.read(raw).source).toBe('spans')
    expect(await totals(raw)).toEqual({ 'GET /cart': [1, 1, 0, 0, 1, 1, 0, 0] })
    expect(await store.memory.start(raw)).toBe(firstStart)
    expect((await store.services.doctor(service))!.flags).toEqual(['a', 'b', 'x;y=%'])
    expect((await store.services.doctor(service))!.withFlags).toBe(4)
  })

  it("by a flag take the application's own attribute before the packed flags", async () => {
    const { store, service, spanOf, closeAll, totals } = ownService()
    const attributes = cart({ 'coalmine.flag.a': 'off', 'coalmine.flags': 'a=on;b=on' })
    await store.ingest.insert(batchOf(spanOf({ attributes })))
    await closeAll()
    expect((await store.services.known(service)).values.toSorted()).toEqual(['flag:a=off', 'flag:b=on'])
    const raw = { service, stable: 'flag:a=off,flag:b=on', canary: 'flag:a=on,flag:b=on' }
    expect(await totals(raw)).toEqual({ 'GET /cart': [1, 1, 0, 0, 0, 0, 0, 0] })
  })

  it('are by audience: real users, in every other comparison too', async () => {
    const { store, service, spanOf, closeAll, totals } = ownService()
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
      service,
      stable: 'service.version=1.0.0,coalmine.audience=beta',
      canary: 'service.version=2.0.0,coalmine.audience=beta',
    }
    expect(await totals(among)).toEqual({ 'GET /cart': [1, 1, 0, 0, 1, 1, 0, 0] })
    expect(await store.cohorts.facts(among)).toMatchObject({ canary: { requests: 1, testRequests: 1 } })
  })

  it('are test traffic alone, or with users and apart from them, where the comparison asks for it', async () => {
    const { store, builds, spanOf, closeAll, totals } = ownService()
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
    const flags = { cohort: 'stable', flag: 'a', variant: 'on', requests: 1, flags: 1 }
    expect(await store.cohorts.flagShares({ ...builds, traffic: 'test' })).toEqual([
      { ...flags, operation: 'GET /cart' },
    ])
    expect(await store.cohorts.flagShares({ ...builds, traffic: 'all' })).toEqual([
      { ...flags, operation: 'GET /cart (test)' },
    ])
    expect(await store.cohorts.flagShares(builds)).toEqual([])
  })

  it('know which flags they met, whatever they are by', async () => {
    const { store, service, builds, spanOf, closeAll } = ownService()
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
    expect((await store.cohorts.flagsMet(builds)).filter(({ cohort }) => cohort === 'canary')).toEqual(
      expected.map((one) => ({ ...one, flags: 2 })),
    )
    const flag = { service, stable: 'flag:b=x', canary: 'service.version=2.0.0,flag:a=on' }
    expect(await store.cohorts.flagsMet(flag)).toEqual([
      ...expected,
      share('stable', 'a', 'off'),
      share('stable', 'b', 'x'),
    ])
  })

  it('are read for some operations only, where the comparison asks for them', async () => {
    const { store, builds, spanOf, closeAll, totals } = ownService()
    const at = (route: string) => spanOf({ attributes: { ...canary, 'http.route': route } })
    await store.ingest.insert(batchOf(spanOf(), at('/cart'), at('/checkout')))
    await closeAll()
    const one = { ...builds, operations: ['GET /checkout'] }
    expect(await totals(one)).toEqual({ 'GET /checkout': [0, 0, 0, 0, 1, 1, 0, 0] })
    expect(await totals({ ...one, stable: 'resource:absent!=x,service.version=1.0.0' })).toEqual(await totals(one))
  })

  it('are of some audiences only, where the comparison asks for them', async () => {
    const { store, builds, spanOf, closeAll, totals } = ownService()
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
    const { store, service, spanOf, closeAll, totals } = ownService()
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
    const flag = { service, stable: 'flag:a!=on', canary: 'flag:a=on' }
    expect(await totals(flag)).toEqual({ 'GET /cart': [5, 5, 0, 0, 1, 1, 0, 0] })
    expect(await store.cohorts.facts(flag)).toMatchObject({ overlap: 1, mixedRequests: 1 })
    const reversed = { ...flag, stable: flag.canary, canary: flag.stable }
    expect(await totals(reversed)).toEqual({ 'GET /cart': [1, 1, 0, 0, 5, 5, 0, 0] })
    expect(await store.memory.start(reversed)).toBe(firstStart)
    const pool = { service, stable: 'resource:k8s.node.pool!=b', canary: 'resource:k8s.node.pool=b' }
    expect(await totals(pool)).toEqual({ 'GET /cart': [6, 6, 0, 0, 1, 1, 0, 0] })
    expect(await store.memory.start(pool)).toBe(firstStart + 5_000)
  })

  it('are by what a host runs on, several attributes at once', async () => {
    const { store, service, spanOf, closeAll, totals } = ownService()
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
    const { store, spanOf, closeAll, totals } = ownService()
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
    const { store, builds, spanOf, closeAll, totals } = ownService()
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
    const { store, service, spanOf, closeAll } = ownService()
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
    const { values } = await store.services.known(service)
    expect(values.toSorted()).toEqual(['flag:a=(mixed)', 'flag:ab=y', 'flag:b=x', 'service.version=1.0.0'])
    const flag = { service, stable: 'flag:a=on', canary: 'flag:a=off' }
    expect(await store.cohorts.facts(flag)).toMatchObject({ overlap: 1, mixedRequests: 3 })
  })

  it('that are one and the same are all overlap', async () => {
    const { store, builds, spanOf, closeAll, totals } = ownService()
    await store.ingest.insert(batchOf(spanOf(), spanOf()))
    await closeAll()
    const same = { ...builds, canary: builds.stable }
    expect(await totals(same)).toEqual({})
    expect(await store.cohorts.facts(same)).toMatchObject({ source: 'spans', overlap: 2, mixedRequests: 0 })
  })

  it('are by any attributes, from raw spans', async () => {
    const { store, service, spanOf, closeAll, totals } = ownService()
    const region = (name: string) => ({ 'cloud.region': name })
    await store.ingest.insert(
      batchOf(
        spanOf({ resource: region('a') }),
        spanOf({ resource: region('b'), attributes: cart({ tier: 'gold' }) }),
        spanOf({ resource: region('b'), attributes: cart({ tier: 'iron', 'cloud.region': 'a' }) }),
      ),
    )
    await closeAll()
    const bare = { service, stable: 'cloud.region=a', canary: 'cloud.region=b' }
    expect(store.ticks.read(bare).source).toBe('spans')
    expect(await totals(bare)).toEqual({ 'GET /cart': [2, 2, 0, 0, 1, 1, 0, 0] })
    const resource = { ...bare, stable: 'resource:cloud.region=a', canary: 'resource:cloud.region=b,tier=iron' }
    expect(await totals(resource)).toEqual({ 'GET /cart': [1, 1, 0, 0, 1, 1, 0, 0] })
  })

  it('come out alike from closed ticks and from raw spans', async () => {
    const { store, service, builds, spanOf, closeAll } = ownService()
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
    const raw = { service, stable: 'resource:build=a', canary: 'resource:build=b' }
    expect(await all(store.ticks.read(raw))).toEqual(await all(store.ticks.read(builds)))
    const { source, ...facts } = await store.cohorts.facts(raw)
    expect(source).toBe('spans')
    const closed = { source: 'ticks', builds: { stable: '1.0.0', canary: '2.0.0' } }
    expect({ ...facts, ...closed }).toEqual(await store.cohorts.facts(builds))
  })

  it('are read within a window of whole ticks', async () => {
    const { store, builds, spanOf, closeAll, totals } = ownService()
    await store.ingest.insert(batchOf(spanOf(), spanOf({ atMs: 5_000 }), spanOf({ atMs: 10_000 })))
    await closeAll()
    const window = { ...builds, start: firstStart + 1, end: firstStart + 14_999 }
    expect(await totals(window)).toEqual({ 'GET /cart': [1, 1, 0, 0, 0, 0, 0, 0] })
    expect(() => store.ticks.read({ ...builds, start: firstStart, end: firstStart })).toThrow(/window is empty/)
  })
})
