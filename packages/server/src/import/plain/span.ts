import {
  type AttributeBytes,
  addSpanBytes,
  type ByteRange,
  newAttributeBytes,
  type SpanBatch,
  type SpanBytes,
  type SpanKind,
  type SpanOrigin,
  type SpanStatus,
} from '@coalmine/store'
import { mostRowBytes } from '../../otlp/bounds.ts'
import { refusalOfStart, type TimeWindow } from '../../otlp/refusals.ts'
import { readAttributes } from './attributes.ts'
import { newSeen, passOver } from './fields.ts'
import {
  giveUp,
  isText,
  nowhere,
  pass,
  passText,
  readList,
  readObject,
  type Scanner,
  skipSpace,
  textRange,
} from './scanner.ts'
import { idRange, nanoseconds, parentRange, wholeNumber } from './values.ts'

/** What reading a span needs, and where spans are added. */
export interface SpanReading {
  readonly scanner: Scanner
  readonly batch: SpanBatch
  readonly window: TimeWindow
  /** The attributes of the current span. */
  readonly attributes: AttributeBytes
}

const kinds: readonly SpanKind[] = ['Unspecified', 'Internal', 'Server', 'Client', 'Producer', 'Consumer']
const statuses: readonly SpanStatus[] = ['Unset', 'Ok', 'Error']

/** Reads the next span and adds it. */
export function readSpan({ scanner, batch, window, attributes }: SpanReading, origin: SpanOrigin): void {
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

/** The fields read from a span, and which of them were present. */
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

/** The index of the span field that a key names; -1 if it names none. */
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

// In the order in which SDKs write them.
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
