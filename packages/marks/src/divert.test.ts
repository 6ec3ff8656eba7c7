import { ROOT_CONTEXT } from '@opentelemetry/api'
import { BatchSpanProcessor, InMemorySpanExporter, TracerProvider } from '@opentelemetry/sdk-trace'
import { expect, it } from 'vitest'
import { divertTestTraffic } from './divert.ts'
import { newMarks, setMark, setTest } from './marks.ts'
import { MarkProcessor } from './processor.ts'
import { contextWithWork, newWork } from './work.ts'

it('gives the spans of tests to one pipeline and all others, claims included, to the other', async () => {
  const { users, test, provider } = pipelines()
  const tracer = provider.getTracer('test')
  for (const kind of ['user', 'test', 'claim', 'late'] as const) {
    const marks = newMarks()
    if (kind === 'test') setTest(marks)
    if (kind === 'claim') setMark(marks, 'coalmine.test.claimed', true)
    const context = contextWithWork(ROOT_CONTEXT, newWork(marks))
    const span = tracer.startSpan(kind, {}, context)
    tracer.startSpan(`${kind} before`, {}, context).end()
    if (kind === 'late') setTest(marks)
    span.end()
  }
  await provider.forceFlush()
  expect(names(test)).toEqual(['late', 'test', 'test before'])
  expect(names(users)).toEqual(['claim', 'claim before', 'late before', 'user', 'user before'])
})

it('saves the spans of one pipeline when the other fails, and reports the failure', async () => {
  const { users, test, provider } = pipelines()
  users.forceFlush = () => Promise.reject(new Error('the collector is away'))
  users.export = () => {
    throw new Error('the collector is away')
  }
  const marks = newMarks()
  setTest(marks)
  provider.getTracer('test').startSpan('user').end()
  provider
    .getTracer('test')
    .startSpan('test', {}, contextWithWork(ROOT_CONTEXT, newWork(marks)))
    .end()
  await expect(provider.forceFlush()).rejects.toBeDefined()
  expect(names(test)).toEqual(['test'])
})

function pipelines() {
  const users = new InMemorySpanExporter()
  const test = new InMemorySpanExporter()
  const divert = divertTestTraffic({
    users: new BatchSpanProcessor({ exporter: users }),
    test: new BatchSpanProcessor({ exporter: test }),
  })
  return { users, test, provider: new TracerProvider({ spanProcessors: [new MarkProcessor({ build: {} }), divert] }) }
}

function names(exporter: InMemorySpanExporter): string[] {
  return exporter
    .getFinishedSpans()
    .map((span) => span.name)
    .sort()
}
