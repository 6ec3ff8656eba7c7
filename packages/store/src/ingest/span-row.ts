import {
  newRowBytes,
  type RowBytes,
  writeBytes,
  writeHex,
  writeText,
  writeTextBytes,
  writeTextToQuote,
  writeTwo,
  writeUint64,
  writeVarint,
} from './row-bytes.ts'
import { countSpan, type SpanBatch } from './span-batch.ts'

/** Attribute values are strings, as in the Collector's table. */
export type Attributes = Readonly<Record<string, string>>

/** The span kind, as spelled in the Collector's table. */
export type SpanKind = 'Unspecified' | 'Internal' | 'Server' | 'Client' | 'Producer' | 'Consumer'

/** The span status, as spelled in the Collector's table. */
export type SpanStatus = 'Unset' | 'Ok' | 'Error'

/** One span, as stored. Ids are lower-case hex; times are nanoseconds since 1970. */
export interface Span {
  readonly service: string
  readonly resource: Attributes
  readonly scopeName: string
  readonly scopeVersion: string
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId: string
  readonly traceState: string
  readonly name: string
  readonly kind: SpanKind
  readonly startNs: bigint
  readonly durationNs: bigint
  readonly attributes: Attributes
  readonly status: SpanStatus
  readonly statusMessage: string
  readonly events: readonly { readonly timeNs: bigint; readonly name: string; readonly attributes: Attributes }[]
  readonly links: readonly {
    readonly traceId: string
    readonly spanId: string
    readonly traceState: string
    readonly attributes: Attributes
  }[]
}

/** A range of bytes in a message: `[start, end)`; empty if the field is missing. */
export interface ByteRange {
  readonly start: number
  readonly end: number
}

/**
 * One span whose strings are UTF-8 ranges of the message it came in. They are copied into the row without becoming JavaScript
 * strings. Ids are ranges of raw bytes unless `hexIds` is set.
 */
export interface SpanBytes {
  readonly message: Uint8Array
  /** Whether ids are ranges of lower-case hex digits. */
  readonly hexIds?: boolean
  readonly origin: SpanOrigin
  readonly traceId: ByteRange
  readonly spanId: ByteRange
  readonly parentSpanId: ByteRange
  readonly traceState: ByteRange
  readonly name: ByteRange
  readonly kind: SpanKind
  readonly startNs: bigint
  readonly durationNs: bigint
  readonly attributes: AttributeBytes
  readonly status: SpanStatus
  readonly statusMessage: ByteRange
  readonly events: readonly {
    readonly timeNs: bigint
    readonly name: ByteRange
    readonly attributes: AttributeBytes
  }[]
  readonly links: readonly {
    readonly traceId: ByteRange
    readonly spanId: ByteRange
    readonly traceState: ByteRange
    readonly attributes: AttributeBytes
  }[]
}

/** Attributes written before their number is known. */
export interface AttributeBytes {
  count: number
  readonly rows: RowBytes
}

/** The columns that the spans of one scope share, four of them, ready to be copied. */
export interface SpanOrigin {
  readonly service: string
  readonly columns: RowBytes
}

/**
 * Creates an empty list of attributes.
 *
 * @example newAttributeBytes().count // 0
 */
export function newAttributeBytes(): AttributeBytes {
  return { count: 0, rows: newRowBytes(1024) }
}

/**
 * Adds an attribute whose key is a range of a message.
 *
 * @example addAttribute(attributes, Buffer.from('http.route'), { start: 0, end: 10 }, '/cart') // attributes.count: one more
 */
export function addAttribute(to: AttributeBytes, message: Uint8Array, key: ByteRange, value: string): void {
  to.count++
  writeTextBytes(to.rows, message, key.start, key.end)
  writeText(to.rows, value)
}

/**
 * Adds an attribute whose key and value are both in a message, each beginning with its length as a LEB128 number: the key from `start`,
 * the value from `valueStart` to `end`.
 *
 * @example addAttributeAsIs(attributes, Buffer.from('\x01k\x01v'), 0, 2, 2, 4) // k = v
 */
export function addAttributeAsIs(
  to: AttributeBytes,
  message: Uint8Array,
  start: number,
  keyEnd: number,
  valueStart: number,
  end: number,
): void {
  to.count++
  writeTwo(to.rows, message, start, keyEnd, valueStart, end)
}

/**
 * Adds the key or the value of an attribute, up to the next quote in the message. Returns the quote's position, or -1 if the
 * text has escapes or no end.
 *
 * @example addToQuote(attributes, Buffer.from('http.route"'), 0) // 10
 */
export function addToQuote(to: AttributeBytes, message: Uint8Array, start: number): number {
  return writeTextToQuote(to.rows, message, start)
}

/**
 * Adds the value of an attribute whose key was added separately.
 *
 * @example addValue(attributes, '200') // the value of the key before it
 */
export function addValue(to: AttributeBytes, value: string): void {
  writeText(to.rows, value)
}

/**
 * The origin of the spans of a scope: its service's name, the resource's attributes, and the scope's name and version.
 *
 * @example newSpanOrigin('shop', newAttributeBytes(), '@opentelemetry/instrumentation-http', '0.301.0').service // 'shop'
 */
export function newSpanOrigin(
  service: string,
  resource: AttributeBytes,
  scopeName: string,
  scopeVersion: string,
): SpanOrigin {
  const columns = newRowBytes(resource.rows.length + 256)
  writeText(columns, service)
  writeMap(columns, resource)
  writeText(columns, scopeName)
  writeText(columns, scopeVersion)
  return { service, columns }
}

/**
 * Adds one span to a batch, its columns in the order of `createTraces`.
 *
 * @example addSpan(batch, span) // batch.spans: one more
 */
export function addSpan(batch: SpanBatch, span: Span): void {
  const { rows } = batch
  writeUint64(rows, span.startNs)
  writeText(rows, span.traceId)
  writeText(rows, span.spanId)
  writeText(rows, span.parentSpanId)
  writeText(rows, span.traceState)
  writeText(rows, span.name)
  writeText(rows, span.kind)
  writeText(rows, span.service)
  writeResource(batch, span.resource)
  writeText(rows, span.scopeName)
  writeText(rows, span.scopeVersion)
  writeAttributes(rows, span.attributes)
  writeUint64(rows, span.durationNs)
  writeText(rows, span.status)
  writeText(rows, span.statusMessage)
  writeList(rows, span.events, (event) => writeUint64(rows, event.timeNs))
  writeList(rows, span.events, (event) => writeText(rows, event.name))
  writeList(rows, span.events, (event) => writeAttributes(rows, event.attributes))
  writeList(rows, span.links, (link) => writeText(rows, link.traceId))
  writeList(rows, span.links, (link) => writeText(rows, link.spanId))
  writeList(rows, span.links, (link) => writeText(rows, link.traceState))
  writeList(rows, span.links, (link) => writeAttributes(rows, link.attributes))
  countSpan(batch, span.service, span.startNs, span.durationNs)
}

/** Spans of one resource are consecutive: its strings are encoded once and copied from row to row. */
function writeResource(batch: SpanBatch, resource: Attributes): void {
  const { rows, lastResource: last } = batch
  const start = rows.length
  if (last?.resource === resource) writeBytes(rows, rows.bytes, last.start, last.end)
  else writeAttributes(rows, resource)
  batch.lastResource = { resource, start, end: rows.length }
}

/**
 * Adds one span whose strings are bytes, with the same columns.
 *
 * @example addSpanBytes(batch, span) // batch.spans: one more
 */
export function addSpanBytes(batch: SpanBatch, span: SpanBytes): void {
  const { rows } = batch
  const { message, origin, traceId, spanId, parentSpanId, traceState, name, statusMessage } = span
  const writeId = span.hexIds === true ? writeTextBytes : writeHex
  writeUint64(rows, span.startNs)
  writeId(rows, message, traceId.start, traceId.end)
  writeId(rows, message, spanId.start, spanId.end)
  writeId(rows, message, parentSpanId.start, parentSpanId.end)
  writeTextBytes(rows, message, traceState.start, traceState.end)
  writeTextBytes(rows, message, name.start, name.end)
  writeText(rows, span.kind)
  // The service, the resource, and the scope's name and version.
  writeBytes(rows, origin.columns.bytes, 0, origin.columns.length)
  writeMap(rows, span.attributes)
  writeUint64(rows, span.durationNs)
  writeText(rows, span.status)
  writeTextBytes(rows, message, statusMessage.start, statusMessage.end)
  writeEvents(rows, span)
  writeLinks(rows, span)
  countSpan(batch, origin.service, span.startNs, span.durationNs)
}

function writeEvents(rows: RowBytes, { message, events }: SpanBytes): void {
  // Most spans have none, and the functions below are made anew for each.
  if (events.length === 0) {
    writeEmptyLists(rows, 3)
    return
  }
  writeList(rows, events, (event) => writeUint64(rows, event.timeNs))
  writeList(rows, events, (event) => writeTextBytes(rows, message, event.name.start, event.name.end))
  writeList(rows, events, (event) => writeMap(rows, event.attributes))
}

function writeLinks(rows: RowBytes, { message, links, hexIds }: SpanBytes): void {
  if (links.length === 0) {
    writeEmptyLists(rows, 4)
    return
  }
  const writeId = hexIds === true ? writeTextBytes : writeHex
  writeList(rows, links, (link) => writeId(rows, message, link.traceId.start, link.traceId.end))
  writeList(rows, links, (link) => writeId(rows, message, link.spanId.start, link.spanId.end))
  writeList(rows, links, (link) => writeTextBytes(rows, message, link.traceState.start, link.traceState.end))
  writeList(rows, links, (link) => writeMap(rows, link.attributes))
}

function writeEmptyLists(rows: RowBytes, count: number): void {
  for (let at = 0; at < count; at++) writeVarint(rows, 0)
}

function writeAttributes(to: RowBytes, attributes: Attributes): void {
  const keys = Object.keys(attributes)
  writeVarint(to, keys.length)
  for (const key of keys) {
    writeText(to, key)
    writeText(to, attributes[key]!)
  }
}

function writeMap(to: RowBytes, { count, rows }: AttributeBytes): void {
  writeVarint(to, count)
  writeBytes(to, rows.bytes, 0, rows.length)
}

function writeList<T>(to: RowBytes, items: readonly T[], write: (item: T) => void): void {
  writeVarint(to, items.length)
  for (const item of items) write(item)
}
