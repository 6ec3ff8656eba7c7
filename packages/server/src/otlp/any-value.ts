import { ServerError } from '../errors.ts'
import {
  type Reader,
  readFixed64,
  readInt64,
  readLength,
  readMessage,
  readVarint,
  skip,
  wireBytes,
  wireFixed64,
  wireVarint,
} from './protobuf-reader.ts'

/** An attribute's value, before it becomes a string. */
export type Value = string | number | bigint | boolean | null | Uint8Array | Value[] | { readonly [key: string]: Value }

/** How deeply lists and maps may be nested. */
export const maxDepth = 32

/** Writes a value as the Collector's exporters do: strings as they are, bytes in base64, lists and maps as JSON. */
export function textOf(value: Value): string {
  if (typeof value === 'string') return value
  if (value === null) return ''
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64')
  if (typeof value === 'object') return JSON.stringify(value, jsonOf)
  return String(value)
}

/** Reads a protobuf `AnyValue`, up to the end of the reader. */
export function readValue(reader: Reader, depth: number = 0): Value {
  if (depth > maxDepth) throw new ServerError('malformed', `an attribute's value is nested more than ${maxDepth} deep`)
  let value: Value = null
  while (reader.at < reader.end) {
    const tag = readVarint(reader)
    if (tag === ((1 << 3) | wireBytes)) value = readText(reader)
    else if (tag === ((2 << 3) | wireVarint)) value = readVarint(reader) !== 0
    else if (tag === ((3 << 3) | wireVarint)) value = readInt64(reader)
    else if (tag === ((4 << 3) | wireFixed64)) value = reader.bytes.readDoubleLE(readFixed64(reader))
    else if (tag === ((5 << 3) | wireBytes)) value = readArray(reader, depth)
    else if (tag === ((6 << 3) | wireBytes)) value = readMap(reader, depth)
    else if (tag === ((7 << 3) | wireBytes)) value = readBytes(reader)
    else skip(reader, tag)
  }
  return value
}

function readInner(reader: Reader, depth: number): Value {
  const end = readLength(reader)
  const outer = reader.end
  reader.end = end
  const value = readValue(reader, depth)
  reader.end = outer
  return value
}

/** Reads a string, preceded by its length. */
export function readText(reader: Reader): string {
  const end = readLength(reader)
  const text = reader.bytes.toString('utf8', reader.at, end)
  reader.at = end
  return text
}

function readBytes(reader: Reader): Uint8Array {
  const end = readLength(reader)
  const bytes = reader.bytes.subarray(reader.at, end)
  reader.at = end
  return bytes
}

function readArray(reader: Reader, depth: number): Value[] {
  const values: Value[] = []
  readMessage(reader, (tag) => {
    if (tag === ((1 << 3) | wireBytes)) values.push(readInner(reader, depth + 1))
    else skip(reader, tag)
  })
  return values
}

function readMap(reader: Reader, depth: number): Value {
  const entries: [string, Value][] = []
  readMessage(reader, (tag) => {
    if (tag !== ((1 << 3) | wireBytes)) return skip(reader, tag)
    let key = ''
    let value: Value = null
    readMessage(reader, (inner) => {
      if (inner === ((1 << 3) | wireBytes)) key = readText(reader)
      else if (inner === ((2 << 3) | wireBytes)) value = readInner(reader, depth + 1)
      else skip(reader, inner)
    })
    entries.push([key, value])
  })
  return Object.fromEntries(entries)
}

function jsonOf(_: string, value: unknown): unknown {
  // Keeps all digits of a 64-bit number, which a JavaScript number would not.
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : value.toString()
  return value instanceof Uint8Array ? Buffer.from(value).toString('base64') : value
}
