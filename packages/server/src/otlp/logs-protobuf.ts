import type { Attributes, ByteRange, LogRecord } from '@coalmine/store'
import { ServerError } from '../errors.ts'
import { readText } from './any-value.ts'
import { evaluationEvent, eventNameKey, type Logs, noLogs } from './logs.ts'
import { checkId, isZero, keyValueOf, nowhere, tagOf, takeRange, textAt, within } from './protobuf-fields.ts'
import {
  newReader,
  type Reader,
  readFixed32,
  readFixed64,
  readVarint,
  skip,
  wireBytes,
  wireFixed32,
  wireFixed64,
  wireVarint,
} from './protobuf-reader.ts'
import { refusalOfTime, refuse, type TimeWindow, unknownService } from './refusals.ts'

/**
 * Reads the flag evaluations in an OTLP `ExportLogsServiceRequest`. For other records, only the name is read. Field numbers
 * are those of opentelemetry-proto, logs/v1/logs.proto and common/v1/common.proto.
 *
 * Throws a ServerError of kind `malformed` that names the record.
 */
export function decodeLogsProtobuf(bytes: Buffer, window: TimeWindow): Logs {
  const reader = newReader(bytes)
  const logs = noLogs()
  let at = 'the request'
  try {
    for (const [r, resourceLogs] of rangesOf(reader, 1).entries()) {
      at = `resourceLogs[${r}]`
      const { attributes, scopes, schemaUrl } = resourceLogsAt(reader, resourceLogs)
      for (const [s, range] of scopes.entries()) {
        at = `resourceLogs[${r}].scopeLogs[${s}]`
        const { records, ...scope } = scopeLogsAt(reader, range)
        const origin = {
          service: attributes['service.name'] || unknownService,
          resourceSchemaUrl: schemaUrl,
          resource: attributes,
          ...scope,
        }
        for (const [n, one] of records.entries()) {
          at = `resourceLogs[${r}].scopeLogs[${s}].logRecords[${n}]`
          const record = recordAt(reader, one)
          const why = record && refusalOfTime(record.timeNs, window)
          if (record === undefined) logs.ignored++
          else if (why === undefined) logs.records.push({ ...origin, ...record })
          else refuse(logs.refusals, at, why)
        }
      }
    }
  } catch (error) {
    if (!(error instanceof ServerError)) throw error
    throw new ServerError(error.kind, `${at}: ${error.message}`, { cause: error })
  }
  return logs
}

/**
 * Whether a protobuf request contains log records. Its own fields do not say so, but a span begins with its trace id, and a log record
 * with a time. False if it has neither.
 */
export function holdsLogs(bytes: Buffer): boolean {
  const reader = newReader(bytes)
  const inside = (range: ByteRange, field: number): ByteRange[] => {
    let found: ByteRange[] = []
    within(reader, range, () => {
      found = rangesOf(reader, field)
    })
    return found
  }
  try {
    for (const resource of rangesOf(reader, 1))
      for (const scope of inside(resource, 2))
        for (const { start, end } of inside(scope, 2))
          if (end > start) return bytes[start] === tagOf(1, wireFixed64) || bytes[start] === tagOf(11, wireFixed64)
  } catch (error) {
    if (!(error instanceof ServerError)) throw error
  }
  return false
}

/** The messages of one field, up to the end of the reader. */
function rangesOf(reader: Reader, field: number): ByteRange[] {
  const found: ByteRange[] = []
  while (reader.at < reader.end) {
    const tag = readVarint(reader)
    if (tag === tagOf(field, wireBytes)) found.push(takeRange(reader))
    else skip(reader, tag)
  }
  return found
}

function resourceLogsAt(
  reader: Reader,
  range: ByteRange,
): { readonly attributes: Attributes; readonly scopes: readonly ByteRange[]; readonly schemaUrl: string } {
  let resource = nowhere
  const scopes: ByteRange[] = []
  let schemaUrl = ''
  within(reader, range, () => {
    while (reader.at < reader.end) {
      const tag = readVarint(reader)
      if (tag === tagOf(1, wireBytes)) resource = takeRange(reader)
      else if (tag === tagOf(2, wireBytes)) scopes.push(takeRange(reader))
      else if (tag === tagOf(3, wireBytes)) schemaUrl = readText(reader)
      else skip(reader, tag)
    }
  })
  let attributes: readonly ByteRange[] = []
  within(reader, resource, () => {
    attributes = rangesOf(reader, 1)
  })
  return { attributes: attributesOf(reader, attributes), scopes, schemaUrl }
}

type Scope = Pick<LogRecord, 'scopeSchemaUrl' | 'scopeName' | 'scopeVersion' | 'scopeAttributes'>

function scopeLogsAt(reader: Reader, range: ByteRange): Scope & { readonly records: readonly ByteRange[] } {
  const records: ByteRange[] = []
  const attributes: ByteRange[] = []
  let scope = nowhere
  let scopeSchemaUrl = ''
  let scopeName = ''
  let scopeVersion = ''
  within(reader, range, () => {
    while (reader.at < reader.end) {
      const tag = readVarint(reader)
      if (tag === tagOf(1, wireBytes)) scope = takeRange(reader)
      else if (tag === tagOf(2, wireBytes)) records.push(takeRange(reader))
      else if (tag === tagOf(3, wireBytes)) scopeSchemaUrl = readText(reader)
      else skip(reader, tag)
    }
  })
  within(reader, scope, () => {
    while (reader.at < reader.end) {
      const tag = readVarint(reader)
      if (tag === tagOf(1, wireBytes)) scopeName = readText(reader)
      else if (tag === tagOf(2, wireBytes)) scopeVersion = readText(reader)
      else if (tag === tagOf(3, wireBytes)) attributes.push(takeRange(reader))
      else skip(reader, tag)
    }
  })
  return { records, scopeSchemaUrl, scopeName, scopeVersion, scopeAttributes: attributesOf(reader, attributes) }
}

type Own = Omit<LogRecord, 'service' | 'resourceSchemaUrl' | 'resource' | keyof Scope>

/** One record; undefined if it is not a flag evaluation. */
function recordAt(reader: Reader, range: ByteRange): Own | undefined {
  const attributes: ByteRange[] = []
  let timeNs = 0n
  let observedNs = 0n
  let traceId = nowhere
  let spanId = nowhere
  let body = nowhere
  let severityText = ''
  let severityNumber = 0
  let traceFlags = 0
  let eventName = ''
  within(reader, range, () => {
    const { bytes } = reader
    while (reader.at < reader.end) {
      const tag = readVarint(reader)
      if (tag === tagOf(1, wireFixed64)) timeNs = bytes.readBigUInt64LE(readFixed64(reader))
      else if (tag === tagOf(2, wireVarint)) severityNumber = readVarint(reader) & 255
      else if (tag === tagOf(3, wireBytes)) severityText = readText(reader)
      else if (tag === tagOf(5, wireBytes)) body = takeRange(reader)
      else if (tag === tagOf(6, wireBytes)) attributes.push(takeRange(reader))
      else if (tag === tagOf(8, wireFixed32)) traceFlags = readFixed32(reader) & 255
      else if (tag === tagOf(9, wireBytes)) traceId = takeRange(reader)
      else if (tag === tagOf(10, wireBytes)) spanId = takeRange(reader)
      else if (tag === tagOf(11, wireFixed64)) observedNs = bytes.readBigUInt64LE(readFixed64(reader))
      else if (tag === tagOf(12, wireBytes)) eventName = readText(reader)
      else skip(reader, tag)
    }
  })
  if ((eventName || namedIn(reader, attributes)) !== evaluationEvent) return undefined
  return {
    timeNs: timeNs === 0n ? observedNs : timeNs,
    traceId: idAt(reader, traceId, 'traceId', 16),
    spanId: idAt(reader, spanId, 'spanId', 8),
    traceFlags,
    severityText,
    severityNumber,
    body: textAt(reader, body),
    attributes: attributesOf(reader, attributes),
    eventName: evaluationEvent,
  }
}

function namedIn(reader: Reader, attributes: readonly ByteRange[]): string {
  for (const range of attributes) {
    const { key, value } = keyValueOf(reader, range)
    if (reader.bytes.toString('utf8', key.start, key.end) === eventNameKey) return textAt(reader, value)
  }
  return ''
}

function idAt(reader: Reader, range: ByteRange, name: string, size: number): string {
  // A record outside any span may have zeros.
  if (isZero(reader, range)) return ''
  checkId(range, name, size)
  return reader.bytes.toString('hex', range.start, range.end)
}

function attributesOf(reader: Reader, ranges: readonly ByteRange[]): Attributes {
  const attributes: Record<string, string> = Object.create(null)
  for (const range of ranges) {
    const { key, value } = keyValueOf(reader, range)
    attributes[reader.bytes.toString('utf8', key.start, key.end)] = textAt(reader, value)
  }
  return attributes
}
