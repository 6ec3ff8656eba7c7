/** OTLP requests for tests and benchmarks: the JSON form as plain objects, and the same as protobuf. */

export interface KeyValue {
  key: string
  value: AnyValue
}

export type AnyValue =
  | { stringValue: string }
  | { boolValue: boolean }
  | { intValue: string }
  | { doubleValue: number }
  | { arrayValue: { values: AnyValue[] } }
  | { kvlistValue: { values: KeyValue[] } }
  | { bytesValue: string }

export interface OtlpSpan {
  traceId: string
  spanId: string
  parentSpanId?: string
  traceState?: string
  name: string
  kind: number
  startTimeUnixNano: string
  endTimeUnixNano: string
  attributes?: KeyValue[]
  status?: { code: number; message?: string }
  events?: { timeUnixNano: string; name: string; attributes?: KeyValue[] }[]
  links?: { traceId: string; spanId: string; traceState?: string; attributes?: KeyValue[] }[]
}

export interface OtlpRequest {
  resourceSpans: {
    resource: { attributes: KeyValue[] }
    scopeSpans: { scope: { name: string; version?: string }; spans: OtlpSpan[] }[]
  }[]
}

export interface OtlpLogRecord {
  timeUnixNano?: string
  observedTimeUnixNano?: string
  severityNumber?: number
  severityText?: string
  body?: AnyValue
  attributes?: KeyValue[]
  flags?: number
  traceId?: string
  spanId?: string
  eventName?: string
}

export interface OtlpLogs {
  resourceLogs: {
    resource: { attributes: KeyValue[] }
    scopeLogs: {
      scope: { name: string; version?: string; attributes?: KeyValue[] }
      logRecords: OtlpLogRecord[]
      schemaUrl?: string
    }[]
    schemaUrl?: string
  }[]
}

/** Attributes from a plain object. */
export function keyValues(texts: Readonly<Record<string, string>>): KeyValue[] {
  return Object.entries(texts).map(([key, stringValue]) => ({ key, value: { stringValue } }))
}

/** The protobuf form of a request, fields in the order of their numbers as the SDKs write them. */
export function protobufOf({ resourceSpans }: OtlpRequest): Buffer<ArrayBuffer> {
  return Buffer.concat(
    resourceSpans.map(({ resource, scopeSpans }) =>
      bytes(1, [
        bytes(
          1,
          resource.attributes.map((attribute) => keyValue(1, attribute)),
        ),
        ...scopeSpans.map(({ scope, spans }) =>
          bytes(2, [bytes(1, [text(1, scope.name), text(2, scope.version)]), ...spans.map(span)]),
        ),
      ]),
    ),
  )
}

/** The same of log records. */
export function protobufOfLogs({ resourceLogs }: OtlpLogs): Buffer<ArrayBuffer> {
  return Buffer.concat(
    resourceLogs.map(({ resource, scopeLogs, schemaUrl }) =>
      bytes(1, [
        bytes(
          1,
          resource.attributes.map((attribute) => keyValue(1, attribute)),
        ),
        ...scopeLogs.map((scoped) =>
          bytes(2, [
            bytes(1, [
              text(1, scoped.scope.name),
              text(2, scoped.scope.version),
              ...(scoped.scope.attributes ?? []).map((attribute) => keyValue(3, attribute)),
            ]),
            ...scoped.logRecords.map(logRecord),
            text(3, scoped.schemaUrl),
          ]),
        ),
        text(3, schemaUrl),
      ]),
    ),
  )
}

function logRecord(one: OtlpLogRecord): Buffer {
  const { attributes = [], body } = one
  return bytes(2, [
    ...(one.timeUnixNano ? [fixed64(1, one.timeUnixNano)] : []),
    ...(one.severityNumber ? [number(2, one.severityNumber)] : []),
    text(3, one.severityText),
    ...(body ? [bytes(5, [anyValue(body)])] : []),
    ...attributes.map((attribute) => keyValue(6, attribute)),
    ...(one.flags ? [fixed32(8, one.flags)] : []),
    hex(9, one.traceId),
    hex(10, one.spanId),
    ...(one.observedTimeUnixNano ? [fixed64(11, one.observedTimeUnixNano)] : []),
    text(12, one.eventName),
  ])
}

function span(one: OtlpSpan): Buffer {
  const { status, events = [], links = [], attributes = [] } = one
  return bytes(2, [
    hex(1, one.traceId),
    hex(2, one.spanId),
    text(3, one.traceState),
    hex(4, one.parentSpanId),
    text(5, one.name),
    number(6, one.kind),
    fixed64(7, one.startTimeUnixNano),
    fixed64(8, one.endTimeUnixNano),
    ...attributes.map((attribute) => keyValue(9, attribute)),
    ...events.map((event) =>
      bytes(11, [
        fixed64(1, event.timeUnixNano),
        text(2, event.name),
        ...(event.attributes ?? []).map((attribute) => keyValue(3, attribute)),
      ]),
    ),
    ...links.map((link) =>
      bytes(13, [
        hex(1, link.traceId),
        hex(2, link.spanId),
        text(3, link.traceState),
        ...(link.attributes ?? []).map((attribute) => keyValue(4, attribute)),
      ]),
    ),
    ...(status ? [bytes(15, [text(2, status.message), number(3, status.code)])] : []),
    // Flags, a fixed32 that nobody here reads.
    Buffer.from([0x85, 0x01, 1, 1, 0, 0]),
  ])
}

function keyValue(field: number, { key, value }: KeyValue): Buffer {
  return bytes(field, [text(1, key), bytes(2, [anyValue(value)])])
}

function anyValue(value: AnyValue): Buffer {
  if ('stringValue' in value) return bytes(1, [Buffer.from(value.stringValue)])
  if ('boolValue' in value) return number(2, Number(value.boolValue))
  if ('intValue' in value)
    return Buffer.concat([varint((3 << 3) | 0), varint(BigInt.asUintN(64, BigInt(value.intValue)))])
  if ('doubleValue' in value) {
    const double = Buffer.alloc(9)
    double[0] = (4 << 3) | 1
    double.writeDoubleLE(value.doubleValue, 1)
    return double
  }
  if ('arrayValue' in value)
    return bytes(
      5,
      value.arrayValue.values.map((item) => bytes(1, [anyValue(item)])),
    )
  if ('kvlistValue' in value)
    return bytes(
      6,
      value.kvlistValue.values.map((item) => keyValue(1, item)),
    )
  return bytes(7, [Buffer.from(value.bytesValue, 'base64')])
}

function bytes(field: number, parts: readonly Buffer[]): Buffer<ArrayBuffer> {
  const body = Buffer.concat(parts)
  return Buffer.concat([varint((field << 3) | 2), varint(body.length), body])
}

function text(field: number, value: string | undefined): Buffer {
  return value ? bytes(field, [Buffer.from(value)]) : Buffer.alloc(0)
}

function hex(field: number, value: string | undefined): Buffer {
  return value ? bytes(field, [Buffer.from(value, 'hex')]) : Buffer.alloc(0)
}

function number(field: number, value: number): Buffer {
  return Buffer.concat([varint(field << 3), varint(value)])
}

function fixed64(field: number, value: string): Buffer {
  const buffer = Buffer.alloc(9)
  buffer[0] = (field << 3) | 1
  buffer.writeBigUInt64LE(BigInt(value), 1)
  return buffer
}

function fixed32(field: number, value: number): Buffer {
  const buffer = Buffer.alloc(5)
  buffer[0] = (field << 3) | 5
  buffer.writeUInt32LE(value, 1)
  return buffer
}

function varint(value: number | bigint): Buffer {
  const out: number[] = []
  let rest = BigInt(value)
  while (rest > 127n) {
    out.push(Number(rest & 127n) | 128)
    rest >>= 7n
  }
  out.push(Number(rest))
  return Buffer.from(out)
}
