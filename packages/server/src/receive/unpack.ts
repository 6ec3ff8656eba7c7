import type { Transform } from 'node:stream'
import { createGunzip, createInflate, createZstdDecompress, constants as zlib } from 'node:zlib'
import { ServerError } from '../errors.ts'
import { byteReader } from '../import/byte-reader.ts'
import { zstdFrames } from '../import/zstd-frames.ts'
import type { Share } from './admission.ts'

const smallestChunk = 16_384
const largestChunk = 262_144

// A frame says how much memory unpacking it takes. https://www.rfc-editor.org/rfc/rfc9659
const zstdParameters = { [zlib.ZSTD_d_windowLogMax]: 23 }
// Each costs a decompressor, however little is in it, and exporters send one.
const mostFrames = 64

type Encoding = 'gzip' | 'deflate' | 'zstd'

const encodings: ReadonlyMap<string, Encoding> = new Map([
  ['gzip', 'gzip'],
  ['x-gzip', 'gzip'],
  ['deflate', 'deflate'],
  ['zstd', 'zstd'],
])

/**
 * The bytes of a request, unpacked as its encoding says, while they count as held.
 *
 * Throws a ServerError: with status 415 for another encoding, 413 when it unpacks to more than `maxBytes`, 429 when there
 * is no room for it.
 */
export async function unpack(
  packed: Buffer,
  encoding: string | undefined,
  share: Share,
  maxBytes: number,
): Promise<Buffer> {
  const name = encoding?.trim().toLowerCase() ?? 'identity'
  if (name === 'identity' || name === '') return packed
  const known = encodings.get(name)
  if (known === undefined)
    throw new ServerError('malformed', `content-encoding ${name}: expected gzip, deflate, zstd or none`, {
      status: 415,
    })
  try {
    return await collected(unpackedChunks(packed, known), share, maxBytes)
  } catch (cause) {
    if (cause instanceof ServerError) throw cause
    throw new ServerError('malformed', `the body is not ${known}: ${(cause as Error).message}`, { cause })
  }
}

async function* unpackedChunks(packed: Buffer, encoding: Encoding): AsyncGenerator<Buffer> {
  const chunkSize = Math.min(Math.max(4 * packed.length, smallestChunk), largestChunk)
  if (encoding !== 'zstd')
    yield* through(encoding === 'gzip' ? createGunzip({ chunkSize }) : createInflate({ chunkSize }), packed)
  else
    for await (const frame of framesOf(packed))
      yield* through(createZstdDecompress({ chunkSize, params: zstdParameters }), frame)
}

async function* through(unpacker: Transform, bytes: Buffer): AsyncGenerator<Buffer> {
  unpacker.end(bytes)
  yield* unpacker as AsyncIterable<Buffer>
}

// Node's decompressor reads one frame and drops what follows it: that would be acknowledged and lost.
async function* framesOf(packed: Buffer): AsyncGenerator<Buffer> {
  let frames = 0
  for await (const chunks of zstdFrames(byteReader(onlyOne(packed)))) {
    if (++frames > mostFrames)
      throw new ServerError('malformed', `the body has more than ${mostFrames} frames of zstd; send one`, {
        status: 413,
        limit: 'large',
      })
    const parts: Buffer[] = []
    for await (const chunk of chunks) parts.push(chunk)
    yield Buffer.concat(parts)
  }
  if (frames === 0) throw new Error('it has no frame')
}

async function* onlyOne(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes
}

async function collected(unpacked: AsyncIterable<Buffer>, share: Share, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of unpacked) {
    bytes += chunk.length
    if (bytes > maxBytes)
      throw new ServerError('malformed', `the body unpacks to more than ${maxBytes} bytes; send smaller batches`, {
        status: 413,
        limit: 'large',
      })
    share.hold(chunk.length)
    chunks.push(chunk)
  }
  return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, bytes)
}
