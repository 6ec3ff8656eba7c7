import { createHash } from 'node:crypto'
import type { FileHandle } from 'node:fs/promises'

const endsBytes = 1_000_000
const packings = [Buffer.from([0x1f, 0x8b]), Buffer.from([0x28, 0xb5, 0x2f, 0xfd])]

/** Identifies a file and its format. */
export interface Fingerprint {
  /** Equal only for the same unchanged file, read in the same way. */
  readonly id: string
  readonly bytes: number
  /** Whether it is compressed with gzip or zstd. */
  readonly packed: boolean
}

/** Fingerprints an open file by its size, modification time, and first and last megabyte. */
export async function fingerprintOf(file: FileHandle, readAs: string): Promise<Fingerprint> {
  const { size, mtimeMs } = await file.stat()
  const first = await bytesAt(file, 0, Math.min(size, endsBytes))
  const last = await bytesAt(file, Math.max(0, size - endsBytes), Math.min(size, endsBytes))
  const hash = createHash('sha256')
    .update(JSON.stringify([size, mtimeMs, readAs]))
    .update(first)
    .update(last)
  const packed = packings.some((magic) => first.subarray(0, magic.length).equals(magic))
  return { id: hash.digest('hex').slice(0, 32), bytes: size, packed }
}

async function bytesAt(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, position)
  return buffer.subarray(0, bytesRead)
}
