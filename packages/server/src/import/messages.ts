import { ServerError } from '../errors.ts'
import { byteReader } from './byte-reader.ts'
import { isZstd } from './zstd-frames.ts'

/** How long a message may be. */
export const maxMessageBytes = 64_000_000

const lengthBytes = 4
const fieldOne = 0x0a
const brackets = [0x7b, 0x5b]
const blanks = [0x20, 0x09, 0x0a, 0x0d]

/** What the first field of a request begins with, within its length: resource, scopes, schema, and what old ones have. */
const innerTags = [0x0a, 0x12, 0x1a, 0xc2]

/**
 * Whether bytes begin OTLP as the Collector's file exporter writes it behind lengths of four bytes, of which the first is zero
 * unless a message packed with zstd follows; or one request of protobuf, which begins with its first field. A text may begin with an
 * empty line, which looks like that field.
 */
export function protobufKind(start: Buffer): 'messages' | 'one' | undefined {
  if (isZstd(start.subarray(lengthBytes)) || start[0] === 0) return 'messages'
  if (start[0] !== fieldOne) return undefined
  const first = start.find((byte) => !blanks.includes(byte))
  if (first !== undefined && brackets.includes(first) && start[1]! < 0x80) return undefined
  const afterLength = start.subarray(1).findIndex((byte) => byte < 0x80) + 2
  const inner = start[afterLength]
  return start.length <= 2 || inner === undefined || innerTags.includes(inner) ? 'one' : undefined
}

/** The messages of a file, one in memory at a time. Throws a ServerError of kind `malformed` where one is cut off. */
export async function* messagesOf(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const reader = byteReader(chunks)
  for (;;) {
    const prefix = await reader.take(lengthBytes)
    if (prefix.length === 0) return
    if (prefix.length < lengthBytes) throw new ServerError('malformed', 'is cut off within its length')
    const length = prefix.readUInt32BE()
    if (length > maxMessageBytes)
      throw new ServerError('malformed', `says it has ${length} bytes, more than ${maxMessageBytes}`)
    if (length === 0) throw new ServerError('malformed', 'says it has no bytes')
    const message = await reader.take(length)
    if (message.length < length) throw new ServerError('malformed', `is cut off: it says it has ${length} bytes`)
    yield message
  }
}

/** All of a file, as one message. */
export async function wholeOf(chunks: AsyncIterable<Buffer>): Promise<Buffer> {
  const parts: Buffer[] = []
  let size = 0
  for await (const chunk of chunks) {
    size += chunk.length
    if (size > maxMessageBytes)
      throw new ServerError(
        'malformed',
        `one request of more than ${maxMessageBytes} bytes; write several, each behind its length`,
      )
    parts.push(chunk)
  }
  return Buffer.concat(parts)
}
