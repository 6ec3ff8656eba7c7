import { once } from 'node:events'
import type { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { ServerError } from '../errors.ts'

const gzipMagic = [0x1f, 0x8b]

/** The bytes of a stream; gzip is known by its first bytes, and unpacked. Throws a ServerError of kind `malformed` for broken gzip. */
export async function* unpacked(stream: Readable): AsyncGenerator<Buffer> {
  // Who stops reading is yet to answer, which takes the connection.
  const chunks = stream.iterator({ destroyOnReturn: false }) as AsyncIterator<Buffer>
  let first = Buffer.alloc(0)
  while (first.length < gzipMagic.length) {
    const { value, done } = await chunks.next()
    if (done) break
    first = Buffer.concat([first, value])
  }
  const rest = { [Symbol.asyncIterator]: () => chunks }
  if (!gzipMagic.every((byte, index) => first[index] === byte)) {
    if (first.length > 0) yield first
    yield* rest
    return
  }
  const unzip = createGunzip()
  let cut: Error | undefined
  const feeding = feed(unzip, first, rest).catch((error: Error) => {
    cut = error
    unzip.destroy(error)
  })
  try {
    yield* unzip
  } catch (cause) {
    // Whoever sends it went away: that says nothing of the file.
    if (cut) throw cut
    throw new ServerError('malformed', `broken gzip: ${(cause as Error).message}`, { cause })
  }
  await feeding
}

/** Reads the rest of a stream, as long as somebody sends it: until then its connection could not be closed. */
export async function drained(stream: Readable): Promise<void> {
  try {
    for await (const _ of stream);
  } catch {
    // The sender is gone.
  }
}

async function feed(unzip: NodeJS.WritableStream, first: Buffer, rest: AsyncIterable<Buffer>): Promise<void> {
  if (!unzip.write(first)) await once(unzip, 'drain')
  for await (const chunk of rest) if (!unzip.write(chunk)) await once(unzip, 'drain')
  unzip.end()
}
