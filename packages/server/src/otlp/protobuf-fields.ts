import type { ByteRange } from '@coalmine/store'
import { ServerError } from '../errors.ts'
import { readValue, textOf } from './any-value.ts'
import { boundParts } from './bounds.ts'
import { type Reader, readLength, readVarint, skip, wireBytes } from './protobuf-reader.ts'

/** The range of a missing field. */
export const nowhere: ByteRange = { start: 0, end: 0 }

/** The ranges of an attribute's key and value. */
export function keyValueOf(reader: Reader, range: ByteRange): { key: ByteRange; value: ByteRange } {
  let key = nowhere
  let value = nowhere
  within(reader, range, () => {
    while (reader.at < reader.end) {
      const tag = readVarint(reader)
      if (tag === tagOf(1, wireBytes)) key = takeRange(reader)
      else if (tag === tagOf(2, wireBytes)) value = takeRange(reader)
      else skip(reader, tag)
    }
  })
  return { key, value }
}

/** The string of an `AnyValue`, as stored. */
export function textAt(reader: Reader, value: ByteRange): string {
  let text = ''
  within(reader, value, () => {
    text = textOf(readValue(reader))
  })
  return text
}

/** Throws a ServerError of kind `malformed` unless an id has the given size. */
export function checkId({ start, end }: ByteRange, name: string, size: number): void {
  if (end - start === size) return
  throw new ServerError('malformed', `${name}: expected ${size} bytes, got ${end - start}`)
}

/** Whether a range is empty or all zeros. */
export function isZero({ bytes }: Reader, { start, end }: ByteRange): boolean {
  for (let at = start; at < end; at++) if (bytes[at] !== 0) return false
  return true
}

/** Skips bytes, a string or a message, and returns their range. */
export function takeRange(reader: Reader): ByteRange {
  boundParts(++reader.parts, reader.mostParts)
  const end = readLength(reader)
  const start = reader.at
  reader.at = end
  return { start, end }
}

/** Limits the reader to one range while `read` runs, and restores it afterwards. */
export function within(reader: Reader, { start, end }: ByteRange, read: () => void): void {
  const { at: outerAt, end: outerEnd } = reader
  reader.at = start
  reader.end = end
  read()
  reader.at = outerAt
  reader.end = outerEnd
}

/** The tag of a field: its number and wire type. */
export function tagOf(field: number, type: number): number {
  return (field << 3) | type
}
