import type { Attributes } from './span-row.ts'

/** One log record, as stored. Ids are lower-case hex, or empty; the time is nanoseconds since 1970. */
export interface LogRecord {
  readonly timeNs: bigint
  readonly traceId: string
  readonly spanId: string
  readonly traceFlags: number
  readonly severityText: string
  readonly severityNumber: number
  readonly service: string
  readonly body: string
  readonly resourceSchemaUrl: string
  readonly resource: Attributes
  readonly scopeSchemaUrl: string
  readonly scopeName: string
  readonly scopeVersion: string
  readonly scopeAttributes: Attributes
  readonly attributes: Attributes
  readonly eventName: string
}

/** Records in the engine's input format: one line of JSON each. */
export interface LogLines {
  readonly text: string
  readonly count: number
}

/**
 * Serializes records as lines. This takes a while for many records and may be done on a thread other than the store's.
 *
 * @example logLines([]) // { text: '', count: 0 }
 */
export function logLines(records: readonly LogRecord[]): LogLines {
  return { text: records.map((record) => `${logLine(record)}\n`).join(''), count: records.length }
}

/** A record as a row of `otel_logs`. */
function logLine(record: LogRecord): string {
  return JSON.stringify({
    Timestamp: secondsOf(record.timeNs),
    TraceId: record.traceId,
    SpanId: record.spanId,
    TraceFlags: record.traceFlags,
    SeverityText: wellFormed(record.severityText),
    SeverityNumber: record.severityNumber,
    ServiceName: wellFormed(record.service),
    Body: wellFormed(record.body),
    ResourceSchemaUrl: wellFormed(record.resourceSchemaUrl),
    ResourceAttributes: mapOf(record.resource),
    ScopeSchemaUrl: wellFormed(record.scopeSchemaUrl),
    ScopeName: wellFormed(record.scopeName),
    ScopeVersion: wellFormed(record.scopeVersion),
    ScopeAttributes: mapOf(record.scopeAttributes),
    LogAttributes: mapOf(record.attributes),
    EventName: record.eventName,
  })
}

function secondsOf(ns: bigint): string {
  return `${ns / 1_000_000_000n}.${String(ns % 1_000_000_000n).padStart(9, '0')}`
}

function mapOf(attributes: Attributes): Attributes {
  return Object.fromEntries(Object.entries(attributes).map(([key, value]) => [wellFormed(key), wellFormed(value)]))
}

// JSON may contain lone surrogates, which the engine rejects.
const wellFormed = (text: string): string => text.replace(/\p{Surrogate}/gu, '\uFFFD')
