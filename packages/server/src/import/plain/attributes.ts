import { type AttributeBytes, addToQuote, addValue } from '@coalmine/store'
import { giveUp, isDigits, isText, pass, passExactly, type Scanner, skipSpace } from './scanner.ts'
import { integerRange, textIn, truth } from './values.ts'

// The ranges of the keys in a list of attributes, to find duplicates, of which an object would have one.
const keys: number[] = []

/** Reads attributes and returns the value of `service.name`. */
export function readAttributes(scanner: Scanner, to: AttributeBytes): string {
  const { bytes } = scanner
  let service = ''
  keys.length = 0
  pass(scanner, 0x5b)
  while (scanner.isPlain && bytes[scanner.at] !== 0x5d) {
    if (keys.length > 0) pass(scanner, 0x2c)
    expect(scanner, beforeKey)
    const start = scanner.at
    const end = toQuote(scanner, to)
    expect(scanner, beforeValue)
    // An object would list keys that are numbers first.
    if (hasSame(bytes, keys, start, end) || isDigits(bytes, start, end)) giveUp(scanner)
    keys.push(start, end)
    const isService = end - start === serviceName.length && isText(scanner, { start, end }, serviceName)
    if (passExactly(scanner, asText)) {
      const from = scanner.at
      toQuote(scanner, to)
      if (isService) service = textIn(scanner, { start: from, end: scanner.at - 1 })
    } else if (isService) giveUp(scanner)
    else readValue(scanner, to)
    expect(scanner, afterValue)
    to.count++
    skipSpace(scanner)
  }
  pass(scanner, 0x5d)
  return service
}

const serviceName = 'service.name'
// Machines write these without spaces; anything else is left to the runtime's own parser.
const beforeKey = Buffer.from('{"key":"')
const beforeValue = Buffer.from(',"value":{')
const asText = Buffer.from('"stringValue":"')
const asInteger = Buffer.from('"intValue":')
const asTruth = Buffer.from('"boolValue":')
const afterValue = Buffer.from('}}')

function expect(scanner: Scanner, bytes: Uint8Array): void {
  if (!passExactly(scanner, bytes)) giveUp(scanner)
}

/** Adds a string up to its closing quote, moves past the quote, and returns the quote's position. */
function toQuote(scanner: Scanner, to: AttributeBytes): number {
  const end = scanner.isPlain ? addToQuote(to, scanner.bytes, scanner.at) : -1
  if (end < 0) giveUp(scanner)
  else scanner.at = end + 1
  return end
}

function readValue(scanner: Scanner, to: AttributeBytes): void {
  if (passExactly(scanner, asInteger)) {
    const { start, end } = integerRange(scanner)
    addValue(to, textIn(scanner, { start, end }))
  } else if (passExactly(scanner, asTruth)) addValue(to, String(truth(scanner)))
  else giveUp(scanner)
}

function hasSame(bytes: Uint8Array, keys: readonly number[], start: number, end: number): boolean {
  for (let at = 0; at < keys.length; at += 2) {
    const from = keys[at]!
    const size = keys[at + 1]! - from
    if (size !== end - start) continue
    let place = size - 1
    while (place >= 0 && bytes[from + place] === bytes[start + place]) place--
    if (place < 0) return true
  }
  return false
}
