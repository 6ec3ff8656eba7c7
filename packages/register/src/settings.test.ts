import { expect, it } from 'vitest'
import { readSettings } from './settings.ts'

it('reads what is not said as the defaults', () => {
  expect(readSettings({})).toMatchObject({
    trust: 'none',
    sendTo: [],
    marks: { encoding: 'each', late: 'open' },
    protocol: 'http/json',
    isWrittenOut: false,
    propagators: ['tracecontext', 'baggage'],
    batch: {},
    flushTimeoutMs: 2000,
    notes: [],
  })
})

it.each([
  [
    { COALMINE_TEST_KEYS: 'k1:short' },
    'COALMINE_TEST_KEYS: the secret of key k1 has 5 characters, but needs 32: make one with openssl rand -hex 32',
  ],
  [
    { COALMINE_TEST_EXPORTER_ENDPOINT: 'tests' },
    'COALMINE_TEST_EXPORTER_ENDPOINT: expected a URL such as http://tests:4318, got "tests"',
  ],
  [{ COALMINE_ENCODING: 'tight' }, 'COALMINE_ENCODING: expected each, packed or both, got "tight"'],
  [{ COALMINE_LATE: 'never' }, 'COALMINE_LATE: expected open or hold, got "never"'],
])('does not start with a setting of ours that makes no sense: %j', (env, message) => {
  expect(() => readSettings(env)).toThrow(message)
})

it.each([
  [
    { OTEL_BSP_SCHEDULE_DELAY: 'soon' },
    { batch: {} },
    'OTEL_BSP_SCHEDULE_DELAY: "soon" is ignored, expected a whole number',
  ],
  [
    { COALMINE_FLUSH_TIMEOUT: '2s' },
    { flushTimeoutMs: 2000 },
    'COALMINE_FLUSH_TIMEOUT: "2s" is ignored, expected a whole number',
  ],
  [
    { OTEL_EXPORTER_OTLP_PROTOCOL: 'carrier-pigeon' },
    { protocol: 'http/json' },
    'OTEL_EXPORTER_OTLP_PROTOCOL: "carrier-pigeon" is not known and is ignored, expected http/json, http/protobuf or grpc',
  ],
  [
    { OTEL_PROPAGATORS: 'baggage,xray' },
    { propagators: ['baggage'] },
    'OTEL_PROPAGATORS: "xray" is not known and is ignored, expected tracecontext, baggage or none',
  ],
  [
    { OTEL_TRACES_EXPORTER: 'jaeger' },
    { protocol: undefined },
    'OTEL_TRACES_EXPORTER: "jaeger" is not known and is ignored, expected otlp, console or none',
  ],
])('goes on without what it does not understand, and notes it: %j', (env, settings, note) => {
  expect(readSettings(env)).toMatchObject({ ...settings, notes: [note] })
})
