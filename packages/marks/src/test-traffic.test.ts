import http from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { context, propagation, SpanKind, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { CompositePropagator, W3CBaggagePropagator, W3CTraceContextPropagator } from '@opentelemetry/core'
import { registerInstrumentations } from '@opentelemetry/instrumentation'
import { HttpInstrumentation } from '@opentelemetry/instrumentation-http'
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  InMemorySpanExporter,
  type ReadableSpan,
  type Sampler,
  SimpleSpanProcessor,
  TracerProvider,
} from '@opentelemetry/sdk-trace'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { divertTestTraffic } from './divert.ts'
import { markTestEntity } from './mark-request.ts'
import { sendMarks } from './outgoing.ts'
import { MarkProcessor } from './processor.ts'
import { MarkPropagator } from './propagator.ts'
import { type MarkerTrust, signMarker } from './signature.ts'
import { currentTest, currentTraffic, isTestTraffic } from './traffic.ts'

const instrumentation = new HttpInstrumentation()
registerInstrumentations({ instrumentations: [instrumentation] })
createRequire(import.meta.url)('node:http')

const key = { id: 'k1', secret: 's'.repeat(32) }
const revoked = new Set<string>()
const trust: MarkerTrust = { keys: [key], audience: 'production', isRevoked: (run) => revoked.has(run) }
const users = new InMemorySpanExporter()
const tests = new InMemorySpanExporter()
/** By service: what its code was told, in the order of the requests. */
const told: Record<string, unknown[]> = {}

/** What a timer was told that each service left running. */
const lingered: string[] = []
let lingering = false

const inventory = service('inventory')
const checkout = service('checkout', () => inventory)
const edge = service('edge', () => checkout)

beforeAll(async () => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
  propagation.setGlobalPropagator(
    new CompositePropagator({
      propagators: [
        new W3CTraceContextPropagator(),
        new W3CBaggagePropagator(),
        new MarkPropagator({ markers: trust, trust: (carrier) => isFromOffice(carrier) }),
      ],
    }),
  )
  for (const server of [edge, checkout, inventory]) {
    await new Promise<void>((done) => void server.listen(0, '127.0.0.1', done))
  }
})
afterAll(() => {
  for (const server of [edge, checkout, inventory]) server.close().closeAllConnections()
  instrumentation.disable()
  propagation.disable()
  context.disable()
})
beforeEach(() => {
  users.reset()
  tests.reset()
  revoked.clear()
  for (const name of Object.keys(told)) told[name] = []
})

const good = { run: 'load-7', entity: 'user:42', audience: 'production' }

describe.each<[string, Sampler]>([
  ['sampled', new AlwaysOnSampler()],
  ['not sampled', new AlwaysOffSampler()],
])('signed test traffic, %s', (_, sampler) => {
  let stop = () => {}
  beforeAll(() => {
    instrumentation.setTracerProvider(providerWith(sampler))
    stop = sendMarks({ to: ['127.0.0.1'], build: { service: 'any', version: '1' } })
  })
  afterAll(() => stop())

  it('is known to the code of every service that it reaches', async () => {
    await get({ 'coalmine-test': signed() })
    const known = { test: true, entity: 'user:42', run: 'load-7' }
    expect(told).toEqual({ edge: [known], checkout: [known], inventory: [known] })
  })

  it('is over when its response is, in every service, although nothing of a framework says so', async () => {
    lingering = true
    await get({ 'coalmine-test': signed() })
    lingering = false
    await expect.poll(() => lingered.sort()).toEqual(['checkout unknown', 'edge unknown', 'inventory unknown'])
    lingered.splice(0)
  })

  it.each<[string, () => Record<string, string>]>([
    ['an unsigned header', () => ({ 'coalmine-test': 'true' })],
    ['an unsigned baggage entry', () => ({ baggage: 'coalmine.test=true,coalmine.test.run=load-7' })],
    ['a signed marker that has expired', () => ({ 'coalmine-test': signed({ expiresAt: Date.now() - 30_001 }) })],
    ['a signed marker for another audience', () => ({ 'coalmine-test': signed({ audience: 'staging' }) })],
    [
      'a signed marker of a run that was stopped',
      () => {
        revoked.add('load-7')
        return { 'coalmine-test': signed() }
      },
    ],
    ['a known synthetic client that nobody vouches for', () => ({ 'user-agent': 'Grafana k6/1.3.0' })],
  ])('is not made by %s', async (_name, headers) => {
    await get(headers())
    const user = { test: false }
    expect(told).toEqual({ edge: [user], checkout: [user], inventory: [user] })
    expect(tests.getFinishedSpans()).toEqual([])
  })
})

describe('the spans of', () => {
  let stop = () => {}
  beforeAll(() => {
    instrumentation.setTracerProvider(providerWith(new AlwaysOnSampler()))
    stop = sendMarks({
      to: ['127.0.0.1'],
      build: { service: 'any', version: '1' },
      sign: { key, audience: 'production' },
    })
  })
  afterAll(() => stop())

  it('signed test traffic are marked from the start, in every service, and go to a pipeline of their own', async () => {
    await get({ 'coalmine-test': signed() })
    const spans = await finished(tests, 5)
    for (const span of spans) {
      expect(span.attributes, span.name).toMatchObject({
        'coalmine.test': true,
        'coalmine.test.run': 'load-7',
        'coalmine.test.entity': 'user:42',
        'known.at.start': true,
      })
      expect(span.attributes['user_agent.synthetic.type'], span.name).toBe(
        span.kind === SpanKind.SERVER ? 'test' : undefined,
      )
    }
    expect(spans.filter((span) => span.kind === SpanKind.SERVER)).toHaveLength(3)
    expect(users.getFinishedSpans()).toEqual([])
  })

  it.each<[string, () => Record<string, string>, string | undefined]>([
    ['an unsigned claim', () => ({ baggage: 'coalmine.test=true' }), undefined],
    ['a forged claim', () => ({ 'coalmine-test': `${signed().slice(0, -9)}AAAAAAAAA` }), 'bad-signature'],
    ['a claim that comes too late', () => ({ 'coalmine-test': signed({ expiresAt: 1 }) }), 'expired'],
    ['a claim for others', () => ({ 'coalmine-test': signed({ audience: 'staging' }) }), 'other-audience'],
  ])('%s go where all go, say so and why, and claim nothing further on', async (_, headers, why) => {
    await get(headers())
    const spans = await finished(users, 5)
    const [atEdge, ...further] = spans.filter((span) => span.kind === SpanKind.SERVER).reverse()
    expect(atEdge?.attributes).toMatchObject({ 'coalmine.test.claimed': true })
    expect(atEdge?.attributes['coalmine.test.refused']).toBe(why)
    expect(atEdge?.attributes).not.toHaveProperty('coalmine.test')
    for (const span of further) expect(Object.keys(span.attributes).join()).not.toContain('coalmine.test')
    expect(tests.getFinishedSpans()).toEqual([])
  })

  it('a test that a service makes itself are believed by the next one, by its signature', async () => {
    await get({ 'x-mark': 'cart:7' })
    expect(told).toMatchObject({ checkout: [{ test: true, entity: 'cart:7' }], inventory: [{ test: true }] })
  })

  it('a synthetic client are a test when the caller is trusted', async () => {
    await get({ 'user-agent': 'Grafana k6/1.3.0', 'x-office': 'yes' })
    expect(told).toMatchObject({ edge: [{ test: true, entity: 'client:k6' }], inventory: [{ test: true }] })
    await finished(tests, 5)
  })

  it('a run that is stopped while requests are on their way: the next request is a user’s', async () => {
    const marker = { 'coalmine-test': signed() }
    await get(marker)
    revoked.add('load-7')
    await get(marker)
    await get({ 'coalmine-test': signed({ run: 'load-8' }) })
    expect(told['edge']).toMatchObject([{ test: true }, { test: false }, { test: true, run: 'load-8' }])
  })

  it('requests with hostile headers are as those without', async () => {
    const hostile = [
      Array.from({ length: 1000 }, (_, i) => `k${i}=v`).join(),
      'coalmine.test=true%0d%0a,coalmine.test.marker=%00,,,=;;',
      `coalmine.test.marker=v1.k1.${'A'.repeat(4000)}.B`,
      `${'x'.repeat(9000)},coalmine.test=true`,
      '%'.repeat(2000),
    ]
    for (const baggage of hostile) expect(await get({ baggage })).toBe(200)
    expect(told['edge']).toEqual(hostile.map(() => ({ test: false })))
    expect(tests.getFinishedSpans()).toEqual([])
  })
})

function signed(differently: Partial<Parameters<typeof signMarker>[0]> = {}): string {
  return signMarker({ ...good, expiresAt: Date.now() + 60_000, ...differently }, key)
}

function isFromOffice(carrier: unknown): boolean {
  return (carrier as Record<string, unknown>)['x-office'] === 'yes'
}

/** A service that writes down what its code is told, and asks the next one. */
function service(name: string, next?: () => http.Server): http.Server {
  told[name] = []
  return http.createServer((req, res) => {
    const [kind, id] = String(req.headers['x-mark'] ?? '').split(':')
    if (kind && id) markTestEntity(kind, id)
    told[name]?.push({ test: isTestTraffic(), ...currentTest() })
    if (lingering) res.on('close', () => setTimeout(() => lingered.push(`${name} ${currentTraffic()}`), 20))
    if (!next) return void res.end()
    http.get(url(next()), (answer) => void answer.resume().on('end', () => res.end()))
  })
}

function providerWith(sampler: Sampler): TracerProvider {
  const atStart = {
    onStart: (span: { attributes: object; setAttribute(key: string, value: boolean): unknown }) =>
      void span.setAttribute('known.at.start', 'coalmine.test' in span.attributes),
    onEnd() {},
    async forceFlush() {},
    async shutdown() {},
  }
  const pipelines = {
    users: new SimpleSpanProcessor({ exporter: users }),
    test: new SimpleSpanProcessor({ exporter: tests }),
  }
  return new TracerProvider({
    sampler,
    spanProcessors: [new MarkProcessor({ build: {} }), atStart, divertTestTraffic(pipelines)],
  })
}

async function finished(exporter: InMemorySpanExporter, count: number): Promise<ReadableSpan[]> {
  await expect.poll(() => exporter.getFinishedSpans().length).toBe(count)
  return exporter.getFinishedSpans()
}

function get(headers: Record<string, string>): Promise<number | undefined> {
  // From outside: no span, no context, no marks of its own.
  return context.with(trace.deleteSpan(context.active()), () =>
    fetch(url(edge), { headers }).then(async (res) => {
      await res.text()
      return res.status
    }),
  )
}

function url(server: http.Server): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
}
