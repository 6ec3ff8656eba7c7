import { zstdDecompressSync } from 'node:zlib'
import { addBatch, addSpan, type LogRecord, newRowBytes, newSpanBatch, type SpanBatch } from '@coalmine/store'
import { ServerError } from '../errors.ts'
import type { Json } from '../otlp/json-fields.ts'
import type { Logs } from '../otlp/logs.ts'
import { decodeLogsJson } from '../otlp/logs-json.ts'
import { decodeLogsProtobuf, holdsLogs } from '../otlp/logs-protobuf.ts'
import { decodeJson } from '../otlp/otlp-json.ts'
import { decodeProtobuf } from '../otlp/otlp-protobuf.ts'
import { noRefusals, type Refusals, refusalOfStart, type TimeWindow } from '../otlp/refusals.ts'
import { refusalOfJson } from './foreign-json.ts'
import { decodeJaeger, isJaeger } from './jaeger.ts'
import { maxMessageBytes } from './messages.ts'
import { standardOtlp } from './otlp-dialects.ts'
import type { SpanReader } from './table/spans.ts'
import { decodeZipkin, isZipkin } from './zipkin.ts'
import { isZstd } from './zstd-frames.ts'

/** Decoded requests: spans, flag evaluations, and the number of other log records, which are dropped. */
export interface Arrivals {
  batch: SpanBatch
  records: LogRecord[]
  ignored: number
}

/** What was not stored, and why. */
export type Decoded = Refusals & { readonly what?: 'log record' }

/** Adds the span in a row of a table. Throws a ServerError of kind `malformed` if it is invalid, as all functions here do. */
export function decodeRow(
  { batch }: Arrivals,
  { reader, cells, line }: { readonly reader: SpanReader; readonly cells: readonly unknown[]; readonly line: number },
  window: TimeWindow,
): Decoded {
  const span = reader.span(cells, line)
  const why = refusalOfStart(span.startNs, window)
  if (why !== undefined) return { count: 1, why: `it ${why}` }
  addSpan(batch, span)
  return noRefusals()
}

/** Adds the contents of JSON: OTLP, or an answer of Jaeger, Tempo or Zipkin; one request, or a list. */
export function decodeText(into: Arrivals, text: string, window: TimeWindow): Decoded {
  if (text.length < mostTextTogether) return decodeValue(into, parseJson(text), window)
  const own: Arrivals = { batch: newSpanBatch(newRowBytes(text.length)), records: [], ignored: 0 }
  const decoded = decodeValue(own, parseJson(text), window)
  addArrivals(into, own)
  return decoded
}

// A shorter text cannot become more rows than a request may have, so a refused one never leaves some behind.
const mostTextTogether = 100_000

/** Adds a message of a file: protobuf or JSON, compressed or not, as the Collector's file exporter writes them. */
export function decodeMessage(into: Arrivals, message: Buffer, window: TimeWindow): Decoded {
  const bytes = isZstd(message) ? unpackedMessage(message) : message
  if (isJsonText(bytes)) return decodeText(into, bytes.toString('utf8'), window)
  if (holdsLogs(bytes)) return addLogs(into, decodeLogsProtobuf(bytes, window))
  // Decoded into a batch of its own first, because protobuf that breaks off is not a whole request.
  const own = newSpanBatch(newRowBytes(bytes.length * 2))
  const refusals = decodeProtobuf(own, bytes, window)
  addBatch(into.batch, own)
  return refusals
}

// Protobuf begins with a field number, and OTLP has no field whose number looks like a bracket.
const isJsonText = (bytes: Buffer): boolean => bytes[0] === 0x7b || bytes[0] === 0x5b

function unpackedMessage(message: Buffer): Buffer {
  try {
    return zstdDecompressSync(message, { maxOutputLength: maxMessageBytes })
  } catch (cause) {
    const { code, message: text } = cause as NodeJS.ErrnoException
    const why = code === 'ERR_BUFFER_TOO_LARGE' ? `one request of more than ${maxMessageBytes} bytes` : text
    throw new ServerError('malformed', `broken zstd: ${why}`, { cause })
  }
}

function decodeValue(into: Arrivals, value: unknown, window: TimeWindow): Decoded {
  if (Array.isArray(value)) return decodeList(into, value, window)
  if (typeof value !== 'object' || value === null) return decodeJson(into.batch, value, window)
  const foreign = refusalOfJson(value as Json)
  if (foreign !== undefined) throw new ServerError('malformed', foreign)
  if (isJaeger(value as Json)) return decodeJaeger(into.batch, value as Json, window)
  if (isZipkin(value)) return decodeZipkin(into.batch, [value], window)
  const request = standardOtlp(value as Json)
  // A Collector may write several signals into one file.
  if ('resourceLogs' in request) return addLogs(into, decodeLogsJson(request, window))
  return decodeJson(into.batch, request, window)
}

/** A list of requests is added as a whole or not at all. Zipkin's lists contain spans, or lists of spans. */
function decodeList(into: Arrivals, list: readonly unknown[], window: TimeWindow): Decoded {
  const items = list.every((item) => Array.isArray(item)) ? list.flat() : list
  if (items.every(isZipkin)) return decodeZipkin(into.batch, items, window)
  const own: Arrivals = { batch: newSpanBatch(), records: [], ignored: 0 }
  const all = items.map((item, index) => {
    try {
      return decodeValue(own, item, window)
    } catch (error) {
      if (!(error instanceof ServerError) || error.kind !== 'malformed') throw error
      throw new ServerError('malformed', `[${index}]: ${error.message}`, { cause: error })
    }
  })
  addArrivals(into, own)
  const some = all.filter(({ count }) => count > 0)
  const what = some.length > 0 && some.every((one) => one.what === 'log record') ? { what: 'log record' as const } : {}
  return { count: some.reduce((sum, { count }) => sum + count, 0), why: some[0]?.why, ...what }
}

function addArrivals(into: Arrivals, { batch, records, ignored }: Arrivals): void {
  addBatch(into.batch, batch)
  for (const record of records) into.records.push(record)
  into.ignored += ignored
}

function addLogs(into: Arrivals, { records, refusals, ignored }: Logs): Decoded {
  for (const record of records) into.records.push(record)
  into.ignored += ignored
  return { ...refusals, what: 'log record' }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new ServerError('malformed', `not JSON: ${(cause as Error).message.replace(/\s+/g, ' ')}`, { cause })
  }
}
