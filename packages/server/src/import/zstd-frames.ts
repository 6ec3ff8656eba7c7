import { ServerError } from '../errors.ts'
import type { ByteReader } from './byte-reader.ts'

/** The first bytes of a zstd frame. */
export const zstdMagic: Buffer = Buffer.from([0x28, 0xb5, 0x2f, 0xfd])

/** Whether bytes begin a zstd frame. */
export function isZstd(bytes: Buffer): boolean {
  return bytes.subarray(0, zstdMagic.length).equals(zstdMagic)
}

/**
 * The frames of a file, one after the other, each as its bytes arrive. Node's decompressor reads one frame and drops the rest, but the
 * Collector writes a frame at each flush. Skippable frames are skipped. https://www.rfc-editor.org/rfc/rfc8878
 *
 * Throws a ServerError of kind `malformed` if the file is cut off, or something else follows a frame.
 */
export async function* zstdFrames(reader: ByteReader): AsyncGenerator<AsyncGenerator<Buffer>> {
  for (;;) {
    const magic = await reader.take(zstdMagic.length)
    if (magic.length === 0) return
    if (isZstd(magic)) yield frameOf(magic, reader)
    else if (isSkippable(magic)) await skip(reader)
    else throw new ServerError('malformed', 'broken zstd: something else follows a frame')
  }
}

async function* frameOf(magic: Buffer, reader: ByteReader): AsyncGenerator<Buffer> {
  const descriptor = await whole(reader, 1)
  const { headerBytes, hasChecksum } = headerIn(descriptor[0]!)
  yield Buffer.concat([magic, descriptor, await whole(reader, headerBytes)])
  for (let last = false; !last; ) {
    const header = await whole(reader, 3)
    yield header
    const bits = header.readUIntLE(0, 3)
    last = (bits & 1) === 1
    // A block of one repeated byte has its count and that one byte.
    const repeated = ((bits >> 1) & 3) === 1
    yield* bytesOf(reader, repeated ? 1 : bits >> 3)
  }
  if (hasChecksum) yield whole(reader, 4)
}

function headerIn(descriptor: number): { readonly headerBytes: number; readonly hasChecksum: boolean } {
  const isSingleSegment = (descriptor & 0x20) !== 0
  const sizeBytes = [isSingleSegment ? 1 : 0, 2, 4, 8][descriptor >> 6]!
  const dictionaryBytes = [0, 1, 2, 4][descriptor & 3]!
  return { headerBytes: (isSingleSegment ? 0 : 1) + dictionaryBytes + sizeBytes, hasChecksum: (descriptor & 4) !== 0 }
}

const isSkippable = (magic: Buffer): boolean =>
  magic.length === 4 && (magic[0]! & 0xf0) === 0x50 && magic.subarray(1).equals(Buffer.from([0x2a, 0x4d, 0x18]))

async function skip(reader: ByteReader): Promise<void> {
  for await (const _ of bytesOf(reader, (await whole(reader, 4)).readUInt32LE()));
}

async function whole(reader: ByteReader, bytes: number): Promise<Buffer> {
  const taken = await reader.take(bytes)
  if (taken.length === bytes) return taken
  throw cutOff()
}

async function* bytesOf(reader: ByteReader, bytes: number): AsyncGenerator<Buffer> {
  for (let left = bytes; left > 0; ) {
    const some = await reader.some(left)
    if (some.length === 0) throw cutOff()
    left -= some.length
    yield some
  }
}

const cutOff = (): ServerError => new ServerError('malformed', 'broken zstd: the file is cut off')
