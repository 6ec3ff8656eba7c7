import { markFlag } from '@coalmine/marks'
import { context, propagation, trace } from '@opentelemetry/api'
import { NodeSDK, type NodeSDKConfiguration } from '@opentelemetry/sdk-node'
import { InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { withCoalmine } from './with-coalmine.ts'

// A shut-down exporter stays shut down.
let first = new InMemorySpanExporter()
let second = new InMemorySpanExporter()

beforeEach(() => {
  first = new InMemorySpanExporter()
  second = new InMemorySpanExporter()
})
afterEach(() => {
  for (const api of [trace, context, propagation]) api.disable()
})

it.each<[string, () => Partial<NodeSDKConfiguration>, () => InMemorySpanExporter[]]>([
  ['an exporter', () => ({ traceExporter: first }), () => [first]],
  ['a processor', () => ({ spanProcessors: [new SimpleSpanProcessor({ exporter: first })] }), () => [first]],
  [
    'both, of which a NodeSDK alone would ignore the exporter',
    () => ({ spanProcessors: [new SimpleSpanProcessor({ exporter: first })], traceExporter: second }),
    () => [first, second],
  ],
])('marks what a NodeSDK exports that has %s', async (_, configuration, used) => {
  const exporters = used()
  const options = { build: { version: '2.0.0' }, late: 'hold' } as const
  const sdk = new NodeSDK({
    ...withCoalmine(configuration(), options),
    instrumentations: [],
    metricReaders: [],
    logRecordProcessors: [],
  })
  sdk.start()
  const tracer = trace.getTracer('app')
  tracer.startActiveSpan('job', (job) => {
    tracer.startSpan('step').end()
    markFlag('new-pricing', 'on')
    job.end()
  })
  await expect
    .poll(async () => {
      await (trace.getTracerProvider() as unknown as { getDelegate(): { forceFlush(): Promise<void> } })
        .getDelegate()
        .forceFlush()
      return exporters.map((exporter) => exporter.getFinishedSpans().map(({ name, attributes }) => [name, attributes]))
    })
    .toEqual(
      exporters.map(() =>
        ['step', 'job'].map((name) => [name, { 'service.version': '2.0.0', 'coalmine.flag.new-pricing': 'on' }]),
      ),
    )
  await sdk.shutdown()
})

it('does not accept a configuration that would export nothing', () => {
  expect(() => withCoalmine({})).toThrow(/no exporter.*withCoalmine\(\{ traceExporter/)
})
