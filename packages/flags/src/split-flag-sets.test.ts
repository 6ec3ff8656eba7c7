import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { MarkProcessor } from '@coalmine/marks'
import { context, SpanKind, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'
import { SplitFactory } from '@splitsoftware/splitio'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { coalmineSplit } from './split.ts'

// Local mode has no flag sets: definitions as Split's network delivers them, from a server on this machine.
const definition = (name: string) => ({
  name,
  sets: ['checkout'],
  status: 'ACTIVE',
  killed: false,
  defaultTreatment: 'off',
  trafficTypeName: 'user',
  changeNumber: 7,
  algo: 2,
  seed: 1,
  trafficAllocation: 100,
  trafficAllocationSeed: 1,
  configurations: { on: '{"hex":"00f"}' },
  conditions: [
    {
      conditionType: 'ROLLOUT',
      label: 'everybody',
      matcherGroup: { combiner: 'AND', matchers: [{ matcherType: 'ALL_KEYS', negate: false }] },
      partitions: [{ treatment: 'on', size: 100 }],
    },
  ],
})
const definitions = [definition('new-pricing'), definition('colour')]
const server = createServer((request, response) => {
  const since = new URL(request.url!, 'http://split').searchParams.get('since')
  const d = since === '7' ? [] : definitions
  response.setHeader('content-type', 'application/json').end(JSON.stringify({ ff: { d, s: Number(since), t: 7 } }))
})
const spans = new InMemorySpanExporter()
const split = coalmineSplit()
let factory: SplitIO.ISDK

beforeAll(async () => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
  const spanProcessors = [new MarkProcessor({ build: {} }), new SimpleSpanProcessor({ exporter: spans })]
  trace.setGlobalTracerProvider(new TracerProvider({ spanProcessors }))
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/api`
  factory = SplitFactory({
    core: { authorizationKey: 'local' },
    urls: { sdk: url, events: url, auth: url, streaming: url, telemetry: url },
    streamingEnabled: false,
    sync: { impressionsMode: 'OPTIMIZED' },
    impressionListener: split.impressionListener,
    debug: 'NONE',
  })
  await factory.client().whenReady()
})
afterAll(async () => {
  await factory.destroy()
  server.close().closeAllConnections()
})

it.each([
  ['getTreatmentsByFlagSet', 'checkout'],
  ['getTreatmentsWithConfigByFlagSet', 'checkout'],
  ['getTreatmentsByFlagSets', ['checkout']],
  ['getTreatmentsWithConfigByFlagSets', ['checkout']],
] as const)('marks every flag of a set: %s', (method, sets) => {
  const client = split.client(factory.client())
  trace.getTracer('test').startActiveSpan('server', { kind: SpanKind.SERVER }, (span) => {
    expect(Object.keys(client[method]('jane', sets as string & string[]))).toEqual(['new-pricing', 'colour'])
    span.end()
  })
  expect(spans.getFinishedSpans().at(-1)?.attributes).toEqual({
    'coalmine.flag.new-pricing': 'on',
    'coalmine.flag.colour': 'on',
  })
})
