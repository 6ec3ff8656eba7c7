import { grouped, joined, lengthOf } from './grouped.ts'
import { maxLineBytes } from './lines.ts'

/** Whole lines of a text, or one line that exceeds the limit, whose bytes are left out. */
export type Block =
  | { readonly kind: 'lines'; readonly body: Uint8Array; readonly line: number; readonly bytes: number }
  | { readonly kind: 'long'; readonly line: number; readonly bytes: number }

const newline = 0x0a
const blockBytes = 4_000_000

/**
 * The lines of a text, in blocks of some megabytes while they arrive fast. `line` and `bytes` of a block count the lines and bytes
 * before it; for a line that is too long, those before the next line. Each block has its own memory.
 */
export async function* blocksOf(
  chunks: AsyncIterable<Uint8Array>,
  after: { readonly line: number; readonly bytes: number },
  memoryFor?: (bytes: number) => Uint8Array,
): AsyncGenerator<Block> {
  let { line, bytes } = after
  // The line that has no end yet; bytes beyond the limit are dropped.
  let open: Uint8Array[] = []
  let gone = 0
  const keep = (rest: Uint8Array[]): void => {
    open = rest
    const held = lengthOf(rest)
    if (gone + held <= maxLineBytes) return
    gone += held
    open = []
  }
  for await (const group of grouped(chunks, blockBytes)) {
    const last = group.findLastIndex((chunk) => chunk.includes(newline))
    if (last < 0) {
      keep([...open, ...group])
      continue
    }
    const cut = group[last]!.lastIndexOf(newline) + 1
    let whole = joined([...open, ...group.slice(0, last), group[last]!.subarray(0, cut)], memoryFor)
    const first = whole.indexOf(newline) + 1
    if (gone + first - 1 > maxLineBytes) {
      line++
      bytes += gone + first
      yield { kind: 'long', line, bytes }
      whole = joined([whole.subarray(first)], memoryFor)
    }
    const before = { line, bytes }
    line += newlinesIn(whole)
    bytes += whole.length
    if (whole.length > 0) yield { kind: 'lines', body: whole, ...before }
    gone = 0
    keep([group[last]!.subarray(cut), ...group.slice(last + 1)])
  }
  const held = lengthOf(open)
  if (gone > 0) yield { kind: 'long', line: line + 1, bytes: bytes + gone + held }
  else if (held > 0) yield { kind: 'lines', body: joined(open, memoryFor), line, bytes }
}

function newlinesIn(bytes: Uint8Array): number {
  let count = 0
  for (let at = bytes.indexOf(newline); at >= 0; at = bytes.indexOf(newline, at + 1)) count++
  return count
}
