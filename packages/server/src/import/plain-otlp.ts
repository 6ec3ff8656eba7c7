import { isUtf8 } from 'node:buffer'
import {
  type AttributeBytes,
  addBatch,
  addSpanBytes,
  addToQuote,
  addValue,
  type ByteRange,
  newAttributeBytes,
  newSpanBatch,
  newSpanOrigin,
  type SpanBatch,
  type SpanBytes,
  type SpanKind,
  type SpanOrigin,
  type SpanStatus,
} from '@coalmine/store'
import { mostRowBytes } from '../otlp/bounds.ts'
import { refusalOfStart, type TimeWindow, unknownService } from '../otlp/refusals.ts'
import {
  giveUp,
  isDigits,
  isText,
  isWhole,
  nowhere,
  pass,
  passExactly,
  passText,
  readList,
  readObject,
  type Scanner,
  skipSpace,
  textRange,
  wholeRange,
} from './plain-scanner.ts'

/**
 * Adds the spans of a plain OTLP request: JSON as the Collector's exporter to files and most SDKs write it, of which nothing is refused.
 * Its texts go into rows as they are, which takes a third of the time of making objects of them. False for every other request: nothing of
 * it was added, and `decodeText` reads it or says what is wrong with it.
 *
 * @example addPlainOtlp(batch, Buffer.from('{"resourceSpans":[]}'), window) // true
 */
export function addPlainOtlp(batch: SpanBatch, json: Uint8Array, window: TimeWindow): boolean {
  const scanner: Scanner = { bytes: json, at: 0, end: json.length, isPlain: true }
  const own = newSpanBatch(kept.rows)
  const decoding: Decoding = { scanner, batch: own, window, attributes: newAttributeBytes(), origins: 0 }
  let hasSpans = false
  skipSpace(scanner)
  readObject(scanner, (key) => {
    if (hasSpans || !isText(scanner, key, 'resourceSpans')) return giveUp(scanner)
    hasSpans = true
    readList(scanner, () => readResourceSpans(decoding))
  })
  skipSpace(scanner)
  if (!scanner.isPlain || scanner.at < json.length || !hasSpans || !isUtf8(json)) return false
  addBatch(batch, own)
  return true
}

// Requests are made here, one after the other, before it is known whether they are plain to the end.
const kept = newSpanBatch()

interface Decoding {
  readonly scanner: Scanner
  readonly batch: SpanBatch
  readonly window: TimeWindow
  /** Of the span that is read. */
  readonly attributes: AttributeBytes
  /** Resources and scopes so far. */
  origins: number
}

// What has more is rare, and where so many are too many is for another to say.
const mostOrigins = 1_000

function readResourceSpans(decoding: Decoding): void {
  const { scanner } = decoding
  if (++decoding.origins > mostOrigins) giveUp(scanner)
  const resource = newAttributeBytes()
  let service = ''
  const seen = newSeen(scanner)
  readObject(scanner, (key) => {
    if (isText(scanner, key, 'resource') && seen.first(1) && !seen.has(2))
      readObject(scanner, (inner) => {
        if (isText(scanner, inner, 'attributes') && seen.first(4)) service = readAttributes(scanner, resource)
        else passOver(scanner, inner)
      })
    else if (isText(scanner, key, 'scopeSpans') && seen.first(2))
      readList(scanner, () => readScopeSpans(decoding, service || unknownService, resource))
    else passOver(scanner, key)
  })
}

function readScopeSpans(decoding: Decoding, service: string, resource: AttributeBytes): void {
  const { scanner } = decoding
  if (++decoding.origins > mostOrigins) giveUp(scanner)
  let name = nowhere
  let version = nowhere
  const seen = newSeen(scanner)
  readObject(scanner, (key) => {
    if (isText(scanner, key, 'scope') && seen.first(1) && !seen.has(2))
      readObject(scanner, (inner) => {
        if (isText(scanner, inner, 'name') && seen.first(4)) name = textRange(scanner)
        else if (isText(scanner, inner, 'version') && seen.first(8)) version = textRange(scanner)
        else passOver(scanner, inner)
      })
    else if (isText(scanner, key, 'spans') && seen.first(2)) {
      const origin = newSpanOrigin(service, resource, textIn(scanner, name), textIn(scanner, version))
      readList(scanner, () => readSpan(decoding, origin))
    } else passOver(scanner, key)
  })
}

const textIn = ({ bytes }: Scanner, { start, end }: ByteRange): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString()

const kinds: readonly SpanKind[] = ['Unspecified', 'Internal', 'Server', 'Client', 'Producer', 'Consumer']
const statuses: readonly SpanStatus[] = ['Unset', 'Ok', 'Error']

function readSpan({ scanner, batch, window, attributes }: Decoding, origin: SpanOrigin): void {
  attributes.count = 0
  attributes.rows.length = 0
  const span = newSpan(scanner.bytes, origin, attributes)
  pass(scanner, 0x7b)
  if (scanner.bytes[scanner.at] !== 0x7d) {
    readField(scanner, span)
    while (scanner.isPlain && scanner.bytes[scanner.at] === 0x2c) {
      pass(scanner, 0x2c)
      readField(scanner, span)
    }
  }
  pass(scanner, 0x7d)
  const { traceId, spanId, startNs, endNs } = span
  if (traceId === nowhere || spanId === nowhere || refusalOfStart(startNs, window) !== undefined) giveUp(scanner)
  if (!scanner.isPlain) return
  span.durationNs = endNs > startNs ? endNs - startNs : 0n
  addSpanBytes(batch, span)
  if (batch.rows.length > mostRowBytes) giveUp(scanner)
}

/** What is read of a span, and which of its fields were there. */
type ReadSpan = { -readonly [Field in keyof SpanBytes]: SpanBytes[Field] } & { endNs: bigint; seen: number }

const newSpan = (message: Uint8Array, origin: SpanOrigin, attributes: AttributeBytes): ReadSpan => ({
  message,
  hexIds: true,
  origin,
  traceId: nowhere,
  spanId: nowhere,
  parentSpanId: nowhere,
  traceState: nowhere,
  name: nowhere,
  kind: 'Unspecified',
  startNs: 0n,
  durationNs: 0n,
  attributes,
  status: 'Unset',
  statusMessage: nowhere,
  events: none,
  links: none,
  endNs: 0n,
  seen: 0,
})

function readField(scanner: Scanner, span: ReadSpan): void {
  const start = scanner.at + 1
  passText(scanner)
  const key = { start, end: scanner.at - 1 }
  pass(scanner, 0x3a)
  const field = fieldAt(scanner, key)
  if (field < 0) {
    passOver(scanner, key)
    return
  }
  const bit = 1 << field
  if ((span.seen & bit) !== 0) giveUp(scanner)
  span.seen |= bit
  switch (fields[field]!) {
    case 'traceId':
      span.traceId = idRange(scanner, 32)
      break
    case 'spanId':
      span.spanId = idRange(scanner, 16)
      break
    case 'parentSpanId':
      span.parentSpanId = parentRange(scanner)
      break
    case 'traceState':
      span.traceState = textRange(scanner)
      break
    case 'name':
      span.name = textRange(scanner)
      break
    case 'kind':
      span.kind = kinds[wholeNumber(scanner)] ?? 'Unspecified'
      break
    case 'startTimeUnixNano':
      span.startNs = nanoseconds(scanner)
      break
    case 'endTimeUnixNano':
      span.endNs = nanoseconds(scanner)
      break
    case 'attributes':
      readAttributes(scanner, span.attributes)
      break
    case 'events':
      span.events = readEvents(scanner)
      break
    case 'links':
      readList(scanner, () => giveUp(scanner))
      break
    case 'status':
      readStatus(scanner, span)
      break
  }
  skipSpace(scanner)
}

/** Which field of a span a key names: its place among them; -1 where it is none. */
function fieldAt(scanner: Scanner, key: ByteRange): number {
  for (const field of fieldsOfLength[key.end - key.start] ?? none)
    if (isText(scanner, key, fields[field]!)) return field
  return -1
}

function readStatus(scanner: Scanner, span: ReadSpan): void {
  const seen = newSeen(scanner)
  readObject(scanner, (key) => {
    if (isText(scanner, key, 'code') && seen.first(1)) span.status = statuses[wholeNumber(scanner)] ?? 'Unset'
    else if (isText(scanner, key, 'message') && seen.first(2)) span.statusMessage = textRange(scanner)
    else giveUp(scanner)
  })
}

// As the SDKs write them.
const fields = [
  'traceId',
  'spanId',
  'parentSpanId',
  'name',
  'kind',
  'startTimeUnixNano',
  'endTimeUnixNano',
  'attributes',
  'status',
  'events',
  'links',
  'traceState',
] as const

const fieldsOfLength: readonly (readonly number[])[] = Array.from({ length: 20 }, (_, length) =>
  [...fields.keys()].filter((field) => fields[field]!.length === length),
)

const none: readonly never[] = []

function readEvents(scanner: Scanner): SpanBytes['events'] {
  const events: SpanBytes['events'][number][] = []
  readList(scanner, () => {
    const event = { timeNs: 0n, name: nowhere, attributes: newAttributeBytes() }
    const seen = newSeen(scanner)
    readObject(scanner, (key) => {
      if (isText(scanner, key, 'timeUnixNano') && seen.first(1)) event.timeNs = nanoseconds(scanner)
      else if (isText(scanner, key, 'name') && seen.first(2)) event.name = textRange(scanner)
      else if (isText(scanner, key, 'attributes') && seen.first(4)) readAttributes(scanner, event.attributes)
      else passOver(scanner, key)
    })
    events.push(event)
  })
  return events
}

// Where the keys of a list of attributes start and end: of two that are the same an object has one.
const keys: number[] = []

/** Reads attributes, and gives the value of `service.name`. */
function readAttributes(scanner: Scanner, to: AttributeBytes): string {
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
    // Numbers are first among the keys of an object.
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
// Machines write these without space: what people wrote is left to the runtime's own parser.
const beforeKey = Buffer.from('{"key":"')
const beforeValue = Buffer.from(',"value":{')
const asText = Buffer.from('"stringValue":"')
const asInteger = Buffer.from('"intValue":')
const asTruth = Buffer.from('"boolValue":')
const afterValue = Buffer.from('}}')

function expect(scanner: Scanner, bytes: Uint8Array): void {
  if (!passExactly(scanner, bytes)) giveUp(scanner)
}

/** Adds a text up to its quote, which is passed, and gives where that is. */
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

/** An id in lower case, not all of it zeros. */
function idRange(scanner: Scanner, digits: number): ByteRange {
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

function parentRange(scanner: Scanner): ByteRange {
  if (scanner.bytes[scanner.at + 1] !== 0x22) return idRange(scanner, 16)
  textRange(scanner)
  return nowhere
}

/** Nanoseconds since 1970, which come as a text: a double does not have as many digits. */
function nanoseconds(scanner: Scanner): bigint {
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

/** A whole number, which may come as a text. */
function integerRange(scanner: Scanner): ByteRange {
  if (scanner.bytes[scanner.at] !== 0x22) return wholeRange(scanner)
  const range = textRange(scanner)
  if (isWhole(scanner.bytes, range.start, range.end)) return range
  giveUp(scanner)
  return nowhere
}

function wholeNumber(scanner: Scanner): number {
  const { start, end } = wholeRange(scanner)
  return numberIn(scanner.bytes, start, end)
}

function truth(scanner: Scanner): boolean {
  for (const value of [true, false]) {
    const word = { start: scanner.at, end: scanner.at + String(value).length }
    if (!isText(scanner, word, String(value))) continue
    scanner.at = word.end
    return value
  }
  giveUp(scanner)
  return false
}

const unread = ['flags', 'droppedAttributesCount', 'droppedEventsCount', 'droppedLinksCount']

/** Passes over what is not stored. */
function passOver(scanner: Scanner, key: ByteRange): void {
  if (isText(scanner, key, 'schemaUrl')) textRange(scanner)
  else if (unread.some((name) => isText(scanner, key, name))) wholeRange(scanner)
  else giveUp(scanner)
}

/** Tells which fields an object has had: of two of one name the second counts, which is left to the runtime's own parser. */
function newSeen(scanner: Scanner): {
  readonly first: (bit: number) => boolean
  readonly has: (bit: number) => boolean
} {
  let bits = 0
  return {
    first(bit) {
      if ((bits & bit) !== 0) giveUp(scanner)
      bits |= bit
      return true
    },
    has: (bit) => (bits & bit) !== 0,
  }
}
