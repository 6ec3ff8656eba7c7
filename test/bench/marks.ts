/**
 * What do marks cost each span? A request is a SERVER span and five children with nine attributes each, through the
 * real SDK and its batch processor into an exporter that returns at once. Ours marks each with five flags, evaluated when
 * the SERVER span is open, and with the test; the build is on the resource, as in all variants, and the SERVER span has
 * `user_agent.synthetic.type` too. Beside it the baggage processor of OpenTelemetry with as many entries; the floor, which
 * is the same attributes written on every span as it ends by three lines that know nothing of requests; and the
 * undecorated pipeline once more, which shows the noise.
 *
 * And what do a million requests leave in memory?
 *
 * Each variant runs in fresh processes, alternated; what counts is the median of the ratios within a round.
 */

import { execFileSync } from 'node:child_process'
import { setImmediate } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { MarkProcessor, MarkPropagator, markFlag, withRequestMarks } from '@coalmine/marks'
import {
  type Attributes,
  type Context,
  context,
  defaultTextMapGetter,
  propagation,
  ROOT_CONTEXT,
  SpanKind,
  trace,
} from '@opentelemetry/api'
import { ALLOW_ALL_BAGGAGE_KEYS, BaggageSpanProcessor } from '@opentelemetry/baggage-span-processor'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { BatchSpanProcessor, type SpanExporter, type SpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'
import { median } from 'simple-statistics'

/** One line of the bench's table. */
export interface BenchRow {
  readonly name: string
  readonly value: string
  readonly target: string
  readonly ok: boolean
}

const variantNames = ['undecorated', 'null', 'packed', 'floor packed', 'each', 'floor each', 'baggage'] as const
type Variant = (typeof variantNames)[number]

const roundCount = 5
const requestCount = 50_000
/** Long enough for the compiler to be done: its threads count as CPU too. */
const warmUp = 40_000
const flagKeys = ['new-pricing', 'free-shipping', 'dark-mode', 'fast-search', 'layout-2026']
const markAsTest = { testTraffic: () => true }
const spanAttributes = {
  'http.request.method': 'GET',
  'url.scheme': 'http',
  'url.path': '/cart/items',
  'server.address': 'shop.example',
  'server.port': 443,
  'client.address': '203.0.113.7',
  'user_agent.original': 'Mozilla/5.0 (X11; Linux x86_64)',
  'network.protocol.version': '1.1',
  'http.response.status_code': 200,
}

/** Runs all variants and gives the rows of the table; about two minutes on two cores. */
export async function run(): Promise<BenchRow[]> {
  const rounds = Array.from({ length: roundCount }, (_, round) => {
    // Every other round backwards, so that no variant always comes first.
    const order = round % 2 ? variantNames.toReversed() : variantNames
    return Object.fromEntries(order.map((variant) => [variant, inFreshProcess(variant)])) as Record<Variant, number>
  })
  const ns = (variant: Variant) => median(rounds.map((round) => round[variant]))
  const ratio = (variant: Variant) => median(rounds.map((round) => round[variant] / round.undecorated))
  const ofBaggage = (variant: Variant) =>
    median(rounds.map((round) => (round[variant] - round.undecorated) / (round.baggage - round.undecorated)))
  const describe = (variant: Variant) => `${ratio(variant).toFixed(3)} x (${Math.round(ns(variant))} ns a span)`
  return [
    {
      name: 'span undecorated, again (noise)',
      value: describe('null'),
      target: '0.95 to 1.05 x',
      ok: Math.abs(ratio('null') - 1) <= 0.05,
    },
    {
      name: 'span with build, 5 flags, test mark; flags packed',
      value: describe('packed'),
      target: '<= 1.15 x',
      ok: ratio('packed') <= 1.15,
    },
    {
      name: 'span with build, 5 flags, test mark; flags each',
      value: describe('each'),
      target: '<= 1.30 x',
      ok: ratio('each') <= 1.3,
    },
    ...(['packed', 'each'] as const).map((encoding) => ({
      name: `the same attributes, written by nothing of ours: flags ${encoding}`,
      value: describe(`floor ${encoding}`),
      target: 'beside',
      ok: true,
    })),
    { name: 'span with baggage-span-processor, 7 entries', value: describe('baggage'), target: 'beside', ok: true },
    ...(['packed', 'each'] as const).map((variant) => ({
      name: `overhead of marks, ${variant} / of baggage`,
      value: `${ofBaggage(variant).toFixed(2)} x`,
      target: '<= 0.60 x',
      ok: ofBaggage(variant) <= 0.6,
    })),
    ...(['open', 'hold'] as const).map(memory),
  ]
}

function inFreshProcess(variant: Variant): number {
  return Number(execFileSync(process.execPath, [import.meta.filename, variant], { encoding: 'utf8' }))
}

/** What a million requests, each with a variant of its own, leave behind: the heap after them, less that after a tenth of them. */
function memory(late: 'open' | 'hold'): BenchRow {
  const args = ['--expose-gc', import.meta.filename, 'memory', late]
  const bytes = Number(execFileSync(process.execPath, args, { encoding: 'utf8' }))
  return {
    name: `heap that a million requests leave, late: ${late}`,
    value: `${(bytes / 1e6).toFixed(2)} MB`,
    target: '<= 1 MB',
    ok: bytes <= 1e6,
  }
}

async function measureMemory(late: 'open' | 'hold'): Promise<number> {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
  const batches = new BatchSpanProcessor({ exporter: deaf, maxQueueSize: 100_000 })
  const marks = new MarkProcessor({ build: { version: '2.0.0' }, encoding: 'both', late, next: batches })
  const tracer = new TracerProvider({ spanProcessors: [marks] }).getTracer('bench')
  let count = 0
  const request = (): void => {
    const server = tracer.startSpan('GET /cart', { kind: SpanKind.SERVER, attributes: spanAttributes })
    context.with(trace.setSpan(context.active(), server), () => {
      withRequestMarks({ headers: {} }, undefined, markAsTest, () => {
        tracer.startSpan('before', { attributes: spanAttributes }).end()
        for (const flag of flagKeys) markFlag(flag, 'on')
        markFlag('experiment', `variant ${count++}`)
      })
    })
    server.end()
  }
  const heapAfter = async (requests: number): Promise<number> => {
    for (let i = 0; i < requests; i++) {
      request()
      if (i % 50 === 0) await setImmediate()
    }
    await marks.forceFlush()
    globalThis.gc?.()
    return process.memoryUsage().heapUsed
  }
  const before = await heapAfter(100_000)
  return (await heapAfter(1_000_000)) - before
}

/** CPU nanoseconds a span. */
async function measure(variant: Variant): Promise<number> {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
  const decorators: Record<Variant, SpanProcessor[]> = {
    undecorated: [],
    null: [],
    each: [new MarkProcessor({ build: { version: '2.0.0' } })],
    'floor each': [writes(floorVariants.each)],
    packed: [new MarkProcessor({ build: { version: '2.0.0' }, encoding: 'packed' })],
    'floor packed': [writes(floorVariants.packed)],
    baggage: [new BaggageSpanProcessor(ALLOW_ALL_BAGGAGE_KEYS) as unknown as SpanProcessor],
  }
  const batches = new BatchSpanProcessor({ exporter: deaf, maxQueueSize: 1_000_000 })
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ 'service.version': '2.0.0' }),
    spanProcessors: [...decorators[variant], batches],
  })
  const tracer = provider.getTracer('bench')
  const propagator = new MarkPropagator()
  const isMarked = variant === 'each' || variant === 'packed'
  const arrives: Record<Variant, () => Context> = {
    undecorated: () => ROOT_CONTEXT,
    null: () => ROOT_CONTEXT,
    'floor each': () => ROOT_CONTEXT,
    'floor packed': () => ROOT_CONTEXT,
    each: () => propagator.extract(ROOT_CONTEXT, {}, defaultTextMapGetter),
    packed: () => propagator.extract(ROOT_CONTEXT, {}, defaultTextMapGetter),
    baggage: () => propagation.setBaggage(ROOT_CONTEXT, baggage),
  }

  const handle = (): void => {
    if (isMarked) for (const flag of flagKeys) markFlag(flag, 'on')
    for (let i = 0; i < 5; i++) tracer.startSpan('call', { kind: SpanKind.CLIENT, attributes: spanAttributes }).end()
  }
  const request = (): void => {
    const arrived = arrives[variant]()
    const server = tracer.startSpan('GET /cart', { kind: SpanKind.SERVER, attributes: spanAttributes }, arrived)
    context.with(trace.setSpan(arrived, server), () => {
      if (isMarked) withRequestMarks({ headers: {} }, undefined, markAsTest, handle)
      else handle()
    })
    server.end()
  }
  const requests = async (count: number): Promise<void> => {
    for (let i = 0; i < count; i++) {
      request()
      // Lets the batch processor export, as it does between the requests of a server.
      if (i % 50 === 0) await setImmediate()
    }
  }

  await requests(warmUp)
  const before = process.threadCpuUsage()
  await requests(requestCount)
  const used = process.threadCpuUsage(before)
  await provider.shutdown()
  return ((used.user + used.system) * 1000) / (requestCount * 6)
}

/** What the marks of this request come to, on every span. */
const floorVariants = {
  each: { 'coalmine.test': true, ...Object.fromEntries(flagKeys.map((flag) => [`coalmine.flag.${flag}`, 'on'])) },
  packed: { 'coalmine.test': true, 'coalmine.flags': flagKeys.map((flag) => `${flag}=on`).join(';') },
}

function writes(attributes: Attributes): SpanProcessor {
  return {
    onStart: () => {},
    onEnding: (span) => {
      for (const key in attributes) span.attributes[key] = attributes[key]
    },
    onEnd: () => {},
    forceFlush: async () => {},
    shutdown: async () => {},
  }
}

/** An exporter that returns at once. */
const deaf: SpanExporter = {
  export: (_spans, done) => done({ code: 0 }),
  forceFlush: async () => {},
  shutdown: async () => {},
}

const baggage = propagation.createBaggage(
  Object.fromEntries(['service.version', 'coalmine.test', ...flagKeys].map((key) => [key, { value: 'on' }])),
)

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const variant = variantNames.find((each) => each === process.argv[2])
  if (variant) process.stdout.write(String(await measure(variant)))
  else if (process.argv[2] === 'memory')
    process.stdout.write(String(await measureMemory(process.argv[3] === 'hold' ? 'hold' : 'open')))
  else console.table(await run())
}
