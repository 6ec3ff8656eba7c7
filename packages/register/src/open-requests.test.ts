import { context, type Span, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openRequests } from './open-requests.ts'

beforeAll(() => void context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable()))
afterAll(() => context.disable())

function tracing() {
  const exporter = new InMemorySpanExporter()
  const requests = openRequests(() => undefined)
  const provider = new TracerProvider({ spanProcessors: [requests.processor, new SimpleSpanProcessor({ exporter })] })
  const tracer = provider.getTracer('test')
  const start = (kind: SpanKind = SpanKind.SERVER): Span => tracer.startSpan('GET', { kind })
  return { exporter, requests, start, tracer }
}

it('ends as failed the requests and messages that are open, with the route of the framework’s own span', () => {
  const { exporter, requests, start, tracer } = tracing()
  const [answered, open, message] = [start(), start(), start(SpanKind.CONSUMER)]
  for (const [request, route] of [
    [answered, '/cart'],
    [open, '/orders/:id'],
  ] as const) {
    const inside = trace.setSpan(context.active(), request)
    tracer.startSpan('handler', { attributes: { 'http.route': route } }, inside).end()
  }
  answered.end()
  exporter.reset()
  requests.fail(new TypeError('no stock'))
  expect(exporter.getFinishedSpans().map(({ name, attributes, status }) => ({ name, attributes, status }))).toEqual(
    [
      { name: 'GET /orders/:id', attributes: { 'http.route': '/orders/:id', 'error.type': 'TypeError' } },
      { name: 'GET', attributes: { 'error.type': 'TypeError' } },
    ].map((span) => ({
      ...span,
      status: { code: SpanStatusCode.ERROR, message: 'the process ended before it answered: no stock' },
    })),
  )
  expect(message.isRecording()).toBe(false)
})

it('looks after a thousand at a time, and after those that come when others have ended', () => {
  const { exporter, requests, start } = tracing()
  const first = Array.from({ length: 1200 }, () => start())
  for (const request of first.slice(0, 700)) request.end()
  for (let i = 0; i < 100; i++) start()
  exporter.reset()
  requests.fail(undefined)
  // 300 of the first thousand, none of the 200 after them, and the last hundred.
  expect(exporter.getFinishedSpans()).toHaveLength(400)
  expect(first.filter((request) => request.isRecording())).toHaveLength(200)
})
