import { describe, expect, it } from 'vitest'
import { type AnyValue, keyValues, type OtlpLogRecord, type OtlpLogs, protobufOfLogs } from '../../../../test/otlp.ts'
import type { Logs } from './logs.ts'
import { decodeLogsJson } from './logs-json.ts'
import { decodeLogsProtobuf } from './logs-protobuf.ts'
import { exportResponse } from './otlp-response.ts'
import { timeWindow } from './refusals.ts'

const testNow = Date.UTC(2026, 10, 20, 12)
const window = timeWindow(testNow, 14)
const timeNs = BigInt(testNow) * 1_000_000n

const evaluation: OtlpLogRecord = {
  timeUnixNano: String(timeNs),
  observedTimeUnixNano: String(timeNs + 1n),
  severityNumber: 9,
  severityText: 'INFO',
  body: { kvlistValue: { values: keyValues({ why: 'Zürich 東京 🎉' }) } },
  attributes: [
    ...keyValues({ 'feature_flag.key': 'new-pricing', 'feature_flag.result.variant': 'on' }),
    { key: 'list', value: { arrayValue: { values: [{ intValue: '1' }, { boolValue: true }] } } },
  ],
  flags: 257,
  traceId: 'AB'.repeat(16),
  spanId: 'cd'.repeat(8),
  eventName: 'feature_flag.evaluation',
}
const { eventName: _, ...nameless } = evaluation
const named: OtlpLogRecord = {
  ...nameless,
  attributes: keyValues({ 'event.name': 'feature_flag.evaluation', 'feature_flag.key': 'older' }),
}
const bare: OtlpLogRecord = {
  observedTimeUnixNano: String(timeNs),
  eventName: 'feature_flag.evaluation',
  traceId: '0'.repeat(32),
  spanId: '0'.repeat(16),
}
const others: readonly OtlpLogRecord[] = [
  nameless,
  { ...evaluation, eventName: 'exception' },
  { ...named, attributes: keyValues({ 'event.name': 'other' }) },
  {},
]

const logsOf = (...logRecords: readonly OtlpLogRecord[]): OtlpLogs => ({
  resourceLogs: [
    {
      resource: { attributes: keyValues({ 'service.name': 'storefront', 'service.version': '1.0.0' }) },
      scopeLogs: [
        {
          scope: { name: '@coalmine/flags', version: '1.2.3', attributes: keyValues({ a: 'b' }) },
          logRecords: [...logRecords],
          schemaUrl: 'https://opentelemetry.io/schemas/1.40.0',
        },
      ],
      schemaUrl: 'https://opentelemetry.io/schemas/1.39.0',
    },
    { resource: { attributes: [] }, scopeLogs: [{ scope: { name: '' }, logRecords: [bare] }] },
  ],
})

const both = (logs: OtlpLogs): Logs => {
  const fromJson = decodeLogsJson(JSON.parse(JSON.stringify(logs)), window)
  expect(decodeLogsProtobuf(protobufOfLogs(logs), window)).toEqual(fromJson)
  return fromJson
}

describe('protobuf and JSON', () => {
  it('of one request make the same records, of evaluations alone', () => {
    const { records, refusals, ignored } = both(logsOf(evaluation, named, ...others))
    expect(refusals).toEqual({ count: 0, why: undefined })
    expect(ignored).toBe(others.length)
    expect(records).toHaveLength(3)
    expect(records[0]).toEqual({
      timeNs,
      traceId: 'ab'.repeat(16),
      spanId: 'cd'.repeat(8),
      traceFlags: 1,
      severityText: 'INFO',
      severityNumber: 9,
      service: 'storefront',
      body: '{"why":"Zürich 東京 🎉"}',
      resourceSchemaUrl: 'https://opentelemetry.io/schemas/1.39.0',
      resource: { 'service.name': 'storefront', 'service.version': '1.0.0' },
      scopeSchemaUrl: 'https://opentelemetry.io/schemas/1.40.0',
      scopeName: '@coalmine/flags',
      scopeVersion: '1.2.3',
      scopeAttributes: { a: 'b' },
      attributes: { 'feature_flag.key': 'new-pricing', 'feature_flag.result.variant': 'on', list: '[1,true]' },
      eventName: 'feature_flag.evaluation',
    })
    expect(records[1]).toMatchObject({ attributes: { 'feature_flag.key': 'older' } })
    expect(records[2]).toMatchObject({ service: 'unknown_service', timeNs, traceId: '', spanId: '', body: '' })
  })

  it('refuse the same records, and others never', () => {
    const late = { timeUnixNano: String(timeNs + 7_200_000_000_000n) }
    const { refusals, ignored } = both(logsOf({ ...evaluation, ...late }, { ...evaluation, timeUnixNano: '1' }, {}))
    expect(refusals).toEqual({
      count: 2,
      why: 'resourceLogs[0].scopeLogs[0].logRecords[0]: is of 2026-11-20T14:00:00.000Z, more than an hour from now',
    })
    expect(ignored).toBe(1)
  })

  it('name the record that is wrong', () => {
    const wrong = logsOf(evaluation, { ...evaluation, traceId: 'abcd' })
    const at = 'resourceLogs[0].scopeLogs[0].logRecords[1]'
    expect(() => decodeLogsJson(wrong, window)).toThrow(`${at}.traceId: expected 32 hex digits, got "abcd"`)
    expect(() => decodeLogsProtobuf(protobufOfLogs(wrong), window)).toThrow(`${at}: traceId: expected 16 bytes, got 2`)
  })

  it('are not nested without end', () => {
    let body: AnyValue = { stringValue: 'deep' }
    for (let depth = 0; depth < 40; depth++) body = { arrayValue: { values: [body] } }
    const deep = logsOf({ ...evaluation, body })
    expect(() => decodeLogsProtobuf(protobufOfLogs(deep), window)).toThrow('nested more than 32 deep')
    expect(() => decodeLogsJson(deep, window)).toThrow('nested at most 32 deep')
  })
})

it('takes no JSON that is no log records', () => {
  expect(decodeLogsJson({}, window)).toMatchObject({ records: [], ignored: 0 })
  for (const wrong of [null, [], { resourceSpans: [] }, { resourceLogs: 1 }, { resourceLogs: [{ scopeLogs: [[]] }] }])
    expect(() => decodeLogsJson(wrong, window)).toThrow(expect.objectContaining({ kind: 'malformed' }))
  expect(() => decodeLogsJson({ resourceSpans: [] }, window)).toThrow('expected an OTLP logs request')
})

describe('protobuf', () => {
  const bytes = protobufOfLogs(logsOf(evaluation, named, ...others))

  it('that is cut off or changed anywhere is read or malformed, nothing else', () => {
    const decode = (changed: Buffer): void => {
      try {
        decodeLogsProtobuf(changed, window)
      } catch (error) {
        expect(error).toMatchObject({ kind: 'malformed' })
      }
    }
    for (let length = 0; length < bytes.length; length++) decode(bytes.subarray(0, length))
    let seed = 7
    for (let round = 0; round < 5_000; round++) {
      seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648
      const changed = Buffer.from(bytes)
      changed[seed % bytes.length] = (seed >>> 8) & 255
      decode(changed)
    }
  })
})

it('answers how many records were refused', () => {
  const json = exportResponse('application/json', { count: 2, why: 'no' }, 'rejectedLogRecords')
  expect(JSON.parse(json.toString())).toEqual({ partialSuccess: { rejectedLogRecords: '2', errorMessage: 'no' } })
})
