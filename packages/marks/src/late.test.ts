import { once } from 'node:events'
import http from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { context, DiagLogLevel, diag, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { registerInstrumentations } from '@opentelemetry/instrumentation'
import { ExpressInstrumentation } from '@opentelemetry/instrumentation-express'
import { HttpInstrumentation } from '@opentelemetry/instrumentation-http'
import {
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
  type SpanProcessor,
  TracerProvider,
} from '@opentelemetry/sdk-trace'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { markFlag } from './mark-request.ts'
import { type MarkOptions, MarkProcessor } from './processor.ts'

const instrumentations = [new HttpInstrumentation(), new ExpressInstrumentation()]
registerInstrumentations({ instrumentations })
const express = createRequire(import.meta.url)('express') as typeof import('express')

const exporter = new InMemorySpanExporter()
const said: string[] = []
const app = express()
app.use(express.json())
app.get('/cart', (_req, res) => {
  const tracer = trace.getTracer('app')
  tracer.startSpan('query before').end()
  tracer.startActiveSpan('handle', (span) => {
    markFlag('new-pricing', 'on')
    tracer.startSpan('query after').end()
    span.end()
  })
  res.end()
})
const server = http.createServer(app)

beforeAll(() => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
  server.listen(0, '127.0.0.1')
  return once(server, 'listening')
})
afterAll(() => {
  server.close().closeAllConnections()
  for (const each of instrumentations) each.disable()
  trace.disable()
  context.disable()
})
beforeEach(() => {
  exporter.reset()
  said.splice(0)
  const log = (message: string): void => void said.push(message)
  diag.setLogger({ error: log, warn: log, info: log, debug: log, verbose: log }, DiagLogLevel.WARN)
  return () => diag.disable()
})

const atItsStart = ['query after']
const openSpans = ['GET /cart', 'handle', 'query after', 'request handler']
const everySpan = ['GET /cart', 'handle', 'middleware - jsonParser', 'query after', 'query before', 'request handler']

describe('a flag that a handler evaluates after other spans of the request have ended', () => {
  it.each<[string, (marks: (options: MarkOptions) => MarkProcessor) => SpanProcessor[], string[], string[]]>([
    [
      'is on the spans that start later, where the SDK is older than 2.3, which is said once',
      (marks) => [withoutEnding(marks({})), simple()],
      atItsStart,
      [expect.stringContaining('does not call onEnding')],
    ],
    ['is on all that are still open', (marks) => [marks({}), simple()], openSpans, []],
    ['is on all that are still open, in one pipeline', (marks) => [marks({ next: simple() })], openSpans, []],
    ['is on every span, when they are held back', (marks) => [marks({ late: 'hold', next: simple() })], everySpan, []],
    [
      'is on every span, when they are held back, also where the SDK is older than 2.3',
      (marks) => [withoutEnding(marks({ late: 'hold', next: simple() }))],
      everySpan,
      [],
    ],
  ])('%s', async (_, processors, expected, messages) => {
    for (const [encoding, key, value] of encodings) {
      exporter.reset()
      const marks = (options: MarkOptions) => new MarkProcessor({ build: {}, encoding, ...options })
      const provider = new TracerProvider({ spanProcessors: processors(marks) })
      trace.disable()
      trace.setGlobalTracerProvider(provider)
      for (const each of instrumentations) each.setTracerProvider(provider)
      await get('/cart')
      const spans = await requestSpans()
      expect(names(spans)).toEqual(everySpan)
      expect(names(spans.filter(({ attributes }) => attributes[key] === value))).toEqual(expected)
    }
    expect(said).toEqual(messages)
  })
})

const encodings = [
  ['each', 'coalmine.flag.new-pricing', 'on'],
  ['packed', 'coalmine.flags', 'new-pricing=on'],
] as const

function simple(): SimpleSpanProcessor {
  return new SimpleSpanProcessor({ exporter })
}

/** As an SDK before 2.3 uses a processor. */
function withoutEnding(marks: MarkProcessor): SpanProcessor {
  return {
    onStart: marks.onStart.bind(marks),
    onEnd: marks.onEnd.bind(marks),
    forceFlush: async () => {},
    shutdown: async () => {},
  }
}

async function get(path: string): Promise<void> {
  const request = http.get(`http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`)
  const [response] = (await once(request, 'response')) as [http.IncomingMessage]
  await once(response.resume(), 'end')
}

/** The spans of the service's part: the client's own are this test's. */
async function requestSpans(): Promise<ReadableSpan[]> {
  for (;;) {
    const spans = exporter.getFinishedSpans()
    if (spans.some(({ name }) => name === 'GET /cart')) return spans.filter(({ name }) => name !== 'GET')
    await new Promise(setImmediate)
  }
}

function names(spans: readonly ReadableSpan[]): string[] {
  return spans.map(({ name }) => name).sort()
}
