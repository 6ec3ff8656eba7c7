import {
  type Baggage,
  baggageEntryMetadataFromString,
  context,
  DiagLogLevel,
  defaultTextMapGetter,
  defaultTextMapSetter,
  diag,
  propagation,
  ROOT_CONTEXT,
  SpanKind,
  trace,
} from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { W3CBaggagePropagator } from '@opentelemetry/core'
import { TracerProvider } from '@opentelemetry/sdk-trace'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { MarkProcessor } from './processor.ts'

beforeEach(() => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
})
afterEach(() => {
  context.disable()
  diag.disable()
})

const tracer = new TracerProvider({ spanProcessors: [new MarkProcessor({ build: { version: '2' } })] }).getTracer('t')
const propagator = new W3CBaggagePropagator()
const header = 'coalmine.test.marker=abc,coalmine.test=true,coalmine.via.shop=1,tenant=acme'

function sentFrom(arrived: ReturnType<typeof propagator.extract>): string | undefined {
  const span = tracer.startSpan('GET /', { kind: SpanKind.SERVER }, arrived)
  const carrier: Record<string, string> = {}
  propagator.inject(trace.setSpan(arrived, span), carrier, defaultTextMapSetter)
  span.end()
  return carrier['baggage']
}

it("markers do not leave through the SDK's own baggage where an app has a MarkProcessor alone", () => {
  const arrived = propagator.extract(ROOT_CONTEXT, { baggage: header }, defaultTextMapGetter)
  expect(sentFrom(arrived)).toBe('tenant=acme')
})

it('where they cannot be taken out, that they leave is said once', () => {
  const said: string[] = []
  const say = (message: string): void => {
    said.push(message)
  }
  diag.setLogger({ error: say, warn: say, info: say, debug: say, verbose: say }, DiagLogLevel.WARN)
  const entry = { value: 'abc', metadata: baggageEntryMetadataFromString('') }
  const frozen: Baggage = {
    getEntry: (key) => (key === 'coalmine.test.marker' ? entry : undefined),
    getAllEntries: () => [['coalmine.test.marker', entry]],
    setEntry: () => frozen,
    removeEntry: () => frozen,
    removeEntries: () => frozen,
    clear: () => frozen,
  }
  for (let request = 0; request < 3; request++) sentFrom(propagation.setBaggage(ROOT_CONTEXT, frozen))
  expect(said.filter((message) => message.includes('put a MarkPropagator after'))).toHaveLength(1)
})
