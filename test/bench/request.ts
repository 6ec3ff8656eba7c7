/**
 * What do marks take of a request's own CPU time, without HTTP and export? A request of four spans and five flags goes
 * through propagator, processor and middleware, with an SDK whose exporter does nothing. Beside it are plain OpenTelemetry
 * and the same attributes, written by three lines that know nothing of requests. All variants are in one process and take
 * turns in windows of 25 requests, so that whatever else the machine does disturbs them alike; what counts is the mean of
 * the quicker four fifths of 2,000 windows, garbage collection included. The differences are the same to about 0.1 us on
 * a machine that is busy with something else.
 */
import { channel } from 'node:diagnostics_channel'
import { EventEmitter } from 'node:events'
import { pathToFileURL } from 'node:url'
import { type Encoding, MarkProcessor, MarkPropagator, markFlag, withRequestMarks } from '@coalmine/marks'
import {
  type Attributes,
  context,
  defaultTextMapGetter,
  ROOT_CONTEXT,
  SpanKind,
  type TextMapPropagator,
  trace,
} from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import {
  CompositePropagator,
  RPCType,
  setRPCMetadata,
  W3CBaggagePropagator,
  W3CTraceContextPropagator,
} from '@opentelemetry/core'
import { type SpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'
import { mean } from 'simple-statistics'
import type { BenchRow } from './marks.ts'

const windows = 2000
const warmUp = 300
const requestsPerWindow = 25
const flagKeys = ['new-pricing', 'free-shipping', 'dark-mode', 'fast-search', 'layout-2026']
const nothing: SpanProcessor = { onStart() {}, onEnd() {}, forceFlush: async () => {}, shutdown: async () => {} }
const variants = {
  plain: {},
  'floor-packed': {
    floor: { 'coalmine.test': true, 'coalmine.flags': flagKeys.map((flag) => `${flag}=on`).join(';') },
  },
  packed: { encoding: 'packed' },
  'floor-each': {
    floor: { 'coalmine.test': true, ...Object.fromEntries(flagKeys.map((flag) => [`coalmine.flag.${flag}`, 'on'])) },
  },
  each: { encoding: 'each' },
} satisfies Record<string, Variant>

interface Variant {
  readonly encoding?: Encoding
  /** What is written without us. */
  readonly floor?: Attributes
}

/** Runs all variants, and gives the rows of the table; about twenty seconds. */
export async function run(): Promise<BenchRow[]> {
  const ns = await measure()
  const more = (variant: string, than: string): number => Math.round(ns[variant]! - ns[than]!)
  return ['packed', 'each'].map((encoding) => ({
    name: `a request with four spans and five flags, ${encoding}`,
    value: `${more(encoding, `floor-${encoding}`)} ns beyond the same attributes, ${more(encoding, 'plain')} ns beyond plain OpenTelemetry (${Math.round(ns['plain']!)} ns)`,
    // 1 % of the 80 us that a hello-world application with spans takes for a request: test/bench/app.ts.
    target: '<= 800 ns beyond the same attributes',
    ok: more(encoding, `floor-${encoding}`) <= 800,
  }))
}

async function measure(): Promise<Record<string, number>> {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
  const requests = Object.entries<Variant>(variants).map(([name, variant]) => ({
    name,
    request: requestOf(variant),
    times: [] as number[],
  }))
  for (let round = 0; round < warmUp + windows; round++) {
    // Each comes first, last and after each other one in its turn.
    const order = requests.map((_, place) => requests[(place + round) % requests.length]!)
    if (round % 2) order.reverse()
    for (const { request, times } of order) {
      const started = process.hrtime.bigint()
      for (let i = 0; i < requestsPerWindow; i++) request()
      // What they leave to do once they have returned.
      await Promise.resolve()
      if (round >= warmUp) times.push(Number(process.hrtime.bigint() - started) / requestsPerWindow)
    }
    if (round % 4 === 0) await new Promise((done) => setImmediate(done))
  }
  const quicker = (times: number[]): number[] => times.sort((a, b) => a - b).slice(0, Math.floor(times.length * 0.8))
  return Object.fromEntries(requests.map(({ name, times }) => [name, mean(quicker(times))]))
}

function requestOf({ encoding, floor }: Variant): () => void {
  const writes: SpanProcessor = {
    ...nothing,
    onEnding(span) {
      for (const key in floor) span.attributes[key] = floor[key]
      if (span.kind === SpanKind.SERVER) span.attributes['user_agent.synthetic.type'] = 'test'
    },
  }
  const marks = encoding ? [new MarkProcessor({ build: {}, encoding })] : []
  const provider = new TracerProvider({ spanProcessors: [...marks, ...(floor ? [writes] : []), nothing] })
  const tracer = provider.getTracer('bench')
  const standard = [new W3CTraceContextPropagator(), new W3CBaggagePropagator()]
  const propagator: TextMapPropagator = new CompositePropagator({
    propagators: [...standard, ...(encoding ? [new MarkPropagator()] : [])],
  })
  const start = channel('http.server.request.start')
  const options = { testTraffic: () => true }

  const inSpan = (name: string, run: () => void): void => {
    const span = tracer.startSpan(name)
    context.with(trace.setSpan(context.active(), span), run)
    span.end()
  }
  const handler = (): void => {
    if (encoding) for (const flag of flagKeys) markFlag(flag, 'on')
  }
  const handle = (): void => inSpan('request', () => inSpan('middleware', () => inSpan('handler', handler)))
  return () => {
    const req = Object.assign(new EventEmitter(), { headers: { host: 'shop.example', 'user-agent': 'bench' } })
    const res = new EventEmitter()
    if (encoding) start.publish({ request: req, response: res })
    const extracted = propagator.extract(ROOT_CONTEXT, req.headers, defaultTextMapGetter)
    const span = tracer.startSpan('GET', { kind: SpanKind.SERVER, attributes: { a: 1, b: 'x' } }, extracted)
    context.with(setRPCMetadata(trace.setSpan(extracted, span), { type: RPCType.HTTP, span }), () => {
      context.bind(context.active(), req)
      context.bind(context.active(), res)
      res.on('close', () => span.end())
      if (encoding) withRequestMarks(req, req, options, handle, res)
      else handle()
    })
    res.emit('close')
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) console.table(await run())
