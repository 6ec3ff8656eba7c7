import { context, DiagLogLevel, diag, SpanKind, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { BatchSpanProcessor, InMemorySpanExporter, TracerProvider } from '@opentelemetry/sdk-trace'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { divertTestTraffic } from './divert.ts'
import { markFlag, markTestEntity } from './mark-request.ts'
import { MarkProcessor } from './processor.ts'
import type { HoldLimits } from './waiting-roots.ts'

const exporter = new InMemorySpanExporter()
const said: string[] = []

beforeEach(() => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
  const log = (message: string): void => void said.push(message)
  diag.setLogger({ error: log, warn: log, info: log, debug: log, verbose: log }, DiagLogLevel.WARN)
})
afterEach(() => {
  exporter.reset()
  said.splice(0)
  diag.disable()
  context.disable()
})

it('needs the processor that spans go on to', () => {
  expect(() => new MarkProcessor({ late: 'hold' })).toThrow(/^late: 'hold' needs next.*new BatchSpanProcessor/)
})

it('goes on when the local root ends, in the order in which spans ended, and keeps nothing back after that', async () => {
  const { tracer, exported } = held()
  const server = tracer.startSpan('server', { kind: SpanKind.SERVER })
  await context.with(trace.setSpan(context.active(), server), async () => {
    tracer.startSpan('first').end()
    const open = tracer.startSpan('ends after the root')
    tracer.startSpan('second').end()
    markFlag('a', 'on')
    expect(await exported()).toEqual({})
    server.end()
    expect(await exported()).toEqual({ first: 'on', second: 'on', server: 'on' })
    markFlag('a', 'off')
    open.end()
    tracer.startSpan('starts after the root').end()
  })
  // What goes on after the root is nobody's: its flags are not the request's, and its new spans have none.
  expect(await exported()).toEqual({
    first: 'on',
    second: 'on',
    server: 'on',
    'ends after the root': 'on',
    'starts after the root': '',
  })
})

it('waits for the root of its own service, and not for the trace', async () => {
  const { tracer, exported } = held()
  await tracer.startActiveSpan('server', async (server) => {
    tracer.startActiveSpan('job', { root: true }, (job) => {
      tracer.startSpan('step of the job').end()
      markFlag('a', 'on')
      job.end()
    })
    expect(await exported()).toEqual({ 'step of the job': 'on', job: 'on' })
    server.end()
  })
})

it.each<[string, HoldLimits, string, Record<string, string>]>([
  [
    'spans of one request',
    { maxSpansPerRoot: 2 },
    'more than 2 spans of one request',
    { 'a 1': '', 'a 2': '', 'a 3': '', 'a 4': '', 'b 1': 'on' },
  ],
  ['spans', { maxSpans: 3 }, 'more than 3 spans', { 'a 1': '', 'a 2': '', 'a 3': '', 'a 4': '', 'b 1': 'on' }],
  ['bytes', { maxBytes: 3500 }, 'more than 3500 bytes', { 'a 1': '', 'a 2': '', 'a 3': '', 'a 4': '', 'b 1': 'on' }],
])(
  'gives up over a limit of %s: says so once, counts it on the root, and holds others',
  async (_, limits, message, early) => {
    const { tracer, exported, attributes } = held(limits)
    const [a, b] = ['root a', 'root b'].map((name) => tracer.startSpan(name))
    const child = (root: typeof a, name: string): void =>
      context.with(trace.setSpan(context.active(), root!), () => tracer.startSpan(name).end())
    for (const name of ['a 1', 'a 2', 'a 3', 'a 4']) child(a, name)
    child(b, 'b 1')
    for (const root of [a, b]) {
      context.with(trace.setSpan(context.active(), root!), () => markFlag('f', 'on'))
      root!.end()
    }
    expect(await exported()).toEqual({ ...early, 'root a': 'on', 'root b': 'on' })
    expect(attributes('root a')['coalmine.spans.early']).toBe(4)
    expect(attributes('root b')).not.toHaveProperty('coalmine.spans.early')
    expect(said).toEqual([expect.stringContaining(message)])
  },
)

it('gives up on a root that does not end in time, without waiting for another span', async () => {
  const { tracer, exported, attributes } = held({ maxAgeMs: 1_000 })
  await tracer.startActiveSpan('stream', async (stream) => {
    tracer.startSpan('early').end()
    expect(await exported()).toEqual({})
    await expect.poll(exported).toEqual({ early: '' })
    markFlag('a', 'on')
    tracer.startSpan('later').end()
    expect(await exported()).toEqual({ early: '', later: 'on' })
    stream.end()
  })
  await exported()
  expect(attributes('stream')['coalmine.spans.early']).toBe(2)
})

it('lets go of all at forceFlush and at shutdown, and holds again after the first', async () => {
  const { tracer, provider, exported } = held()
  await tracer.startActiveSpan('server', async (server) => {
    tracer.startSpan('one').end()
    await provider.forceFlush()
    expect(finished()).toEqual({ one: '' })
    tracer.startSpan('two').end()
    await provider.forceFlush()
    expect(finished()).toEqual({ one: '', two: '' })
    tracer.startSpan('three').end()
    markFlag('a', 'on')
    expect(await exported()).toEqual({ one: '', two: '' })
    server.end()
  })
  tracer.startActiveSpan('never ends', () => tracer.startSpan('four').end())
  await provider.shutdown()
  expect(seen).toEqual(['one', 'two', 'three', 'server', 'four'])
})

it('brings a test that is known late to every span, and so all of them to the pipeline of tests', async () => {
  const users = new InMemorySpanExporter()
  const tests = new InMemorySpanExporter()
  const next = divertTestTraffic({
    users: new BatchSpanProcessor({ exporter: users }),
    test: new BatchSpanProcessor({ exporter: tests }),
  })
  const provider = new TracerProvider({ spanProcessors: [new MarkProcessor({ build: {}, late: 'hold', next })] })
  const tracer = provider.getTracer('test')
  tracer.startActiveSpan('server', (server) => {
    tracer.startSpan('before').end()
    markTestEntity('cart', '7')
    server.end()
  })
  await provider.forceFlush()
  expect(users.getFinishedSpans()).toEqual([])
  expect(tests.getFinishedSpans().map(({ name }) => name)).toEqual(['before', 'server'])
})

const seen: string[] = []

function held(limits: HoldLimits = {}) {
  seen.splice(0)
  const batches = new BatchSpanProcessor({ exporter })
  const ended = batches.onEnd.bind(batches)
  batches.onEnd = (span) => {
    seen.push(span.name)
    ended(span)
  }
  const provider = new TracerProvider({
    spanProcessors: [new MarkProcessor({ build: {}, late: 'hold', next: batches, hold: limits })],
  })
  return {
    provider,
    tracer: provider.getTracer('test'),
    /** What has gone on so far. */
    exported: async () => {
      await batches.forceFlush()
      return finished()
    },
    attributes: (name: string) => exporter.getFinishedSpans().find((span) => span.name === name)!.attributes,
  }
}

function finished(): Record<string, unknown> {
  return Object.fromEntries(
    exporter.getFinishedSpans().map(({ name, attributes }) => {
      const flag = Object.keys(attributes).find((key) => key.startsWith('coalmine.flag.'))
      return [name, flag === undefined ? '' : attributes[flag]]
    }),
  )
}
