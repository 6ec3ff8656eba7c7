import { ServerError } from '../errors.ts'
import { byteReader } from './byte-reader.ts'
import { isZstd } from './zstd-frames.ts'

/** The size limit of a message. */
export const maxMessageBytes = 64_000_000

const lengthBytes = 4
const fieldOne = 0x0a
const brackets = [0x7b, 0x5b]
const blanks = [0x20, 0x09, 0x0a, 0x0d]

/** The tags that a request's first field may begin with: resource, scopes, schema, and those of old versions. */
const innerTags = [0x0a, 0x12, 0x1a, 0xc2]

/**
 * The kind of protobuf OTLP that bytes begin: messages as the Collector's file exporter writes them, each after a length of four bytes
 * (the first is zero, unless a zstd-compressed message follows), or one request, which begins with its first field. A text may begin
 * with an empty line, which looks like that field.
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

/** The messages of a file, one in memory at a time. Throws a ServerError of kind `malformed` if one is cut off. */
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

/** The whole file, as one message. */
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
