import type { ByteRange } from '@coalmine/store'
import { giveUp, isDigits, isText, isWhole, nowhere, type Scanner, textRange, wholeRange } from './scanner.ts'

/** The text of a range. */
export const textIn = ({ bytes }: Scanner, { start, end }: ByteRange): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString()

/** An id in lower case, not all zeros. */
export function idRange(scanner: Scanner, digits: number): ByteRange {
  const id = textRange(scanner)
  const { bytes } = scanner
  let isZero = true
  let isHex = id.end - id.start === digits
  for (let at = id.start; at < id.end; at++) {
    const byte = bytes[at]!
    if (byte !== 0x30) isZero = false
    if (byte < 0x30 || (byte > 0x39 && byte < 0x61) || byte > 0x66) isHex = false
  }
  if (isHex && !isZero) return id
  giveUp(scanner)
  return nowhere
}

/** The parent's id, which may be empty. */
export function parentRange(scanner: Scanner): ByteRange {
  if (scanner.bytes[scanner.at + 1] !== 0x22) return idRange(scanner, 16)
  textRange(scanner)
  return nowhere
}

/** Nanoseconds since 1970, as a string, because a double has too few digits. */
export function nanoseconds(scanner: Scanner): bigint {
  const { start, end } = textRange(scanner)
  const { bytes } = scanner
  if (end <= start || end - start > 19 || !isDigits(bytes, start, end)) giveUp(scanner)
  if (!scanner.isPlain) return 0n
  const half = Math.max(start, end - 9)
  return BigInt(numberIn(bytes, start, half)) * 1_000_000_000n + BigInt(numberIn(bytes, half, end))
}

function numberIn(bytes: Uint8Array, start: number, end: number): number {
  let value = 0
  for (let at = start; at < end; at++) value = value * 10 + bytes[at]! - 0x30
  return value
}

/** A whole number, possibly as a string. */
export function integerRange(scanner: Scanner): ByteRange {
  if (scanner.bytes[scanner.at] !== 0x22) return wholeRange(scanner)
  const range = textRange(scanner)
  if (isWhole(scanner.bytes, range.start, range.end)) return range
  giveUp(scanner)
  return nowhere
}

/** A whole number, not below zero. */
export function wholeNumber(scanner: Scanner): number {
  const { start, end } = wholeRange(scanner)
  return numberIn(scanner.bytes, start, end)
}

/** True or false. */
export function truth(scanner: Scanner): boolean {
  for (const value of [true, false]) {
    const word = { start: scanner.at, end: scanner.at + String(value).length }
    if (!isText(scanner, word, String(value))) continue
    scanner.at = word.end
    return value
  }
  giveUp(scanner)
  return false
}
