import {
  addBatch,
  addSpan,
  type LogRecord,
  newRowBytes,
  newSpanBatch,
  type SpanBatch,
  type Store,
} from '@coalmine/store'
import { ServerError } from '../errors.ts'
import type { Logs } from '../otlp/logs.ts'
import { decodeLogsJson } from '../otlp/logs-json.ts'
import { decodeLogsProtobuf, holdsLogs } from '../otlp/logs-protobuf.ts'
import { decodeJson } from '../otlp/otlp-json.ts'
import { decodeProtobuf } from '../otlp/otlp-protobuf.ts'
import { noRefusals, type Refusals, refusalOfStart, type TimeWindow } from '../otlp/refusals.ts'
import { decodeJaeger, isJaeger } from './jaeger.ts'
import { type Line, linesOf, maxLineBytes } from './lines.ts'
import { messagesOf, protobufKind, wholeOf } from './messages.ts'
import type { Column } from './table/columns.ts'
import { delimiterOf, type Row, rowsOfCsv } from './table/csv.ts'
import { isParquet, rowsOfParquet } from './table/parquet.ts'
import { type SpanReader, spanReader } from './table/spans.ts'

/** What requests bring: spans, evaluations of flags, and how many other log records, which are left out. */
export interface Arrivals {
  batch: SpanBatch
  records: LogRecord[]
  ignored: number
}

/** Adds what a request has to what is there; throws a ServerError of kind `malformed` for what is none. */
export type Decode = (into: Arrivals, window: TimeWindow) => Decoded

/** What was not stored of it. */
type Decoded = Refusals & { readonly what?: 'log record' }

/** A request of a file: where it stands, from 1 on, and where the next begins, 0 where that is not known. */
export interface Request {
  readonly line: number
  readonly bytes: number
  readonly decode: Decode
}

/** How to read a file. */
export interface Reading {
  readonly store: Store
  /** So many lines, messages or rows need not be read again. */
  readonly after: number
  /** Where in the file the stream begins; beyond its beginning only for lines of JSON. */
  readonly offset: number
  /** Which column of a table is what. */
  readonly columns: string
  /** Told what whoever imports the file should know. */
  readonly note: (text: string) => void
}

/**
 * The requests in the bytes of a file, whatever it is: OTLP as JSON or protobuf, Jaeger's JSON, or a table of spans, each
 * row of which is a request of one span.
 *
 * Throws a ServerError: `malformed` where the file breaks off, `usage` where the columns of a table do not make spans.
 */
export async function* requestsOf(bytes: AsyncGenerator<Buffer>, reading: Reading): AsyncGenerator<Request> {
  const { store, after, offset } = reading
  if (offset > 0) return yield* requestsInLines(linesOf(bytes, { line: after, bytes: offset }), after)
  const { start, chunks } = await begun(bytes)
  if (isParquet(start)) return yield* requestsInParquet(store, chunks, reading)
  const kind = protobufKind(start)
  if (kind) return yield* requestsInMessages(kind === 'one' ? onlyOne(chunks) : messagesOf(chunks), after)
  const delimiter = delimiterOf(firstLineOf(start))
  if (delimiter) return yield* requestsInCsv(linesOf(chunks), delimiter, reading)
  yield* requestsInLines(linesOf(chunks), after)
}

const mostHeaderBytes = 1_000_000

/** The bytes of a file up to the end of its first line that has something in it, and still all of it. */
async function begun(bytes: AsyncGenerator<Buffer>): Promise<{ start: Buffer; chunks: AsyncIterable<Buffer> }> {
  let start = Buffer.alloc(0)
  let ended = false
  while (!ended && start.length < mostHeaderBytes && !hasLine(start)) {
    const { value, done } = await bytes.next()
    if (done) ended = true
    else start = Buffer.concat([start, value])
  }
  async function* chunks(): AsyncGenerator<Buffer> {
    if (start.length > 0) yield start
    if (!ended) yield* bytes
  }
  return { start, chunks: chunks() }
}

function hasLine(start: Buffer): boolean {
  const something = start.findIndex((byte) => byte > 0x20)
  return something >= 0 && start.includes('\n', something)
}

const firstLineOf = (start: Buffer): string => start.toString('utf8').replace('\uFEFF', '').trimStart().split('\n')[0]!

/** The requests in a text: lines, or all of it when its first line is only the beginning of one. */
async function* requestsInLines(lines: AsyncIterable<Line>, after: number): AsyncGenerator<Request> {
  let whole: { lines: string[]; bytes: number } | undefined
  let first = true
  for await (const { number: line, text, end: bytes } of lines) {
    if (text === undefined) {
      if (line > after)
        yield { line, bytes, decode: refused(`is longer than ${maxLineBytes} bytes; write one request a line`) }
      continue
    }
    if (text.trim() === '') continue
    // A request that is laid out over lines begins with one that is no JSON by itself; a list of requests does not.
    if (first && line > after && !isJson(text) && !text.trimEnd().endsWith('}')) whole = { lines: [], bytes: 0 }
    first = false
    if (!whole) {
      if (line > after) yield { line, bytes, decode: decodeText(text) }
      continue
    }
    whole.lines.push(text)
    whole.bytes += text.length
    if (whole.bytes > maxLineBytes)
      throw new ServerError('malformed', `one request of more than ${maxLineBytes} bytes; write one request a line`)
  }
  if (whole) yield { line: 1, bytes: 0, decode: decodeText(whole.lines.join('\n')) }
}

async function* requestsInMessages(messages: AsyncIterable<Buffer>, after: number): AsyncGenerator<Request> {
  let line = 0
  for await (const message of messages) if (++line > after) yield { line, bytes: 0, decode: decodeMessage(message) }
}

async function* onlyOne(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  yield await wholeOf(chunks)
}

async function* requestsInCsv(
  lines: AsyncIterable<Line>,
  delimiter: string,
  { after, columns, note }: Reading,
): AsyncGenerator<Request> {
  let reader: SpanReader | undefined
  for await (const row of rowsOfCsv(lines, delimiter)) {
    if (reader) {
      if (row.line > after) yield requestOf(reader, row)
      continue
    }
    if ('why' in row) throw new ServerError('usage', `the header is no row of names: ${row.why}`)
    reader = readerOf(
      row.cells.map((name) => ({ name: String(name).trim() })),
      columns,
      note,
    )
  }
}

async function* requestsInParquet(
  store: Store,
  chunks: AsyncIterable<Buffer>,
  { after, columns, note }: Reading,
): AsyncGenerator<Request> {
  let reader: SpanReader | undefined
  for await (const row of rowsOfParquet(store, chunks, after)) {
    if ('line' in row) yield requestOf(reader!, row)
    else reader = readerOf(row, columns, note)
  }
}

function readerOf(columns: readonly Column[], spec: string, note: Reading['note']): SpanReader {
  const reader = spanReader(columns, spec)
  reader.notes.forEach(note)
  return reader
}

function requestOf(reader: SpanReader, row: Row): Request {
  return { line: row.line, bytes: 0, decode: 'why' in row ? refused(row.why) : decodeRow(reader, row.cells, row.line) }
}

function refused(why: string): Decode {
  return () => {
    throw new ServerError('malformed', why)
  }
}

function decodeRow(reader: SpanReader, cells: readonly unknown[], line: number): Decode {
  return ({ batch }, window) => {
    const span = reader.span(cells, line)
    const why = refusalOfStart(span.startNs, window)
    if (why !== undefined) return { count: 1, why: `it ${why}` }
    addSpan(batch, span)
    return noRefusals()
  }
}

function decodeText(text: string): Decode {
  return (into, window) => {
    const request = parseJson(text)
    if (holdsJsonLogs(request)) return addLogs(into, decodeLogsJson(request, window))
    return isJaeger(request) ? decodeJaeger(into.batch, request, window) : decodeJson(into.batch, request, window)
  }
}

/** What protobuf gives before it breaks is no whole request, so it has a batch of its own first. */
function decodeMessage(message: Buffer): Decode {
  return (into, window) => {
    if (holdsLogs(message)) return addLogs(into, decodeLogsProtobuf(message, window))
    const own = newSpanBatch(newRowBytes(message.length * 2))
    const refusals = decodeProtobuf(own, message, window)
    addBatch(into.batch, own)
    return refusals
  }
}

// A Collector may write several signals into one file.
const holdsJsonLogs = (request: unknown): boolean =>
  typeof request === 'object' && request !== null && 'resourceLogs' in request

function addLogs(into: Arrivals, { records, refusals, ignored }: Logs): Decoded {
  for (const record of records) into.records.push(record)
  into.ignored += ignored
  return { ...refusals, what: 'log record' }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new ServerError('malformed', `not JSON: ${(cause as Error).message}`, { cause })
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
