import { once } from 'node:events'
import type { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { ServerError } from './errors.ts'

/** A line of a text, from 1 on; a line that is too long has no text. */
export type Line = { readonly number: number; readonly text: string | undefined }

/** How long a line may be. */
export const MAX_LINE_BYTES = 64_000_000

const GZIP_MAGIC = [0x1f, 0x8b]

/** The lines of a stream, one in memory at a time; gzip is known by its first bytes. Throws `malformed` for broken gzip. */
export async function* linesOf(stream: Readable): AsyncGenerator<Line> {
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
  for await (const chunk of unpackedChunks(stream)) {
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

async function* unpackedChunks(stream: Readable): AsyncGenerator<Buffer> {
  const chunks = stream[Symbol.asyncIterator]() as AsyncIterator<Buffer>
  let first = Buffer.alloc(0)
  while (first.length < GZIP_MAGIC.length) {
    const { value, done } = await chunks.next()
    if (done) break
    first = Buffer.concat([first, value])
  }
  const rest = { [Symbol.asyncIterator]: () => chunks }
  if (!GZIP_MAGIC.every((byte, index) => first[index] === byte)) {
    if (first.length > 0) yield first
    yield* rest
    return
  }
  const unzip = createGunzip()
  const feeding = feed(unzip, first, rest).catch((error: Error) => unzip.destroy(error))
  try {
    yield* unzip
  } catch (cause) {
    throw new ServerError('malformed', `broken gzip: ${(cause as Error).message}`, { cause })
  }
  await feeding
}

async function feed(unzip: NodeJS.WritableStream, first: Buffer, rest: AsyncIterable<Buffer>): Promise<void> {
  if (!unzip.write(first)) await once(unzip, 'drain')
  for await (const chunk of rest) if (!unzip.write(chunk)) await once(unzip, 'drain')
  unzip.end()
}
