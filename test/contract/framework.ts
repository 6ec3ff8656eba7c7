import http from 'node:http'
import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  isTestTraffic,
  MarkProcessor,
  MarkPropagator,
  markFlag,
  type RequestOptions,
  withRequestMarks,
} from '@coalmine/marks'
import { context, DiagLogLevel, diag, ProxyTracerProvider, propagation, SpanKind, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { CompositePropagator, suppressTracing, W3CTraceContextPropagator } from '@opentelemetry/core'
import type { Instrumentation } from '@opentelemetry/instrumentation'
import {
  AlwaysOffSampler,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
  TracerProvider,
} from '@opentelemetry/sdk-trace'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'

/** A route of the application that every framework serves; a thrown error is the framework's to answer. */
export interface Route {
  readonly method: 'get' | 'post'
  readonly path: string
  handle(params: Readonly<Record<string, string>>): unknown
}

/** What the contract's requests have in every framework. */
export interface AnyRequest {
  readonly headers: http.IncomingHttpHeaders
}

/** How one framework serves the routes, with our middleware or plugin in front; `nested` ones in a router of their own, under /nested. */
export interface Framework {
  readonly name: string
  /** Enabled before the framework was loaded. */
  readonly instrumentations: readonly Instrumentation[]
  serve(
    routes: { readonly top: readonly Route[]; readonly nested: readonly Route[] },
    options: RequestOptions<AnyRequest>,
  ): Promise<{ readonly port: number; close(): Promise<unknown> }>
}

/** Spans that our middleware or hook would have, were it instrumented. */
const OURS = /^(middleware - (coalmine|<anonymous>)|onRequest)/
/** Spans of Express 4 itself, which end before any middleware of the application runs: they have the build alone. */
const BEFORE_OURS = /^middleware - (query|expressInit)$/
/** Spans that have ended when the handler evaluates its flag: one on purpose, and Express's for entering a router. */
const ENDED_BEFORE = /^(ended before|router)/

const HANGS_MS = 150
const exporter = new InMemorySpanExporter()
const processors = [new MarkProcessor({ build: { version: '2.0.0' } }), new SimpleSpanProcessor({ exporter })]
const options: RequestOptions<AnyRequest> = {
  testTraffic: ({ headers }) => {
    if (headers['x-test'] === 'broken') throw new Error('the predicate is broken')
    return typeof headers['x-test'] === 'string' ? { kind: 'user', id: headers['x-test'] } : false
  },
  trust: ({ headers }) => headers['x-secret'] === 'known',
}

/**
 * Tests what every framework's middleware promises, against a real server, the real SDK and the framework's own
 * instrumentation.
 */
export function frameworkContract(framework: Framework): void {
  describe(framework.name, () => {
    let app: Awaited<ReturnType<Framework['serve']>>
    const agent = new http.Agent({ keepAlive: true, maxSockets: 60 })

    beforeAll(async () => {
      app = await insideAnotherRequest(() => framework.serve({ top: routes, nested: routes }, options))
      await useSdk(framework, { sampled: true })
      // The first request is the one in which a middleware finds out how it is wrapped.
      await call('/flag/warm-up')
    })
    afterAll(async () => {
      agent.destroy()
      await app.close()
    })
    beforeEach(() => exporter.reset())

    const call = (path: string, init: Call = {}): Promise<Answer> =>
      // What this process sends as a client is no part of the test.
      context.with(suppressTracing(context.active()), () => send({ port: app.port, agent, path, ...init }))

    describe('with an SDK and the propagator', () => {
      beforeAll(() => useSdk(framework, { sampled: true }))

      it.each(['', '/nested'])('marks every span of a request: %s/flag', async (prefix) => {
        const { body } = await call(`${prefix}/flag/on`, { headers: { 'x-test': '42' } })
        expect(body).toEqual({ test: true, variant: 'on' })
        const spans = await finished(1)
        for (const { name, attributes } of spans) {
          expect(attributes, name).toMatchObject({
            'service.version': '2.0.0',
            'coalmine.test': true,
            'coalmine.test.entity': 'user:42',
            'user_agent.synthetic.type': 'test',
          })
          if (!ENDED_BEFORE.test(name)) expect(attributes, name).toMatchObject({ 'coalmine.flag.f': 'on' })
        }
        expect(spans.map((span) => span.name)).toEqual(expect.arrayContaining(['ended before', 'after', 'own root']))
      })

      it('has no span of its own', async () => {
        await call('/flag/on')
        const own = (await finished(1)).filter((span) => OURS.test(span.name))
        expect(own.map((span) => span.name)).toEqual([])
      })

      it.each(['/throws/on', '/rejects/on'])('marks every span of a request that fails: %s', async (path) => {
        expect((await call(path)).status).toBe(500)
        const spans = await finished(1)
        expect(spans.length).toBeGreaterThan(1)
        for (const { name, attributes } of spans) expect(attributes['coalmine.flag.f'], name).toBe('on')
      })

      it('marks every span of a streamed answer, with a flag that is evaluated in the middle of it', async () => {
        expect((await call('/stream/on')).text).toBe('one two three')
        const spans = await finished(1)
        expect(spans.find((span) => span.name === 'chunk')).toBeDefined()
        expect(serverSpan(spans).attributes['coalmine.flag.f']).toBe('on')
        expect(spans.find((span) => span.name === 'chunk')?.attributes['coalmine.flag.f']).toBe('on')
      })

      it('marks the spans of a request that the client gave up', async () => {
        await expect(call('/hangs/on', { abortAfterMs: 50, headers: { 'x-test': '42' } })).rejects.toThrow()
        const marks = { 'coalmine.flag.f': 'on', 'coalmine.test': true }
        expect(serverSpan(await finished(1)).attributes).toMatchObject(marks)
        // The handler does not know that nobody waits: its span must not be taken for the next test's.
        await sleep(2 * HANGS_MS)
      })

      it.each([
        ['each in its own trace', {}],
        ['all in one trace', { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' }],
      ])('mixes up no mark among 300 concurrent requests, %s', async (_, headers) => {
        const count = 300
        const answers = await Promise.all(
          Array.from({ length: count }, (_, i) =>
            call(`/flag/v${i}`, { headers: { ...headers, ...(i % 2 ? { 'x-test': `${i}` } : {}) } }),
          ),
        )
        expect(answers.map(({ body }) => body)).toEqual(
          answers.map((_, i) => ({ test: i % 2 === 1, variant: `v${i}` })),
        )
        const spans = await finished(count)
        const byId = new Map(spans.map((span) => [span.spanContext().spanId, span]))
        for (const span of spans) {
          const variant = variantOf(rootOf(span, byId))
          if (!ENDED_BEFORE.test(span.name)) expect(span.attributes['coalmine.flag.f'], span.name).toBe(variant)
          const user = Number(variant?.slice(1))
          const entity = user % 2 === 1 ? `user:${user}` : undefined
          expect(span.attributes['coalmine.test.entity'], span.name).toBe(entity)
        }
      })

      it('takes a marker from a caller it does not know as a claim', async () => {
        const { body } = await call('/flag/on', { headers: { baggage: 'coalmine.test=true,coalmine.via.shop=1' } })
        expect(body).toEqual({ test: false, variant: 'on' })
        const { attributes } = serverSpan(await finished(1))
        expect(attributes['coalmine.test.claimed']).toBe(true)
        expect(attributes['coalmine.test']).toBeUndefined()
        expect(attributes['coalmine.via.shop']).toBeUndefined()
      })

      it('believes a caller whom the application trusts', async () => {
        const headers = { baggage: 'coalmine.test=true,coalmine.via.shop=1', 'x-secret': 'known' }
        expect((await call('/flag/on', { headers })).body).toEqual({ test: true, variant: 'on' })
        const { attributes } = serverSpan(await finished(1))
        expect(attributes).toMatchObject({
          'coalmine.test': true,
          'coalmine.via.shop': '1',
          'coalmine.test.claimed': false,
        })
      })

      it('goes on, and says so once, when the application’s predicate throws', async () => {
        const said: string[] = []
        const log = (message: string) => void said.push(message)
        diag.setLogger({ error: log, warn: log, info: log, debug: log, verbose: log }, DiagLogLevel.WARN)
        for (let i = 0; i < 3; i++) {
          expect((await call('/flag/on', { headers: { 'x-test': 'broken' } })).body).toEqual({
            test: false,
            variant: 'on',
          })
        }
        diag.disable()
        expect(said.filter((message) => message.includes('testTraffic'))).toEqual([
          expect.stringContaining('the predicate is broken'),
        ])
      })
    })

    describe.each([
      ['without the propagator', () => useSdk(framework, { sampled: true, propagator: false })],
      ['unsampled', () => useSdk(framework, { sampled: false })],
      ['unsampled, without the propagator', () => useSdk(framework, { sampled: false, propagator: false })],
      ['without an SDK', async () => noSdk(framework)],
    ])('%s', (_, prepare) => {
      beforeAll(prepare)

      it('answers alike in 100 concurrent requests', async () => {
        const answers = await Promise.all(
          Array.from({ length: 100 }, (_, i) =>
            call(`${i % 3 ? '' : '/nested'}/flag/v${i}`, i % 2 ? { headers: { 'x-test': `${i}` } } : {}),
          ),
        )
        expect(answers.map(({ body }) => body)).toEqual(
          answers.map((_, i) => ({ test: i % 2 === 1, variant: `v${i}` })),
        )
      })
    })
  })
}

/** A server that is started inside a request, here a test's, must not give its own requests that one's marks. */
function insideAnotherRequest<T>(start: () => Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    withRequestMarks({ headers: {} }, undefined, { testTraffic: () => true }, () => start().then(resolve, reject))
  })
}

const routes: readonly Route[] = [
  {
    method: 'get',
    path: '/flag/:variant',
    async handle({ variant = '' }) {
      inSpan('ended before')
      await sleep(Math.random() * 20)
      markFlag('f', variant)
      await sleep(Math.random() * 20)
      inSpan('after')
      inSpan('own root', { root: true })
      return { test: isTestTraffic(), variant }
    },
  },
  {
    method: 'get',
    path: '/throws/:variant',
    handle({ variant = '' }) {
      markFlag('f', variant)
      throw new Error('thrown on purpose')
    },
  },
  {
    method: 'get',
    path: '/rejects/:variant',
    async handle({ variant = '' }) {
      markFlag('f', variant)
      await sleep(5)
      throw new Error('rejected on purpose')
    },
  },
  {
    method: 'get',
    path: '/stream/:variant',
    handle({ variant = '' }) {
      async function* chunks(): AsyncGenerator<string> {
        yield 'one '
        await sleep(5)
        markFlag('f', variant)
        inSpan('chunk')
        yield 'two '
        await sleep(5)
        yield 'three'
      }
      return Readable.from(chunks())
    },
  },
  {
    method: 'get',
    path: '/hangs/:variant',
    async handle({ variant = '' }) {
      markFlag('f', variant)
      await sleep(HANGS_MS)
      return 'nobody reads this'
    },
  },
]

interface Call {
  readonly headers?: http.OutgoingHttpHeaders
  readonly abortAfterMs?: number
}

interface Answer {
  readonly status: number | undefined
  readonly text: string
  readonly body: unknown
}

function send({
  port,
  agent,
  path,
  headers = {},
  abortAfterMs,
}: Call & { port: number; agent: http.Agent; path: string }) {
  return new Promise<Answer>((resolve, reject) => {
    const request = http.get({ port, host: '127.0.0.1', agent, path, headers }, (response) => {
      let text = ''
      response.on('data', (chunk) => {
        text += chunk
      })
      response.on('error', reject)
      response.on('end', () => {
        const isJson = response.headers['content-type']?.includes('json')
        resolve({ status: response.statusCode, text, body: isJson ? JSON.parse(text) : undefined })
      })
    })
    request.on('error', reject)
    if (abortAfterMs !== undefined) setTimeout(() => request.destroy(new Error('given up')), abortAfterMs)
  })
}

async function useSdk(
  framework: Framework,
  { sampled, propagator = true }: { sampled: boolean; propagator?: boolean },
): Promise<void> {
  noSdk(framework)
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
  propagation.setGlobalPropagator(
    new CompositePropagator({
      propagators: [new W3CTraceContextPropagator(), ...(propagator ? [new MarkPropagator()] : [])],
    }),
  )
  const sampler = sampled ? {} : { sampler: new AlwaysOffSampler() }
  const provider = new TracerProvider({ spanProcessors: processors, ...sampler })
  trace.setGlobalTracerProvider(provider)
  for (const instrumentation of framework.instrumentations) instrumentation.setTracerProvider(provider)
}

function noSdk(framework: Framework): void {
  trace.disable()
  propagation.disable()
  context.disable()
  for (const instrumentation of framework.instrumentations) instrumentation.setTracerProvider(new ProxyTracerProvider())
}

/** Spans of the requests so far, once as many of those have ended as are named. */
async function finished(requests: number): Promise<ReadableSpan[]> {
  const servers = () => exporter.getFinishedSpans().filter((span) => span.kind === SpanKind.SERVER)
  await expect.poll(() => servers().length, { timeout: 5000 }).toBe(requests)
  return exporter.getFinishedSpans().filter((span) => !BEFORE_OURS.test(span.name))
}

function serverSpan(spans: readonly ReadableSpan[]): ReadableSpan {
  const span = spans.find((each) => each.kind === SpanKind.SERVER)
  if (!span) throw new Error('no SERVER span')
  return span
}

function rootOf(span: ReadableSpan, byId: ReadonlyMap<string, ReadableSpan>): ReadableSpan {
  const parent = byId.get(span.parentSpanContext?.spanId ?? '')
  return parent ? rootOf(parent, byId) : span
}

/** A span of its own root says itself which request it is from; the others by their SERVER span's path. */
function variantOf(root: ReadableSpan): string | undefined {
  const path = root.attributes['url.path']
  return typeof path === 'string' ? path.split('/').at(-1) : (root.attributes['coalmine.flag.f'] as string | undefined)
}

function inSpan(name: string, options: { root?: boolean } = {}): void {
  trace.getTracer('contract').startActiveSpan(name, options, (span) => span.end())
}
