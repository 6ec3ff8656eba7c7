/** A line of a text, counted from 1, and the offset of the next one. A line that is too long has no text. */
export interface Line {
  readonly number: number
  readonly text: string | undefined
  readonly end: number
}

/** The length limit of a line. */
export const maxLineBytes = 64_000_000

/** The lines of a text, one in memory at a time. `after` counts the lines and bytes before them. Latin-1 keeps every byte. */
export async function* linesOf(
  chunks: AsyncIterable<Uint8Array>,
  after: { readonly line: number; readonly bytes: number } = { line: 0, bytes: 0 },
  encoding: 'utf8' | 'latin1' = 'utf8',
): AsyncGenerator<Line> {
  let number = after.line + 1
  let end = after.bytes
  let parts: Uint8Array[] = []
  let size = 0
  const line = (): Line => {
    const text = size > maxLineBytes ? undefined : textOf(parts, encoding, number === 1)
    parts = []
    size = 0
    return { number: number++, text, end }
  }
  const keep = (part: Uint8Array): void => {
    size += part.length
    end += part.length
    if (size <= maxLineBytes) parts.push(part)
    else parts = []
  }
  for await (const chunk of chunks) {
    let start = 0
    for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, start)) {
      keep(chunk.subarray(start, at))
      end++
      yield line()
      start = at + 1
    }
    if (start < chunk.length) keep(chunk.subarray(start))
  }
  if (size > 0) yield line()
}

// Some programs on Windows begin a file with a byte order mark.
function textOf(parts: readonly Uint8Array[], encoding: 'utf8' | 'latin1', first: boolean): string {
  const text = Buffer.concat(parts).toString(encoding)
  return first && text.startsWith('\uFEFF') ? text.slice(1) : text
}
