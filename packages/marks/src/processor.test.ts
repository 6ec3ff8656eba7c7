import {
  type Attributes,
  context,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  SpanKind,
  TraceFlags,
  type Tracer,
  trace,
} from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { suppressTracing } from '@opentelemetry/core'
import { type Resource, resourceFromAttributes } from '@opentelemetry/resources'
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  createAlwaysRecordSampler,
  InMemorySpanExporter,
  type ReadableSpan,
  type Sampler,
  SimpleSpanProcessor,
  type SpanProcessor,
  TracerProvider,
} from '@opentelemetry/sdk-trace'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { markAudience, markFlag, markTestEntity } from './mark-request.ts'
import { newMarks, setFlag, setMark } from './marks.ts'
import { type MarkOptions, MarkProcessor } from './processor.ts'
import type { Encoding } from './stamp.ts'
import { isTestTraffic } from './traffic.ts'
import { contextWithWork, newWork, runInWork } from './work.ts'

const exporter = new InMemorySpanExporter()
const processors = [new MarkProcessor({ build: { version: '2.0.0' } }), new SimpleSpanProcessor({ exporter })]
const tracer = new TracerProvider({ spanProcessors: processors }).getTracer('test')
const deafTracer = new TracerProvider({ spanProcessors: processors, sampler: new AlwaysOffSampler() }).getTracer('test')

beforeEach(() => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
})
afterEach(() => {
  exporter.reset()
  context.disable()
})

it('lets be, and does not pass on, the spans of a tracer that took the place of the SDK', () => {
  const passed: unknown[] = []
  const next = { ...processors[1]!, onStart: () => passed.push('start'), onEnd: () => passed.push('end') } as never
  const processor = new MarkProcessor({ build: { version: '2.0.0' }, next })
  const foreign = { setAttribute: () => expect.unreachable() } as never
  processor.onStart(foreign, ROOT_CONTEXT)
  processor.onEnding(foreign)
  processor.onEnd(foreign)
  expect(passed).toEqual([])
})

describe('every span of a request', () => {
  it('has the build, and the flags that were evaluated while it was open', () => {
    inSpan('server', { kind: SpanKind.SERVER }, () => {
      inSpan('ended before', {}, () => {})
      inSpan('handler', {}, () => markFlag('new-pricing', 'on'))
      inSpan('after', {}, () => {})
    })
    expect(exported('ended before')).toEqual({ 'service.version': '2.0.0' })
    for (const name of ['server', 'handler', 'after']) {
      expect(exported(name)).toEqual({ 'service.version': '2.0.0', 'coalmine.flag.new-pricing': 'on' })
    }
  })

  it('keeps an attribute that the application set itself, before or after', () => {
    const own = { 'service.version': 'mine', 'coalmine.flag.a': 'mine' }
    inSpan('server', { attributes: own }, (span) => {
      markFlag('a', 'on')
      span.setAttribute('coalmine.flag.b', 'mine')
      markFlag('b', 'on')
      markFlag('a', 'off')
    })
    expect(exported('server')).toEqual({ ...own, 'coalmine.flag.b': 'mine' })
  })

  it('says (mixed) where a flag had two variants, also on spans that had the first one', () => {
    inSpan('server', {}, () => {
      markFlag('a', 'on')
      inSpan('had the first', {}, () => {
        markFlag('a', 'off')
        markFlag('a', 'on')
      })
    })
    expect(exported('had the first')['coalmine.flag.a']).toBe('(mixed)')
    expect(exported('server')['coalmine.flag.a']).toBe('(mixed)')
  })

  it('counts the flags that did not fit, instead of dropping them in silence', () => {
    inSpan('server', {}, () => {
      for (let i = 0; i < 70; i++) markFlag(`flag-${i}`, 'on')
      markFlag('long', 'x'.repeat(129))
      markFlag('', 'on')
    })
    const attributes = exported('server')
    expect(Object.keys(attributes).filter((key) => key.startsWith('coalmine.flag.'))).toHaveLength(64)
    expect(attributes['coalmine.flags.dropped']).toBe(8)
  })

  it('has the flags that are read one by one, though hundreds were read at once before', () => {
    inSpan('server', {}, () => {
      for (let i = 0; i < 300; i++) markFlag(`flag-${i}`, 'on', { bulk: true })
      markFlag('new-pricing', 'on')
    })
    expect(exported('server')).toMatchObject({ 'coalmine.flag.new-pricing': 'on', 'coalmine.flags.dropped': 252 })
  })

  it('is marked also when it is full', () => {
    inSpan('server', { attributes: Object.fromEntries(Array.from({ length: 128 }, (_, i) => [`own.${i}`, i])) }, () =>
      markFlag('a', 'on'),
    )
    expect(exported('server')).toMatchObject({ 'own.127': 127, 'service.version': '2.0.0', 'coalmine.flag.a': 'on' })
  })

  it('is marked through the API where its attributes are not a plain field', () => {
    const set = new Map<string, unknown>()
    const span = {
      kind: SpanKind.SERVER,
      get attributes() {
        return Object.fromEntries(set) as Attributes
      },
      setAttribute: (key: string, value: unknown) => set.set(key, value),
    }
    const marks = newMarks()
    const processor = new MarkProcessor({ build: { version: '2.0.0' } })
    processor.onStart(span, contextWithWork(ROOT_CONTEXT, newWork(marks)))
    setFlag(marks, 'a', 'on')
    processor.onEnding(span)
    expect(span.attributes).toEqual({ 'service.version': '2.0.0', 'coalmine.flag.a': 'on' })
  })

  it('has the test entities and the run', () => {
    inSpan('server', { kind: SpanKind.SERVER }, () => {
      markTestEntity('user', '42', { run: 'load-7' })
      markTestEntity('cart', '7')
      markTestEntity('user', '42')
      markAudience('internal')
    })
    expect(exported('server')).toEqual({
      'service.version': '2.0.0',
      'coalmine.test': true,
      'user_agent.synthetic.type': 'test',
      'coalmine.test.entity': 'user:42,cart:7',
      'coalmine.test.run': 'load-7',
      'coalmine.audience': 'internal',
    })
  })
})

describe('the build', () => {
  const marksOfSpan = async (resource: Resource | undefined): Promise<Attributes> => {
    const spanProcessors = [new MarkProcessor({ build: { version: '2.0.0' } }), new SimpleSpanProcessor({ exporter })]
    const provider = new TracerProvider({ spanProcessors, ...(resource ? { resource } : {}) })
    provider.getTracer('test').startSpan('span').end()
    await provider.forceFlush()
    return exported('span')
  }

  it.each<[string, Record<string, unknown>]>([
    ['says it', { 'service.version': '2.0.0' }],
    ['says it, while other things are awaited', { 'service.version': '2.0.0', 'host.id': Promise.resolve('a') }],
  ])('is not said again by the spans of a resource that %s', async (_, attributes) => {
    expect(await marksOfSpan(resourceFromAttributes(attributes as Attributes))).toEqual({})
  })

  it.each<[string, Record<string, unknown> | undefined]>([
    ['does not say it', { 'service.name': 'shop' }],
    ['says another', { 'service.version': '1.0.0' }],
    ['is still to learn it', { 'service.version': Promise.resolve('2.0.0') }],
    ['is the default one', undefined],
  ])('is on the spans of a resource that %s', async (_, attributes) => {
    const resource = attributes && resourceFromAttributes(attributes as Attributes)
    expect(await marksOfSpan(resource)).toEqual({ 'service.version': '2.0.0' })
  })
})

it.each([
  ['user_agent.synthetic.type', {}],
  ['traffic.kind', { syntheticType: 'traffic.kind' }],
  [undefined, { syntheticType: false }],
] as const)('the conventions’ word for test traffic is %s on SERVER spans: %o', (key, options) => {
  const marked = tracerWith(options)
  marked.startActiveSpan('server', { kind: SpanKind.SERVER }, (server) => {
    markTestEntity('user', '42')
    marked.startSpan('child').end()
    server.end()
  })
  const mark = { 'coalmine.test': true, 'coalmine.test.entity': 'user:42' }
  expect(exported('server')).toEqual({ ...mark, ...(key === undefined ? {} : { [key]: 'test' }) })
  expect(exported('child')).toEqual(mark)
})

describe('flags', () => {
  const both = { 'coalmine.flag.a': 'on', 'coalmine.flag.x;y=%': '50%;=', 'coalmine.flag.b': '(mixed)' }
  const text = 'a=on;x%3By%3D%25=50%25%3B%3D;b=(mixed)'

  it.each<[Encoding, Record<string, string>]>([
    ['each', both],
    ['packed', { 'coalmine.flags': text }],
    ['both', { ...both, 'coalmine.flags': text }],
  ])('are written %s, the early and the late', (encoding, expected) => {
    const marked = tracerWith({ encoding })
    marked.startActiveSpan('server', (server) => {
      markFlag('a', 'on')
      marked.startActiveSpan('child', (child) => {
        markFlag('x;y=%', '50%;=')
        markFlag('b', 'on')
        marked.startSpan('between').end()
        markFlag('b', 'off')
        child.end()
      })
      server.end()
    })
    expect(exported('server')).toEqual(expected)
    expect(exported('child')).toEqual(expected)
    const [packed, each] = ['coalmine.flags', 'coalmine.flag.b'].map((key) => exported('between')[key])
    if (encoding !== 'each') expect(packed).toBe('a=on;x%3By%3D%25=50%25%3B%3D;b=on')
    if (encoding !== 'packed') expect(each).toBe('on')
  })

  it.each<Encoding>(['each', 'packed', 'both'])(
    'leave an attribute alone that the application set, count what did not fit, and reach a full span: %s',
    (encoding) => {
      const marked = tracerWith({ encoding })
      const own = { 'coalmine.flags': 'mine', 'coalmine.flag.f0': 'mine' }
      const full = Object.fromEntries(Array.from({ length: 128 }, (_, i) => [`own.${i}`, i]))
      marked.startActiveSpan('server', { attributes: own }, (server) => {
        const other = marked.startSpan('full', { attributes: full })
        for (let i = 0; i < 66; i++) markFlag(`f${i}`, 'on')
        other.end()
        server.end()
      })
      expect(exported('server')).toMatchObject({ ...own, 'coalmine.flags.dropped': 2 })
      const { 'coalmine.flags': packed = '', 'coalmine.flag.f63': last, ...rest } = exported('full')
      expect(rest).toMatchObject({ ...full, 'coalmine.flags.dropped': 2 })
      if (encoding !== 'each') expect(String(packed).split(';')).toHaveLength(64)
      if (encoding !== 'packed') expect(last).toBe('on')
    },
  )

  it('are counted also where other marks left them no room', () => {
    const marks = newMarks()
    for (let i = 0; i < 256; i++) setMark(marks, `coalmine.via.s${i}`, '1')
    runInWork(newWork(marks), () =>
      inSpan('server', {}, () => {
        markFlag('a', 'on')
        markFlag('b', 'on')
      }),
    )
    expect(exported('server')).toMatchObject({ 'coalmine.via.s255': '1', 'coalmine.flags.dropped': 2 })
    expect(exported('server')).not.toHaveProperty('coalmine.flag.a')
  })

  it('are on spans that are recorded and not sampled', () => {
    const recorded: ReadableSpan[] = []
    const sampler = createAlwaysRecordSampler(new AlwaysOffSampler())
    const marked = tracerWith({ encoding: 'packed' }, sampler, recorded)
    marked.startActiveSpan('server', (server) => {
      markFlag('a', 'on')
      server.end()
    })
    expect(recorded.map(({ attributes }) => attributes)).toEqual([{ 'coalmine.flags': 'a=on' }])
    expect(exporter.getFinishedSpans()).toEqual([])
  })

  it('stay with their request in timers and queues that it started, until it ends', async () => {
    const queue: ((name: string) => void)[] = []
    await tracer.startActiveSpan('server', { kind: SpanKind.SERVER }, async (server) => {
      markFlag('a', 'on')
      queue.push(context.bind(context.active(), (name) => tracer.startSpan(name).end()))
      await new Promise<void>((resolve) => {
        setTimeout(() => {
          tracer.startSpan('timed').end()
          resolve()
        }, 1)
      })
      for (const job of queue) job('queued')
      server.end()
    })
    for (const job of queue) job('queued for long')
    tracer.startSpan('outside').end()
    markFlag('b', 'on')
    expect(exported('timed')['coalmine.flag.a']).toBe('on')
    expect(exported('queued')['coalmine.flag.a']).toBe('on')
    expect(exported('queued for long')).toEqual({ 'service.version': '2.0.0' })
    expect(exported('outside')).toEqual({ 'service.version': '2.0.0' })
  })

  it('do not cross a link: a consumer that links to its producer is a request of its own', () => {
    let producer: SpanContext | undefined
    inSpan('producer', {}, (span) => {
      markFlag('a', 'on')
      producer = span.spanContext()
    })
    const links = [{ context: producer! }]
    inSpan('consumer', { kind: SpanKind.CONSUMER, links }, () => markFlag('b', 'on'))
    expect(exported('consumer')).toEqual({ 'service.version': '2.0.0', 'coalmine.flag.b': 'on' })
    expect(exported('producer')).toEqual({ 'service.version': '2.0.0', 'coalmine.flag.a': 'on' })
  })
})

describe('the marks of a request', () => {
  it('are inherited by a new root span inside it', () => {
    inSpan('server', { kind: SpanKind.SERVER }, () => {
      markFlag('a', 'on')
      inSpan('root', { root: true }, () => markFlag('b', 'on'))
    })
    expect(exported('root')).toMatchObject({ 'coalmine.flag.a': 'on' })
    expect(exported('server')).toMatchObject({ 'coalmine.flag.a': 'on', 'coalmine.flag.b': 'on' })
  })

  it('are not shared by two requests of one trace', () => {
    const remote = trace.setSpanContext(ROOT_CONTEXT, {
      traceId: '0af7651916cd43dd8448eb211c80319c',
      spanId: 'b7ad6b7169203331',
      traceFlags: TraceFlags.SAMPLED,
      isRemote: true,
    })
    const [first, second] = ['first', 'second'].map((name) => tracer.startSpan(name, {}, remote)) as [Span, Span]
    context.with(trace.setSpan(remote, first), () => markFlag('a', 'on'))
    context.with(trace.setSpan(remote, second), () => markFlag('a', 'off'))
    first.end()
    second.end()
    expect(exported('first')['coalmine.flag.a']).toBe('on')
    expect(exported('second')['coalmine.flag.a']).toBe('off')
  })

  it('are not taken by a request that arrives inside another one, as in a test of a server', () => {
    inSpan('client side', {}, () => {
      markFlag('a', 'on')
      tracer.startSpan('server', { kind: SpanKind.SERVER }, ROOT_CONTEXT).end()
    })
    expect(exported('server')).toEqual({ 'service.version': '2.0.0' })
  })

  it.each([
    ['is recorded', (next: () => void) => inSpan('server', {}, next)],
    ['is not sampled', (next: () => void) => deafTracer.startActiveSpan('server', next)],
    ['is suppressed', (next: () => void) => context.with(suppressTracing(context.active()), next)],
    ['has a non-recording span', (next: () => void) => context.with(nonRecording(), next)],
    [
      'has no context manager, for want of an SDK',
      (next: () => void) => {
        context.disable()
        next()
      },
    ],
  ])('answer alike when the request %s', async (_, within) => {
    const seen = await new Promise((resolve) => {
      runInWork(newWork(newMarks()), () =>
        within(() => {
          expect(isTestTraffic()).toBe(false)
          markTestEntity('user', '42')
          setTimeout(() => resolve(isTestTraffic()), 1)
        }),
      )
    })
    expect(seen).toBe(true)
    expect(isTestTraffic()).toBe(false)
  })

  it('live in the Context, where a span that is given it finds them', () => {
    const marks = newMarks()
    const explicit = contextWithWork(ROOT_CONTEXT, newWork(marks))
    context.with(explicit, () => markFlag('a', 'on'))
    tracer.startSpan('elsewhere', {}, explicit).end()
    expect(exported('elsewhere')['coalmine.flag.a']).toBe('on')
  })
})

it('does nothing, quietly, outside any request', () => {
  markFlag('a', 'on')
  markTestEntity('user', '42')
  expect(isTestTraffic()).toBe(false)
})

function tracerWith(
  options: MarkOptions,
  sampler: Sampler = new AlwaysOnSampler(),
  recorded: ReadableSpan[] = [],
): Tracer {
  const watch: SpanProcessor = {
    onStart: () => {},
    onEnd: (span) => void recorded.push(span),
    forceFlush: async () => {},
    shutdown: async () => {},
  }
  const spanProcessors = [new MarkProcessor({ build: {}, ...options }), watch, new SimpleSpanProcessor({ exporter })]
  return new TracerProvider({ sampler, spanProcessors }).getTracer('test')
}

function inSpan(name: string, options: Parameters<typeof tracer.startSpan>[1], within: (span: Span) => void): void {
  tracer.startActiveSpan(name, options ?? {}, (span) => {
    within(span)
    span.end()
  })
}

function nonRecording() {
  return trace.setSpan(
    ROOT_CONTEXT,
    trace.wrapSpanContext({ traceId: '1'.repeat(32), spanId: '1'.repeat(16), traceFlags: 0 }),
  )
}

function exported(name: string): ReadableSpan['attributes'] {
  const span = exporter.getFinishedSpans().find((each) => each.name === name)
  if (!span) throw new Error(`no span ${name}`)
  return span.attributes
}
