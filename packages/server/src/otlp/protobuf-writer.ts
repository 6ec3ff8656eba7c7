import { wireBytes, wireVarint } from './protobuf-reader.ts'

/** A field that is a number, which must not be negative. */
export function numberField(field: number, value: number): Buffer {
  return Buffer.concat([varint((field << 3) | wireVarint), varint(value)])
}

/** A field that is a text. */
export function textField(field: number, text: string): Buffer {
  return messageField(field, Buffer.from(text))
}

/** A field that is a message, by the fields of that message. */
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
