import { setImmediate } from 'node:timers/promises'
import type { Store } from '@coalmine/store'
import type { Decoder } from '../decoding/decoder.ts'
import { ServerError } from '../errors.ts'
import type { TimeWindow } from '../otlp/refusals.ts'
import { decodeRow } from './decode.ts'
import { addRequest, type FilePart, newFilePart, refuseLine } from './file-part.ts'
import { readFormats, refusalOfBytes } from './foreign-files.ts'
import { partsOfLines, partsOfMessages, partsOfText } from './jobs.ts'
import { linesOf } from './lines.ts'
import { messagesOf, protobufKind, wholeOf } from './messages.ts'
import { type Column, isHeader } from './table/columns.ts'
import { delimiterOf, type Row, rowsOfCsv } from './table/csv.ts'
import { isParquet, rowsOfParquet } from './table/parquet.ts'
import { type SpanReader, spanReader } from './table/spans.ts'

/** Options for reading a file. */
export interface Reading {
  readonly store: Store
  readonly decoder: Decoder
  readonly window: TimeWindow
  /** The number of lines, messages or rows that need not be read again. */
  readonly after: number
  /** The offset in the file at which the stream begins; nonzero only for lines of JSON. */
  readonly offset: number
  /** The meaning of a table's columns. */
  readonly columns: string
  /** Called with notes for the person who imports the file. */
  readonly note: (text: string) => void
}

/**
 * The requests in the bytes of a file in any format: OTLP as JSON or protobuf, JSON of Jaeger, Tempo or Zipkin, or a table of
 * spans, each row of which is a request with one span.
 *
 * Throws a ServerError: `malformed` if the file breaks off or its format is unknown, `usage` if the columns of a table do not make
 * spans.
 */
export async function* partsOf(bytes: AsyncGenerator<Buffer>, reading: Reading): AsyncGenerator<FilePart> {
  const { store, after, offset } = reading
  if (offset > 0) return yield* partsOfLines(bytes, { line: after, bytes: offset }, reading)
  const { start, chunks } = await begun(bytes)
  if (isParquet(start)) return yield* partsOfRows(rowsOfParquet(store, chunks, after), reading)
  const kind = protobufKind(start)
  if (kind) return yield* partsOfMessages(kind === 'one' ? onlyOne(chunks) : messagesOf(chunks), reading)
  const first = firstLineOf(start)
  const refusal = refusalOfBytes(start, first)
  if (refusal !== undefined) throw new ServerError('malformed', refusal)
  const delimiter = delimiterOf(textOf(first))
  if (delimiter) return yield* partsOfRows(rowsBelow(linesOf(chunks), delimiter, reading), reading)
  if (isBeginning(start, first)) return yield* partsOfText(chunks, reading)
  yield* partsOfLines(chunks, { line: 0, bytes: 0 }, reading)
}

const mostHeaderBytes = 1_000_000

/** The bytes of a file up to the end of its first line that is not blank, and a stream of all bytes. */
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

/** The first line that is not blank. */
function firstLineOf(start: Buffer): Buffer {
  const something = Math.max(
    start.findIndex((byte) => byte > 0x20),
    0,
  )
  const end = start.indexOf('\n', something)
  return start.subarray(something, end < 0 ? start.length : end)
}

const textOf = (line: Buffer): string => line.toString('utf8').replace('\uFEFF', '')

// The first line of a request that spans several lines is not JSON by itself. With one request per line, one may be broken.
function isBeginning(start: Buffer, first: Buffer): boolean {
  if (!hasLine(start)) return false
  const text = textOf(first)
  return (text.trimStart().startsWith('[') || !text.trimEnd().endsWith('}')) && !isJson(text)
}

async function* onlyOne(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  yield await wholeOf(chunks)
}

/** The columns of a table of comma-separated values, then its rows. */
async function* rowsBelow(
  lines: ReturnType<typeof linesOf>,
  delimiter: string,
  { after, columns }: Reading,
): AsyncGenerator<readonly Column[] | Row> {
  const rows = rowsOfCsv(lines, delimiter)
  const { value: header, done } = await rows.next()
  if (done) return
  if ('why' in header) throw new ServerError('usage', `the header is not a row of names: ${header.why}`)
  const names = header.cells.map((name) => ({ name: String(name).trim() }))
  const { value: second } = await rows.next()
  // Sentences have commas too, but rarely the same number in the next line.
  if (columns === '' && !isHeader(names) && (!second || 'why' in second))
    throw new ServerError('malformed', `no known format: ${readFormats}`)
  yield names
  if (!second) return
  if (second.line > after) yield second
  for await (const row of rows) if (row.line > after) yield row
}

const partBytes = 2_000_000
const partMs = 250

async function* partsOfRows(
  rows: AsyncIterable<readonly Column[] | Row>,
  { window, columns, note }: Reading,
): AsyncGenerator<FilePart> {
  let reader: SpanReader | undefined
  let part: FilePart | undefined
  try {
    for await (const row of rows) {
      if (!('line' in row)) {
        reader = spanReader(row, columns)
        reader.notes.forEach(note)
        continue
      }
      part ??= newFilePart(0, 0)
      addRow(part, reader!, row, window)
      if (part.batch.rows.length < partBytes && performance.now() - part.since < partMs) continue
      yield part
      part = undefined
      // Rows that are already there would block the event loop.
      await setImmediate()
    }
  } catch (error) {
    if (part) yield part
    throw error
  }
  if (part) yield part
}

function addRow(part: FilePart, reader: SpanReader, row: Row, window: TimeWindow): void {
  const { line } = row
  part.line = line
  if ('why' in row) refuseLine(part, line, row.why)
  else addRequest(part, line, (into) => decodeRow(into, { reader, cells: row.cells, line }, window))
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
