import { ServerError } from '../errors.ts'
import { boundParts, mostMessagesOf } from './bounds.ts'

/** A position in protobuf bytes. The functions here advance it, and throw if the bytes end too early or are invalid. */
export interface Reader {
  readonly bytes: Buffer
  readonly view: DataView
  at: number
  end: number
  /** The number of messages and strings passed so far, and the limit. */
  parts: number
  readonly mostParts: number
}

/** Creates a reader of some bytes, from start to end. */
export const newReader = (bytes: Buffer): Reader => ({
  bytes,
  view: new DataView(bytes.buffer, bytes.byteOffset, bytes.length),
  at: 0,
  end: bytes.length,
  parts: 0,
  mostParts: mostMessagesOf(bytes.length),
})

/** Wire types, https://protobuf.dev/programming-guides/encoding/#structure: a number, seven bits per byte. */
export const wireVarint = 0

/** Eight bytes, little-endian. */
export const wireFixed64 = 1

/** A length, then that many bytes: strings, bytes and messages. */
export const wireBytes = 2

/** Four bytes, little-endian. */
export const wireFixed32 = 5

/** Reads a number of at most 53 bits; the bits of a longer one that do not fit are lost. */
export function readVarint(reader: Reader): number {
  // Nearly all are below 128.
  const first = reader.bytes[reader.at]!
  if (first < 128 && reader.at < reader.end) {
    reader.at++
    return first
  }
  let value = 0
  let factor = 1
  for (let count = 0; count < 10; count++) {
    if (reader.at >= reader.end) throw cutOff(reader)
    const byte = reader.bytes[reader.at++]!
    value += (byte & 127) * factor
    if (byte < 128) return value
    factor *= 128
  }
  throw new ServerError('malformed', `not protobuf: a number of more than ten bytes ends at byte ${reader.at}`)
}

/** Reads an int64. */
export function readInt64(reader: Reader): bigint {
  let value = 0n
  for (let shift = 0n; shift < 70n; shift += 7n) {
    if (reader.at >= reader.end) throw cutOff(reader)
    const byte = reader.bytes[reader.at++]!
    value |= BigInt(byte & 127) << shift
    if (byte < 128) return BigInt.asIntN(64, value)
  }
  throw new ServerError('malformed', `not protobuf: a number of more than ten bytes ends at byte ${reader.at}`)
}

/** Skips a fixed64 and returns its position. */
export function readFixed64(reader: Reader): number {
  const start = reader.at
  reader.at += 8
  if (reader.at > reader.end) throw cutOff(reader)
  return start
}

/** Reads a fixed64. */
export function readUint64(reader: Reader): bigint {
  return reader.view.getBigUint64(readFixed64(reader), true)
}

/** Reads a fixed32. */
export function readFixed32(reader: Reader): number {
  const start = reader.at
  reader.at += 4
  if (reader.at > reader.end) throw cutOff(reader)
  return reader.bytes.readUInt32LE(start)
}

/** Reads the length of bytes, a string or a message, and returns the end; the reader is at the start. */
export function readLength(reader: Reader): number {
  const length = readVarint(reader)
  const end = reader.at + length
  if (end > reader.end) throw cutOff(reader)
  return end
}

/** Skips a field that is not needed. */
export function skip(reader: Reader, tag: number): void {
  const type = tag & 7
  if (type === wireVarint) readVarint(reader)
  else if (type === wireFixed64) readFixed64(reader)
  else if (type === wireBytes) reader.at = readLength(reader)
  else if (type === wireFixed32) readFixed32(reader)
  else
    throw new ServerError('malformed', `not protobuf: field ${tag >>> 3} has wire type ${type}, at byte ${reader.at}`)
}

/** Reads the message at this position. `field` is called at each field's value and must read it. */
export function readMessage(reader: Reader, field: (tag: number) => void): void {
  boundParts(++reader.parts, reader.mostParts)
  const end = readLength(reader)
  const outer = reader.end
  reader.end = end
  while (reader.at < end) field(readVarint(reader))
  reader.end = outer
}

const cutOff = (reader: Reader): ServerError =>
  new ServerError('malformed', `not protobuf: the message is cut off at byte ${reader.at} of ${reader.bytes.length}`)
