import { ServerError } from '../errors.ts'

/** How long a message may be. */
const maxMessageBytes = 64_000_000

const lengthBytes = 4
const fieldOne = 0x0a
const brace = 0x7b
const blanks = [0x20, 0x09, 0x0a, 0x0d]

/**
 * Whether bytes begin OTLP as protobuf: as the Collector's file exporter writes it with `format: proto`, messages behind
 * their length in four bytes, of which the first is zero; or one request, which begins with its first field. JSON may
 * begin with an empty line, which looks like that field.
 */
export function protobufKind(start: Buffer): 'messages' | 'one' | undefined {
  if (start[0] === 0) return 'messages'
  if (start[0] !== fieldOne) return undefined
  const first = start.find((byte) => !blanks.includes(byte))
  return first === brace && start[1]! < 0x80 ? undefined : 'one'
}

/** The messages of a file, one in memory at a time. Throws a ServerError of kind `malformed` where one is cut off. */
export async function* messagesOf(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const source = chunks[Symbol.asyncIterator]()
  let held: Buffer = Buffer.alloc(0)
  const take = async (bytes: number): Promise<Buffer | undefined> => {
    const parts = [held]
    let size = held.length
    while (size < bytes) {
      const { value, done } = await source.next()
      if (done) break
      parts.push(value)
      size += value.length
    }
    const all = Buffer.concat(parts)
    held = all.subarray(bytes)
    return all.length < bytes ? undefined : all.subarray(0, bytes)
  }
  for (;;) {
    const prefix = await take(lengthBytes)
    if (!prefix) return
    const length = prefix.readUInt32BE()
    if (length > maxMessageBytes)
      throw new ServerError('malformed', `says it has ${length} bytes, more than ${maxMessageBytes}`)
    const message = await take(length)
    if (!message) throw new ServerError('malformed', `is cut off: it says it has ${length} bytes`)
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
