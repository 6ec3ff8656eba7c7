import type { Readable } from 'node:stream'
import { ServerError } from '../errors.ts'
import type { Share } from './admission.ts'
import type { Limits } from './limits.ts'
import { watchPace } from './pace.ts'

/** Reads the bodies of requests into memory that is used again. */
export interface Bodies {
  /**
   * All of a body; `length` is what its header says. Throws a ServerError: with status 413 when it is too large, 408 when
   * it comes too slowly, 429 when there is no room for it.
   */
  readonly read: (stream: Readable, share: Share, length?: number) => Promise<Buffer>
  /** Whoever asked for a body has no more use for it. */
  readonly done: (body: Buffer) => void
}

// A new buffer for each request makes the garbage collector run several times a second, which took a third of ingest.
const spareBodies = 32
const smallestBytes = 65_536
const largestSpareBytes = 1_048_576

/** Options of routes that limit the size of a body. */
export function newBodies(limits: Limits): Bodies {
  const { requestBytes } = limits
  const spare: Buffer[] = []

  const withRoom = (bytes: number): Buffer => {
    const found = spare.pop()
    if (found && found.length >= bytes) return found
    return Buffer.allocUnsafeSlow(Math.max(bytes, smallestBytes))
  }

  const done = ({ buffer }: Buffer): void => {
    // The memory of what another thread decodes is that thread's.
    if (spare.length < spareBodies && buffer.byteLength > 0 && buffer.byteLength <= largestSpareBytes)
      spare.push(Buffer.from(buffer))
  }

  const read = async (stream: Readable, share: Share, length?: number): Promise<Buffer> => {
    if (length !== undefined && length > requestBytes) throw tooLarge(requestBytes)
    // Who announces a large body has not sent it yet.
    let body = withRoom(Math.min(length ?? 0, largestSpareBytes))
    let at = 0
    const take = (chunk: Buffer): void => {
      share.hold(chunk.length)
      if (at + chunk.length > body.length) {
        const larger = withRoom(Math.min(2 * (at + chunk.length), length ?? requestBytes))
        body.copy(larger, 0, 0, at)
        done(body)
        body = larger
      }
      body.set(chunk, at)
      at += chunk.length
    }
    return new Promise((resolve, reject) => {
      const stop = (error: unknown): void => {
        pace.stop()
        // What still comes goes nowhere: whoever sends it may read the answer only then.
        stream.off('data', onData)
        stream.resume()
        reject(error)
      }
      const pace = watchPace(limits, stop)
      const onData = (chunk: Buffer): void => {
        pace.came(chunk.length)
        try {
          if (at + chunk.length > requestBytes) throw tooLarge(requestBytes)
          take(chunk)
        } catch (error) {
          stop(error)
        }
      }
      stream.on('data', onData)
      stream.once('end', () => {
        pace.stop()
        resolve(body.subarray(0, at))
      })
      stream.once('error', stop)
      // After the end too; and an error is dear to make.
      stream.once('close', () => {
        if (!stream.readableEnded) stop(gone())
      })
    })
  }

  return { read, done }
}

const gone = (): ServerError => new ServerError('unavailable', 'the sender disconnected before the end of its body')

const tooLarge = (maxBytes: number): ServerError =>
  new ServerError('malformed', `the body is larger than ${maxBytes} bytes; send smaller batches`, {
    status: 413,
    limit: 'large',
  })
