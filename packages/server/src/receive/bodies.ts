import type { Readable } from 'node:stream'
import { ServerError } from '../errors.ts'

/** Reads the bodies of requests into memory that is used again. */
export interface Bodies {
  /** All of a body; `length` is what its header says. Throws a ServerError with status 413 when it is too large. */
  readonly read: (stream: Readable, length: number | undefined) => Promise<Buffer>
  /** Whoever asked for a body has no more use for it. */
  readonly done: (body: Buffer) => void
}

// A new buffer for each request makes the garbage collector run several times a second, which took a third of ingest.
const spareBodies = 32
const smallestBytes = 262_144
const largestSpareBytes = 1_048_576

/** For one route that takes bodies of at most so many bytes. */
export function newBodies(maxBytes: number): Bodies {
  const spare: Buffer[] = []

  const withRoom = (bytes: number): Buffer => {
    const found = spare.pop()
    if (found && found.length >= bytes) return found
    return Buffer.allocUnsafeSlow(Math.max(bytes, smallestBytes))
  }

  const done = ({ buffer }: Buffer): void => {
    if (spare.length < spareBodies && buffer.byteLength <= largestSpareBytes) spare.push(Buffer.from(buffer))
  }

  const read = async (stream: Readable, length: number | undefined): Promise<Buffer> => {
    if (length !== undefined && length > maxBytes) throw tooLarge(maxBytes)
    let body = withRoom(length ?? 0)
    let at = 0
    const take = (chunk: Buffer): void => {
      if (at + chunk.length > body.length) {
        const larger = withRoom(Math.min(2 * (at + chunk.length), maxBytes))
        body.copy(larger, 0, 0, at)
        body = larger
      }
      body.set(chunk, at)
      at += chunk.length
    }
    return new Promise((resolve, reject) => {
      stream.on('data', (chunk: Buffer) => {
        // The rest still comes, and goes nowhere: whoever sends it reads the answer only then.
        if (at + chunk.length > maxBytes) reject(tooLarge(maxBytes))
        else take(chunk)
      })
      stream.once('end', () => resolve(body.subarray(0, at)))
      stream.once('error', reject)
    })
  }

  return { read, done }
}

const tooLarge = (maxBytes: number): ServerError =>
  new ServerError('malformed', `the body is larger than ${maxBytes} bytes; send smaller batches`, { status: 413 })
