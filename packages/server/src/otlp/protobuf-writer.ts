import { wireBytes, wireVarint } from './protobuf-reader.ts'

/** Writes a field with a number, which must not be negative. */
export function numberField(field: number, value: number): Buffer {
  return Buffer.concat([varint((field << 3) | wireVarint), varint(value)])
}

/** Writes a field with a string. */
export function textField(field: number, text: string): Buffer {
  return messageField(field, Buffer.from(text))
}

/** Writes a field with a message, given by the fields of that message. */
export function messageField(field: number, ...fields: readonly Buffer[]): Buffer {
  const message = Buffer.concat(fields)
  return Buffer.concat([varint((field << 3) | wireBytes), varint(message.length), message])
}

function varint(value: number): Buffer {
  const bytes: number[] = []
  let rest = value
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128)
  bytes.push(rest)
  return Buffer.from(bytes)
}
