import { MarkProcessor, MarkPropagator } from '@coalmine/marks'
import { context, ProxyTracerProvider, propagation, SpanKind, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { CompositePropagator, W3CTraceContextPropagator } from '@opentelemetry/core'
import type { Instrumentation } from '@opentelemetry/instrumentation'
import {
  AlwaysOffSampler,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
  type SpanProcessor,
  TracerProvider,
} from '@opentelemetry/sdk-trace'
import { expect } from 'vitest'

/** Whose spans follow the SDK that is registered. */
export interface Instrumented {
  readonly instrumentations: readonly Instrumentation[]
}

/** Spans of Express 4 itself, which end before any middleware of the application runs: they have the build alone. */
const beforeOurs = /^middleware - (query|expressInit)$/

/** The spans of the requests so far. */
export const exporter = new InMemorySpanExporter()
const open = new Set<ReadableSpan>()
const watch: SpanProcessor = {
  onStart: (span) => void open.add(span),
  onEnd: (span) => void open.delete(span),
  forceFlush: async () => {},
  shutdown: async () => {},
}
const processors = [new MarkProcessor({ build: { version: '2.0.0' } }), new SimpleSpanProcessor({ exporter }), watch]

/** Registers the SDK; what the exporter holds are the spans of all of them. */
export async function useSdk(
  framework: Instrumented,
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

/** Takes every part of OpenTelemetry out of this process. */
export function noSdk(framework: Instrumented): void {
  trace.disable()
  propagation.disable()
  context.disable()
  for (const instrumentation of framework.instrumentations) instrumentation.setTracerProvider(new ProxyTracerProvider())
}

/** Spans of the requests so far, once as many of those have ended as are named. */
export async function finished(requests: number): Promise<ReadableSpan[]> {
  const servers = () => exporter.getFinishedSpans().filter((span) => span.kind === SpanKind.SERVER)
  await expect.poll(() => servers().length).toBe(requests)
  return exporter.getFinishedSpans().filter((span) => !beforeOurs.test(span.name))
}

/** Waits until a request is under way: its SERVER span is open. */
export async function underWay(): Promise<void> {
  await expect.poll(() => [...open].some(({ kind }) => kind === SpanKind.SERVER)).toBe(true)
}

/** Forgets the spans so far, those that are open too. */
export function forgetSpans(): void {
  exporter.reset()
  open.clear()
}

/** Waits until no span is open. */
export async function allEnded(): Promise<void> {
  await expect.poll(() => [...open].map(({ name }) => name)).toEqual([])
}

export function serverSpan(spans: readonly ReadableSpan[]): ReadableSpan {
  const span = spans.find((each) => each.kind === SpanKind.SERVER)
  if (!span) throw new Error('no SERVER span')
  return span
}

export function rootOf(span: ReadableSpan, byId: ReadonlyMap<string, ReadableSpan>): ReadableSpan {
  const parent = byId.get(span.parentSpanContext?.spanId ?? '')
  return parent ? rootOf(parent, byId) : span
}
