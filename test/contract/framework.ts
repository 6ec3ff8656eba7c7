import http from 'node:http'
import { type RequestOptions, withRequestMarks } from '@coalmine/marks'
import { context, DiagLogLevel, diag, SpanKind } from '@opentelemetry/api'
import { suppressTracing } from '@opentelemetry/core'
import type { Instrumentation } from '@opentelemetry/instrumentation'
import type { ReadableSpan } from '@opentelemetry/sdk-trace'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { afterwardsContract, afterwardsRoutes } from './afterwards.ts'
import { type Answer, type Call, send } from './client.ts'
import { connectionAnswers, connectionContract } from './connections.ts'
import { hanging, type Route, routes as requestRoutes } from './routes.ts'
import { allEnded, finished, forgetSpans, noSdk, rootOf, serverSpan, useSdk } from './sdk.ts'

/** What the contract's requests have in every framework. */
export interface AnyRequest {
  readonly headers: http.IncomingHttpHeaders
}

/** One framework with our middleware or plugin. */
export interface Framework {
  readonly name: string
  /** Enabled before the framework was loaded. */
  readonly instrumentations: readonly Instrumentation[]
  /**
   * Serves the routes at the top, in a sub-router or encapsulated plugin (/nested), in one inside that
   * (/nested/deeper), in one that has the middleware once more (/again), and through a forward of the same request
   * (/forward). The middleware is in front of all, or in front of /nested alone.
   */
  serve(routes: readonly Route[], options: RequestOptions<AnyRequest>, where: 'app' | 'nested'): Promise<App>
}

/** A framework's server. */
export interface App {
  readonly port: number
  close(): Promise<unknown>
}

/** Spans that our middleware or hook would have, were it instrumented. */
const ours = /^(middleware - (coalmine|<anonymous>)|onRequest)/
/** Spans that have ended when the handler evaluates its flag: one on purpose, and Express's before its handler. */
const endedBefore = /^(ended before|router|middleware - jsonParser)/

const routes = [...requestRoutes, ...afterwardsRoutes]

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
    let app: App
    const agent = new http.Agent({ keepAlive: true, maxSockets: 60 })

    beforeAll(async () => {
      app = await insideAnotherRequest(() => framework.serve(routes, options, 'app'))
      await useSdk(framework, { sampled: true })
    })
    afterAll(async () => {
      agent.destroy()
      await app.close()
    })
    beforeEach(forgetSpans)

    const call = (path: string, init: Call = {}): Promise<Answer> =>
      // What this process sends as a client is no part of the test.
      context.with(suppressTracing(context.active()), () => send({ port: app.port, agent, path, ...init }))

    describe('with an SDK and the propagator', () => {
      beforeAll(() => useSdk(framework, { sampled: true }))

      it.each(['', '/nested', '/nested/deeper', '/again', '/forward'])(
        'marks every span of a request: %s/flag',
        async (prefix) => {
          const { body } = await call(`${prefix}/flag/on`, { headers: { 'x-test': '42' } })
          expect(body).toEqual({ test: true, variant: 'on' })
          const spans = await finished(1)
          for (const { name, kind, attributes } of spans) {
            expect(attributes, name).toMatchObject({
              'service.version': '2.0.0',
              'coalmine.test': true,
              'coalmine.test.entity': 'user:42',
              ...(kind === SpanKind.SERVER ? { 'user_agent.synthetic.type': 'test' } : {}),
            })
            if (!endedBefore.test(name)) expect(attributes, name).toMatchObject({ 'coalmine.flag.f': 'on' })
          }
          expect(spans.map((span) => span.name)).toEqual(expect.arrayContaining(['ended before', 'after', 'own root']))
        },
      )

      it.each(['', '/again'])('has no span of its own, from the first request on: %s/flag', async (prefix) => {
        const fresh = await framework.serve(routes, options, 'app')
        const path = `${prefix}/flag/on`
        for (let i = 0; i < 2; i++) await call(path, { port: fresh.port })
        const spans = await finished(2)
        await fresh.close()
        expect(spans.filter(({ name }) => ours.test(name)).map(({ name }) => name)).toEqual([])
        const ids = new Set(spans.map((span) => span.spanContext().spanId))
        const lost = spans.filter(({ parentSpanContext }) => parentSpanContext && !ids.has(parentSpanContext.spanId))
        expect(lost.map(({ name }) => name)).toEqual([])
      })

      it.each(['/throws/on', '/rejects/on'])('marks every span of a request that fails: %s', async (path) => {
        expect((await call(path)).status).toBe(500)
        const spans = await finished(1)
        expect(spans.length).toBeGreaterThan(1)
        for (const { name, attributes } of spans) {
          if (!endedBefore.test(name)) expect(attributes['coalmine.flag.f'], name).toBe('on')
        }
      })

      it('marks every span of a streamed answer, with a flag that is evaluated in the middle of it', async () => {
        expect((await call('/stream/on')).text).toBe('one two three')
        const spans = await finished(1)
        expect(spans.find((span) => span.name === 'chunk')).toBeDefined()
        expect(serverSpan(spans).attributes['coalmine.flag.f']).toBe('on')
        expect(spans.find((span) => span.name === 'chunk')?.attributes['coalmine.flag.f']).toBe('on')
      })

      it('marks every span of an answer that breaks off in the middle', async () => {
        await expect(call('/breaks/on', { headers: { 'x-test': '42' } })).rejects.toThrow()
        const marks = { 'coalmine.flag.f': 'on', 'coalmine.test.entity': 'user:42' }
        expect(serverSpan(await finished(1)).attributes).toMatchObject(marks)
      })

      it('marks the spans of a request that the client gave up', async () => {
        const abortWhen = () => new Promise<void>((begun) => Object.assign(hanging, { begun }))
        await expect(call('/hangs/on', { abortWhen, headers: { 'x-test': '42' } })).rejects.toThrow()
        const marks = { 'coalmine.flag.f': 'on', 'coalmine.test': true }
        expect(serverSpan(await finished(1)).attributes).toMatchObject(marks)
        // The handler does not know that nobody waits: its span must not be taken for the next test's.
        hanging.end()
        await allEnded()
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
          if (!endedBefore.test(span.name)) expect(span.attributes['coalmine.flag.f'], span.name).toBe(variant)
          const user = Number(variant?.slice(1))
          const entity = user % 2 === 1 ? `user:${user}` : undefined
          expect(span.attributes['coalmine.test.entity'], span.name).toBe(entity)
        }
      })

      connectionContract({ port: () => app.port, call })

      afterwardsContract(call)

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

    describe('in front of one sub-router or encapsulated plugin', () => {
      let apart: App
      beforeAll(async () => {
        apart = await insideAnotherRequest(() => framework.serve(routes, options, 'nested'))
        await useSdk(framework, { sampled: true })
        await call('/nested/flag/warm-up', { port: apart.port })
      })
      afterAll(() => apart.close())

      it.each([
        ['/nested', true],
        ['/nested/deeper', true],
        ['', false],
      ])('decides about the requests of that one alone: %s/flag', async (prefix, test) => {
        const { body } = await call(`${prefix}/flag/on`, { port: apart.port, headers: { 'x-test': '42' } })
        expect(body).toEqual({ test, variant: 'on' })
        const spans = await finished(1)
        const { attributes } = serverSpan(spans)
        expect(attributes).toMatchObject({ 'service.version': '2.0.0', 'coalmine.flag.f': 'on' })
        expect(attributes['coalmine.test']).toBe(test ? true : undefined)
        expect(spans.map((span) => span.name).filter((name) => ours.test(name))).toEqual([])
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
            call(
              `${['', '/nested', '/again', '/forward'][i % 4]}/flag/v${i}`,
              i % 3 ? { headers: { 'x-test': `${i}` } } : {},
            ),
          ),
        )
        expect(answers.map(({ body }) => body)).toEqual(
          answers.map((_, i) => ({ test: i % 3 !== 0, variant: `v${i}` })),
        )
      })

      connectionAnswers({ port: () => app.port, call })

      afterwardsContract(call)
    })
  })
}

/** A server that is started inside a request, here a test's, must not give its own requests that one's marks. */
function insideAnotherRequest<T>(start: () => Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    withRequestMarks({ headers: {} }, undefined, { testTraffic: () => true }, () => start().then(resolve, reject))
  })
}

/** A span of its own root says itself which request it is from; the others by their SERVER span's path. */
function variantOf(root: ReadableSpan): string | undefined {
  const path = root.attributes['url.path']
  return typeof path === 'string' ? path.split('/').at(-1) : (root.attributes['coalmine.flag.f'] as string | undefined)
}
