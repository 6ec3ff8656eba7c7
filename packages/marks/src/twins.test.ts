import { once } from 'node:events'
import http from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { context, propagation, SpanKind } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { registerInstrumentations } from '@opentelemetry/instrumentation'
import { HttpInstrumentation } from '@opentelemetry/instrumentation-http'
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { markFlag } from './mark-request.ts'
import { MarkProcessor } from './processor.ts'
import { MarkPropagator } from './propagator.ts'
import { currentTraffic } from './traffic.ts'

// Two instrumentations make a SERVER span of each request, as Sentry's and OpenTelemetry's do in one process.
const exporter = new InMemorySpanExporter()
const provider = new TracerProvider({
  spanProcessors: [new MarkProcessor({ build: {} }), new SimpleSpanProcessor({ exporter })],
})
const tracer = provider.getTracer('other')
const instrumentation = new HttpInstrumentation()
registerInstrumentations({ instrumentations: [instrumentation], tracerProvider: provider })
createRequire(import.meta.url)('node:http')

const lingering: string[] = []
const server = http.createServer((req, res) => {
  markFlag('n', String(req.headers['x-n']))
  markFlag('a', 'on')
  const told = currentTraffic()
  res.on('close', () => setTimeout(() => lingering.push(currentTraffic()), 5))
  if (second !== 'inside of it') {
    res.end(told)
    return
  }
  tracer.startActiveSpan('GET', { kind: SpanKind.SERVER }, (span) => {
    res.on('close', () => span.end())
    res.end(currentTraffic())
  })
})
const { emit } = server
/** Where the second instrumentation's span is, of the one that reads the request's own headers. */
let second = ''
server.emit = function (event: string, ...args: unknown[]) {
  if (event !== 'request' || second === 'inside of it') return Reflect.apply(emit, this, [event, ...args])
  const [req, res] = args as [http.IncomingMessage, http.ServerResponse]
  // As Sentry does it: from a copy of the headers.
  const around = second === 'around it' ? context.active() : propagation.extract(context.active(), { ...req.headers })
  return context.with(around, () =>
    tracer.startActiveSpan('GET', { kind: SpanKind.SERVER }, (span) => {
      res.once('close', () => span.end())
      return Reflect.apply(emit, this, [event, ...args])
    }),
  )
}

beforeAll(async () => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
  propagation.setGlobalPropagator(new MarkPropagator({ trust: () => true }))
  await once(server.listen(0, '127.0.0.1'), 'listening')
})
afterAll(() => {
  server.close().closeAllConnections()
  instrumentation.disable()
  propagation.disable()
  context.disable()
})
beforeEach(() => {
  exporter.reset()
  lingering.splice(0)
})

const places = ['around it', 'around it, reading headers too', 'inside of it']

it.each(places)('both spans of a request have its marks, where the second is %s', async (place) => {
  second = place
  for (const isTest of [true, false, true]) {
    exporter.reset()
    expect(await get(isTest)).toBe(isTest ? 'test' : 'users')
    await expect.poll(() => exporter.getFinishedSpans().length).toBe(2)
    for (const { attributes } of exporter.getFinishedSpans()) {
      expect(attributes['coalmine.flag.a']).toBe('on')
      expect(attributes['coalmine.test']).toBe(isTest ? true : undefined)
    }
  }
  await expect.poll(() => lingering).toEqual(['unknown', 'unknown', 'unknown'])
})

it.each(places)('requests at the same time have their own marks, where the second is %s', async (place) => {
  second = place
  const answers = await Promise.all(Array.from({ length: 40 }, (_, i) => get(i % 2 === 0, `${i}`)))
  expect(answers).toEqual(answers.map((_, i) => (i % 2 === 0 ? 'test' : 'users')))
  await expect.poll(() => exporter.getFinishedSpans().length).toBe(80)
  const tests = new Map<unknown, unknown[]>()
  for (const { attributes } of exporter.getFinishedSpans()) {
    const of = attributes['coalmine.flag.n']
    tests.set(of, [...(tests.get(of) ?? []), attributes['coalmine.test']])
  }
  for (let i = 0; i < 40; i++) expect(tests.get(`${i}`)).toEqual(i % 2 === 0 ? [true, true] : [undefined, undefined])
})

async function get(isTest: boolean, n = ''): Promise<string> {
  const { port } = server.address() as AddressInfo
  const headers = { 'x-n': n, ...(isTest ? { baggage: 'coalmine.test=true,coalmine.test.run=load-7' } : {}) }
  return (await fetch(`http://127.0.0.1:${port}/`, { headers })).text()
}
