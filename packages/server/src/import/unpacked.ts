import { once } from 'node:events'
import type { Readable, Transform } from 'node:stream'
import { createGunzip, createZstdDecompress } from 'node:zlib'
import { ServerError } from '../errors.ts'
import { byteReader } from './byte-reader.ts'
import { isZstd, zstdFrames, zstdMagic } from './zstd-frames.ts'

const chunkSize = 262_144
const gzipMagic = Buffer.from([0x1f, 0x8b])

/**
 * The bytes of a stream; gzip and zstd are detected by their first bytes and decompressed.
 *
 * Throws a ServerError of kind `malformed` if the compressed data is broken.
 */
export async function* unpacked(stream: Readable): AsyncGenerator<Buffer> {
  // After reading stops, the answer still has to go out over the connection.
  const chunks = stream.iterator({ destroyOnReturn: false }) as AsyncIterator<Buffer>
  const reader = byteReader({ [Symbol.asyncIterator]: () => chunks })
  const first = await reader.take(zstdMagic.length)
  const all = restOf(first, reader)
  if (isZstd(first)) {
    for await (const frame of zstdFrames(byteReader(all)))
      yield* through(createZstdDecompress({ chunkSize }), frame, 'zstd')
  } else if (first.subarray(0, gzipMagic.length).equals(gzipMagic))
    yield* through(createGunzip({ chunkSize }), all, 'gzip')
  else yield* all
}

const chunkBytes = 1_000_000

async function* restOf(first: Buffer, { some }: Pick<ReturnType<typeof byteReader>, 'some'>): AsyncGenerator<Buffer> {
  if (first.length > 0) yield first
  for (let next = await some(chunkBytes); next.length > 0; next = await some(chunkBytes)) yield next
}

async function* through(unpack: Transform, chunks: AsyncIterable<Buffer>, what: string): AsyncGenerator<Buffer> {
  let cut: Error | undefined
  const feeding = feed(unpack, chunks).catch((error: Error) => {
    cut = error
    unpack.destroy(error)
  })
  try {
    yield* unpack
  } catch (cause) {
    // The sender went away, which says nothing about the file.
    if (cut) throw cut
    throw new ServerError('malformed', `broken ${what}: ${(cause as Error).message}`, { cause })
  }
  await feeding
}

async function feed(unpack: Transform, chunks: AsyncIterable<Buffer>): Promise<void> {
  for await (const chunk of chunks) if (!unpack.write(chunk)) await once(unpack, 'drain')
  unpack.end()
}

/** Reads the rest of a stream while somebody sends it, because its connection cannot be closed before. */
export async function drained(stream: Readable): Promise<void> {
  try {
    for await (const _ of stream);
  } catch {
    // The sender is gone.
  }
}
