import { createGunzip, createInflate, type Gunzip } from 'node:zlib'
import { ServerError } from '../errors.ts'
import type { Share } from './admission.ts'

const unpackers = { gzip: createGunzip, deflate: createInflate }
const smallestChunk = 16_384
const largestChunk = 262_144

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
  if (name !== 'gzip' && name !== 'deflate')
    throw new ServerError('malformed', `content-encoding ${name}: expected gzip, deflate or none`, { status: 415 })
  const unpacker = unpackers[name]({
    chunkSize: Math.min(Math.max(4 * packed.length, smallestChunk), largestChunk),
  })
  unpacker.end(packed)
  try {
    return await collected(unpacker, share, maxBytes)
  } catch (cause) {
    if (cause instanceof ServerError) throw cause
    throw new ServerError('malformed', `the body is not ${name}: ${(cause as Error).message}`, { cause })
  }
}

async function collected(unpacker: Gunzip, share: Share, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of unpacker as AsyncIterable<Buffer>) {
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
