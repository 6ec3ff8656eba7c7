import type { ByteRange } from '@coalmine/store'

/** Bytes of JSON, and where the next token begins. Whatever is not plain is left to the runtime's own parser: `isPlain` is false from then on. */
export interface Scanner {
  readonly bytes: Uint8Array
  at: number
  readonly end: number
  isPlain: boolean
}

/** What takes the parts of an object: it reads the value of a key, whose quotes are not part of the range. */
export type TakeValue = (key: ByteRange) => void

const quote = 0x22
const backslash = 0x5c
const comma = 0x2c
const colon = 0x3a
const firstPrintable = 0x20

/** A range without bytes. */
export const nowhere: ByteRange = { start: 0, end: 0 }

/** Gives up: what comes is left to the runtime's own parser. */
export function giveUp(scanner: Scanner): void {
  scanner.isPlain = false
  scanner.at = scanner.end
}

/** Passes over a byte of punctuation, and the space around it. */
export function pass(scanner: Scanner, byte: number): void {
  skipSpace(scanner)
  if (scanner.bytes[scanner.at] !== byte) giveUp(scanner)
  else {
    scanner.at++
    skipSpace(scanner)
  }
}

/** Passes over the space before the next token. */
export function skipSpace(scanner: Scanner): void {
  const { bytes } = scanner
  while (isSpace(bytes[scanner.at])) scanner.at++
}

const isSpace = (byte: number | undefined): boolean => byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09

/** The range of a text without escapes. */
export function textRange(scanner: Scanner): ByteRange {
  const start = scanner.at + 1
  passText(scanner)
  return scanner.isPlain ? { start, end: scanner.at - 1 } : nowhere
}

/** Passes over a text without escapes: it lies between the quotes, which are the first and the last byte of what was passed. */
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

/** The range of a number's digits, of a whole number that a double has exactly and that is written in the one way that it is shown. */
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

// More digits may be rounded; and of a number that begins with a zero, JSON has only zero itself.
const mostDigits = 15

/** Whether bytes are such a whole number, not below zero. */
export function isWhole(bytes: Uint8Array, start: number, end: number): boolean {
  if (end <= start || end - start > mostDigits || (bytes[start] === 0x30 && end - start > 1)) return false
  return isDigits(bytes, start, end)
}

/** Whether all of them are digits. */
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

/** Passes over these bytes, as machines write them without space, where they are next. */
export function passExactly(scanner: Scanner, expected: Uint8Array): boolean {
  const { bytes, at } = scanner
  for (let place = 0; place < expected.length; place++) if (bytes[at + place] !== expected[place]) return false
  scanner.at = at + expected.length
  return true
}

/** Whether a range has this text, which is ASCII. */
export function isText({ bytes }: Scanner, { start, end }: ByteRange, text: string): boolean {
  if (end - start !== text.length) return false
  // Names of fields that are as long differ where they end.
  for (let at = text.length - 1; at >= 0; at--) if (bytes[start + at] !== text.charCodeAt(at)) return false
  return true
}
