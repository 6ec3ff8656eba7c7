import { ServerError } from '../errors.ts'

/** A message of gRPC as it comes: its bytes, and whether the encoding of the headers was applied to them. */
export interface Frame {
  readonly message: Buffer
  readonly packed: boolean
}

/** What stands before a message: whether it is packed, and its length in four bytes. */
export const prefixBytes = 5

/**
 * The one message of a unary call. https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md
 *
 * Throws a ServerError of kind `malformed` where there is none, more than one, or only a part of it.
 */
export function frameOf(body: Buffer): Frame {
  if (body.length < prefixBytes) throw new ServerError('malformed', 'the call has no message')
  const length = body.readUInt32BE(1)
  const there = body.length - prefixBytes
  if (there < length)
    throw new ServerError('malformed', `the message should have ${length} bytes, but ${there} arrived`)
  if (there > length) throw new ServerError('malformed', 'the call has more than one message')
  return { message: body.subarray(prefixBytes), packed: body[0] === 1 }
}

/** A message behind its prefix, not packed. */
export function framed(message: Buffer): Buffer {
  const frame = Buffer.alloc(prefixBytes + message.length)
  frame.writeUInt32BE(message.length, 1)
  message.copy(frame, prefixBytes)
  return frame
}

/** The text of `grpc-message`: UTF-8, of which what is no printable ASCII, and the sign itself, is percent-encoded. */
export function statusMessage(text: string): string {
  // A header value must not begin or end with a space.
  return Buffer.from(text.trim())
    .toString('latin1')
    .replace(/[^ -$&-~]/g, (byte) => `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`)
}

const unitMs: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1_000, m: 1, u: 1e-3, n: 1e-6 }

/** The milliseconds of a `grpc-timeout` such as `10S`; undefined if it is missing. */
export function timeoutMs(header: string | undefined): number | undefined {
  const [, digits, unit] = /^(\d{1,8})([HMSmun])$/.exec(header ?? '') ?? []
  return digits === undefined ? undefined : Number(digits) * unitMs[unit!]!
}
