import type { ByteRange } from '@coalmine/store'

/** Bytes of JSON, and the position of the next token. `isPlain` becomes false at anything that is left to the runtime's own parser. */
export interface Scanner {
  readonly bytes: Uint8Array
  at: number
  readonly end: number
  isPlain: boolean
}

/** Called for each key of an object, to read its value. The range of the key excludes its quotes. */
export type TakeValue = (key: ByteRange) => void

const quote = 0x22
const backslash = 0x5c
const comma = 0x2c
const colon = 0x3a
const firstPrintable = 0x20

/** An empty range. */
export const nowhere: ByteRange = { start: 0, end: 0 }

/** Gives up: the rest is left to the runtime's own parser. */
export function giveUp(scanner: Scanner): void {
  scanner.isPlain = false
  scanner.at = scanner.end
}

/** Skips a byte of punctuation and the space around it. */
export function pass(scanner: Scanner, byte: number): void {
  skipSpace(scanner)
  if (scanner.bytes[scanner.at] !== byte) giveUp(scanner)
  else {
    scanner.at++
    skipSpace(scanner)
  }
}

/** Skips the space before the next token. */
export function skipSpace(scanner: Scanner): void {
  const { bytes } = scanner
  while (isSpace(bytes[scanner.at])) scanner.at++
}

const isSpace = (byte: number | undefined): boolean => byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09

/** Reads a string without escapes and returns its range. */
export function textRange(scanner: Scanner): ByteRange {
  const start = scanner.at + 1
  passText(scanner)
  return scanner.isPlain ? { start, end: scanner.at - 1 } : nowhere
}

/** Skips a string without escapes, including its quotes. */
export function passText(scanner: Scanner): void {
  const { bytes, end } = scanner
  let at = scanner.at
  if (at >= end || bytes[at] !== quote) {
    giveUp(scanner)
    return
  }
  at++
  while (at < end) {
    const byte = bytes[at]!
    if (byte === quote) {
      scanner.at = at + 1
      return
    }
    if (byte === backslash || byte < firstPrintable) break
    at++
  }
  giveUp(scanner)
}

/** The digits of a whole number that a double represents exactly, written the way that JavaScript prints it. */
export function wholeRange(scanner: Scanner): ByteRange {
  const start = scanner.at
  let at = start
  const { bytes } = scanner
  while (isDigit(bytes[at])) at++
  scanner.at = at
  if (isWhole(bytes, start, at)) return { start, end: at }
  giveUp(scanner)
  return nowhere
}

// More digits may be rounded. JSON allows a leading zero only in zero itself.
const mostDigits = 15

/** Whether bytes are such a whole number, not below zero. */
export function isWhole(bytes: Uint8Array, start: number, end: number): boolean {
  if (end <= start || end - start > mostDigits || (bytes[start] === 0x30 && end - start > 1)) return false
  return isDigits(bytes, start, end)
}

/** Whether all bytes are digits. */
export function isDigits(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at++) if (!isDigit(bytes[at])) return false
  return true
}

const isDigit = (byte: number | undefined): boolean => byte !== undefined && byte >= 0x30 && byte <= 0x39

/** Reads an object: `take` reads the value of each key. */
export function readObject(scanner: Scanner, take: TakeValue): void {
  readParts(scanner, 0x7b, 0x7d, () => {
    const key = textRange(scanner)
    pass(scanner, colon)
    if (scanner.isPlain) take(key)
  })
}

/** Reads a list: `take` reads each item. */
export function readList(scanner: Scanner, take: () => void): void {
  readParts(scanner, 0x5b, 0x5d, take)
}

function readParts(scanner: Scanner, open: number, close: number, take: () => void): void {
  pass(scanner, open)
  const { bytes } = scanner
  if (bytes[scanner.at] !== close) {
    take()
    skipSpace(scanner)
    while (scanner.isPlain && bytes[scanner.at] === comma) {
      pass(scanner, comma)
      take()
      skipSpace(scanner)
    }
  }
  pass(scanner, close)
}

/** Skips the given bytes if they come next, as machines write them, without spaces. */
export function passExactly(scanner: Scanner, expected: Uint8Array): boolean {
  const { bytes, at } = scanner
  for (let place = 0; place < expected.length; place++) if (bytes[at + place] !== expected[place]) return false
  scanner.at = at + expected.length
  return true
}

/** Whether a range equals an ASCII text. */
export function isText({ bytes }: Scanner, { start, end }: ByteRange, text: string): boolean {
  if (end - start !== text.length) return false
  // Field names of the same length differ at their ends.
  for (let at = text.length - 1; at >= 0; at--) if (bytes[start + at] !== text.charCodeAt(at)) return false
  return true
}
