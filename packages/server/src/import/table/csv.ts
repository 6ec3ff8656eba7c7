import { type Line, maxLineBytes } from '../lines.ts'

/** A row of a table: the line where it begins, counted from 1, and its cells, or why it has none. */
export type Row =
  | { readonly line: number; readonly cells: readonly unknown[] }
  | { readonly line: number; readonly why: string }

/** The delimiter (tab, comma or semicolon) if a line may be the header of a table; undefined for JSON and the like. */
export function delimiterOf(line: string): string | undefined {
  if (/^\s*[{[]/.test(line)) return undefined
  return ['\t', ',', ';'].find((delimiter) => line.includes(delimiter))
}

/** The limit of a quoted cell. If the quote is not closed by then, the quote itself is the mistake. */
const mostLines = 1_000
const mostCharacters = 10_000_000

/**
 * The rows of comma-separated values (RFC 4180), the header first. A cell in double quotes may contain delimiters, line breaks and
 * doubled quotes. If a quote is not closed, its line is refused, and the next line is a row again.
 */
export async function* rowsOfCsv(lines: AsyncIterable<Line>, delimiter: string): AsyncGenerator<Row> {
  let columns: number | undefined
  for await (const { line, text, why } of recordsOf(lines)) {
    if (why !== undefined) yield { line, why }
    if (text.trim() === '') continue
    const cells = cellsOf(text, delimiter)
    columns ??= cells.length
    if (cells.length === columns) yield { line, cells }
    else yield { line, why: `expected ${columns} columns, as the header has, got ${cells.length}` }
  }
}

interface TextRecord {
  readonly line: number
  readonly text: string
  readonly why?: string
}
interface RecordLine {
  readonly line: number
  readonly text: string
  readonly opens: boolean
}

async function* recordsOf(lines: AsyncIterable<Line>): AsyncGenerator<TextRecord> {
  let parts: RecordLine[] = []
  function* records(ended: boolean): Generator<TextRecord> {
    while (parts.length > 0) {
      const last = endOfRecord(parts)
      const line = parts[0]!.line
      if (last !== undefined) {
        const text = parts.slice(0, last + 1).map((part) => part.text)
        parts = parts.slice(last + 1)
        yield { line, text: text.join('\n') }
      } else if (ended || isTooMuch(parts)) {
        parts.shift()
        yield { line, text: '', why: 'a quote is not closed' }
      } else return
    }
  }
  for await (const { number: line, text } of lines) {
    if (text === undefined) {
      yield* records(true)
      yield { line, text: '', why: `is longer than ${maxLineBytes} bytes` }
      continue
    }
    parts.push({ line, text: text.endsWith('\r') ? text.slice(0, -1) : text, opens: quotesIn(text) % 2 === 1 })
    yield* records(false)
  }
  yield* records(true)
}

/** The line that ends the first record: the one that closes the last quote. */
function endOfRecord(parts: readonly RecordLine[]): number | undefined {
  let open = false
  for (const [index, { opens }] of parts.entries()) {
    if (opens) open = !open
    if (!open) return index
  }
  return undefined
}

function isTooMuch(parts: readonly RecordLine[]): boolean {
  return parts.length >= mostLines || parts.reduce((sum, { text }) => sum + text.length, 0) >= mostCharacters
}

function quotesIn(text: string): number {
  let quotes = 0
  for (let at = text.indexOf('"'); at >= 0; at = text.indexOf('"', at + 1)) quotes++
  return quotes
}

function cellsOf(text: string, delimiter: string): string[] {
  const cells: string[] = []
  let at = 0
  for (;;) {
    let cell = ''
    if (text[at] === '"') {
      const close = closingQuote(text, at)
      cell = text.slice(at + 1, close).replaceAll('""', '"')
      at = close + 1
    }
    const next = text.indexOf(delimiter, at)
    cells.push(cell + text.slice(at, next < 0 ? text.length : next))
    if (next < 0) return cells
    at = next + delimiter.length
  }
}

function closingQuote(text: string, opening: number): number {
  for (let at = text.indexOf('"', opening + 1); at >= 0; at = text.indexOf('"', at + 2))
    if (text[at + 1] !== '"') return at
  return text.length
}
