/** A growing buffer of rows in ClickHouse's RowBinary format, written value by value. */
export interface RowBytes {
  bytes: Buffer
  length: number
}

/**
 * Allocates a buffer of `capacity` bytes, which grows as needed.
 *
 * @example newRowBytes(1024).length // 0: nothing is written yet
 */
export function newRowBytes(capacity: number = 65_536): RowBytes {
  return { bytes: Buffer.allocUnsafe(capacity), length: 0 }
}

/** Writes an unsigned number of at most 53 bits as LEB128, the length prefix of RowBinary and of protobuf alike. */
export function writeVarint(to: RowBytes, value: number): void {
  reserve(to, 8)
  let rest = value
  while (rest > 127) {
    to.bytes[to.length++] = (rest % 128) | 128
    rest = Math.floor(rest / 128)
  }
  to.bytes[to.length++] = rest
}

/** Writes a string: its length in bytes, then UTF-8. */
export function writeText(to: RowBytes, text: string): void {
  reserve(to, text.length * 3 + 8)
  const { bytes } = to
  if (text.length < 128) {
    // Short strings are mostly ASCII: one pass over the characters is cheaper than a call into the runtime.
    const start = to.length + 1
    let at = 0
    for (; at < text.length; at++) {
      const code = text.charCodeAt(at)
      if (code > 127) break
      bytes[start + at] = code
    }
    if (at === text.length) {
      bytes[to.length] = at
      to.length = start + at
      return
    }
  }
  const size = Buffer.byteLength(text)
  writeVarint(to, size)
  to.length += bytes.write(text, to.length)
}

/** Writes a string given as UTF-8 bytes: `from[start..end)`. */
export function writeTextBytes(to: RowBytes, from: Uint8Array, start: number, end: number): void {
  writeVarint(to, end - start)
  writeBytes(to, from, start, end)
}

/**
 * Writes a string given as UTF-8 bytes, up to a quote, and returns the quote's position. Writes nothing and returns -1 if an
 * escape or a control character comes first, or there is no quote.
 */
export function writeTextToQuote(to: RowBytes, from: Uint8Array, start: number): number {
  // Nearly all are short: they are checked and copied in one pass, after a one-byte length.
  reserve(to, 128)
  const { bytes, length } = to
  const most = Math.min(from.length, start + 128)
  for (let at = start, into = length + 1; at < most; at++, into++) {
    const byte = from[at]!
    if (byte === quote) {
      bytes[length] = at - start
      to.length = into
      return at
    }
    if (byte === backslash || byte < firstPrintable) return -1
    bytes[into] = byte
  }
  for (let at = most; at < from.length; at++) {
    const byte = from[at]!
    if (byte === backslash || byte < firstPrintable) return -1
    if (byte !== quote) continue
    writeTextBytes(to, from, start, at)
    return at
  }
  return -1
}

const quote = 0x22
const backslash = 0x5c
const firstPrintable = 0x20

/** Writes bytes as a string of lower-case hex digits. */
export function writeHex(to: RowBytes, from: Uint8Array, start: number, end: number): void {
  writeVarint(to, (end - start) * 2)
  reserve(to, (end - start) * 2)
  const { bytes } = to
  for (let at = start; at < end; at++) {
    const byte = from[at]!
    bytes[to.length++] = hexDigits.charCodeAt(byte >>> 4)
    bytes[to.length++] = hexDigits.charCodeAt(byte & 15)
  }
}

/** Writes bytes as they are. */
export function writeBytes(to: RowBytes, from: Uint8Array, start: number, end: number): void {
  const size = end - start
  reserve(to, size)
  const { bytes, length } = to
  if (size < 64) for (let at = 0; at < size; at++) bytes[length + at] = from[start + at]!
  else bytes.set(from.subarray(start, end), length)
  to.length = length + size
}

/** Writes two ranges of bytes as they are, short ones as a rule: one pass for both. */
export function writeTwo(
  to: RowBytes,
  from: Uint8Array,
  start: number,
  end: number,
  otherStart: number,
  otherEnd: number,
): void {
  reserve(to, end - start + otherEnd - otherStart)
  const { bytes } = to
  let into = to.length
  for (let at = start; at < end; at++) bytes[into++] = from[at]!
  for (let at = otherStart; at < otherEnd; at++) bytes[into++] = from[at]!
  to.length = into
}

/** Writes a 64-bit number, little-endian. */
export function writeUint64(to: RowBytes, value: bigint): void {
  reserve(to, 8)
  const { bytes, length } = to
  // Buffer's own method shifts the number byte by byte.
  wide[0] = value
  for (let at = 0; at < 8; at++) bytes[length + at] = wideBytes[at]!
  to.length = length + 8
}

const wide = new BigUint64Array(1)
const wideBytes = new Uint8Array(wide.buffer)

const hexDigits = '0123456789abcdef'

function reserve(to: RowBytes, more: number): void {
  if (to.length + more <= to.bytes.length) return
  const grown = Buffer.allocUnsafe(Math.max(to.bytes.length * 2, to.length + more))
  to.bytes.copy(grown, 0, 0, to.length)
  to.bytes = grown
}
