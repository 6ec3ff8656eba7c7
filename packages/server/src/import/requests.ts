import type { Store } from '@coalmine/store'
import { ServerError } from '../errors.ts'
import { type Decode, decodeMessage, decodeRow, decodeText, refused } from './decode.ts'
import { readFormats, refusalOfBytes } from './foreign-files.ts'
import { type Line, linesOf, maxLineBytes } from './lines.ts'
import { messagesOf, protobufKind, wholeOf } from './messages.ts'
import { type Column, isHeader } from './table/columns.ts'
import { delimiterOf, type Row, rowsOfCsv } from './table/csv.ts'
import { isParquet, rowsOfParquet } from './table/parquet.ts'
import { type SpanReader, spanReader } from './table/spans.ts'

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
 * The requests in the bytes of a file, whatever it is: OTLP as JSON or protobuf, JSON of Jaeger, Tempo or Zipkin, or a table of
 * spans, each row of which is a request of one span.
 *
 * Throws a ServerError: `malformed` where the file breaks off or is of no known format, `usage` where the columns of a table do
 * not make spans.
 */
export async function* requestsOf(bytes: AsyncGenerator<Buffer>, reading: Reading): AsyncGenerator<Request> {
  const { store, after, offset } = reading
  if (offset > 0) return yield* requestsInLines(linesOf(bytes, { line: after, bytes: offset }), after)
  const { start, chunks } = await begun(bytes)
  if (isParquet(start)) return yield* requestsInParquet(store, chunks, reading)
  const kind = protobufKind(start)
  if (kind) return yield* requestsInMessages(kind === 'one' ? onlyOne(chunks) : messagesOf(chunks), after)
  const first = firstLineOf(start)
  const refusal = refusalOfBytes(start, first)
  if (refusal !== undefined) throw new ServerError('malformed', refusal)
  const delimiter = delimiterOf(textOf(first))
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

/** The first line that has something in it. */
function firstLineOf(start: Buffer): Buffer {
  const something = Math.max(
    start.findIndex((byte) => byte > 0x20),
    0,
  )
  const end = start.indexOf('\n', something)
  return start.subarray(something, end < 0 ? start.length : end)
}

const textOf = (line: Buffer): string => line.toString('utf8').replace('\uFEFF', '')

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
    // A request that is laid out over lines begins with one that is no JSON by itself; of requests a line each, one may be broken.
    const isWhole = text.trimStart().startsWith('[') || !text.trimEnd().endsWith('}')
    if (first && line > after && isWhole && !isJson(text)) whole = { lines: [], bytes: 0 }
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
  const rows = rowsOfCsv(lines, delimiter)
  const { value: header, done } = await rows.next()
  if (done) return
  if ('why' in header) throw new ServerError('usage', `the header is no row of names: ${header.why}`)
  const names = header.cells.map((name) => ({ name: String(name).trim() }))
  const { value: second } = await rows.next()
  // Sentences have commas, too, but seldom the same number of them in the next line.
  if (columns === '' && !isHeader(names) && (!second || 'why' in second))
    throw new ServerError('malformed', `no known format: ${readFormats}`)
  const reader = readerOf(names, columns, note)
  if (!second) return
  if (second.line > after) yield requestOf(reader, second)
  for await (const row of rows) if (row.line > after) yield requestOf(reader, row)
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

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
