/** A line of a text, from 1 on; a line that is too long has no text. */
type Line = { readonly number: number; readonly text: string | undefined }

/** How long a line may be. */
export const MAX_LINE_BYTES = 64_000_000

/** The lines of a text, one in memory at a time. */
export async function* linesOf(chunks: AsyncIterable<Buffer>): AsyncGenerator<Line> {
  let number = 1
  let parts: Buffer[] = []
  let size = 0
  const line = (): Line => {
    const text = size > MAX_LINE_BYTES ? undefined : textOf(parts, number === 1)
    parts = []
    size = 0
    return { number: number++, text }
  }
  const keep = (part: Buffer): void => {
    size += part.length
    if (size <= MAX_LINE_BYTES) parts.push(part)
    else parts = []
  }
  for await (const chunk of chunks) {
    let start = 0
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, start)) {
      keep(chunk.subarray(start, end))
      yield line()
      start = end + 1
    }
    if (start < chunk.length) keep(chunk.subarray(start))
  }
  if (size > 0) yield line()
}

// Some programs on Windows begin a file with a byte order mark.
function textOf(parts: readonly Buffer[], first: boolean): string {
  const text = Buffer.concat(parts).toString('utf8')
  return first && text.startsWith('\uFEFF') ? text.slice(1) : text
}
