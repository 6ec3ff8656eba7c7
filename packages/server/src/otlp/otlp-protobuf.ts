import {
  type AttributeBytes,
  addAttribute,
  addAttributeAsIs,
  addSpanBytes,
  type ByteRange,
  newAttributeBytes,
  newSpanOrigin,
  type SpanBatch,
  type SpanBytes,
  type SpanKind,
  type SpanOrigin,
  type SpanStatus,
} from '@coalmine/store'
import { ServerError } from '../errors.ts'
import { readText } from './any-value.ts'
import { boundRows, mostRowBytes } from './bounds.ts'
import { checkId, isZero, keyValueOf, nowhere, tagOf, takeRange, textAt, within } from './protobuf-fields.ts'
import {
  newReader,
  type Reader,
  readMessage,
  readUint64,
  readVarint,
  skip,
  wireBytes,
  wireFixed64,
  wireVarint,
} from './protobuf-reader.ts'
import { noRefusals, type Refusals, refusalOfStart, refuse, type TimeWindow, unknownService } from './refusals.ts'

/**
 * Reads an OTLP `ExportTraceServiceRequest` and adds its spans to a batch. Strings are copied from the message to the rows
 * as bytes, because protobuf and RowBinary write them alike. Field numbers are those of
 * opentelemetry-proto, trace/v1/trace.proto and common/v1/common.proto.
 *
 * Throws a ServerError of kind `malformed` that names the field, and one with status 413 if its rows take more than `most` bytes;
 * the batch must then be discarded.
 */
export function decodeProtobuf(
  batch: SpanBatch,
  bytes: Buffer,
  window: TimeWindow,
  most: number = mostRowBytes,
): Refusals {
  const reader = newReader(bytes)
  const decoding: Decoding = {
    reader,
    batch,
    window,
    refusals: noRefusals(),
    attributes: newAttributeBytes(),
    before: batch.rows.length,
    most,
    resource: -1,
    scope: -1,
    span: -1,
  }
  try {
    while (reader.at < reader.end) {
      const tag = readVarint(reader)
      if (tag === tagOf(1, wireBytes)) readResourceSpans(decoding)
      else skip(reader, tag)
    }
  } catch (error) {
    if (!(error instanceof ServerError)) throw error
    throw new ServerError(error.kind, `${pathOf(decoding)}: ${error.message}`, {
      cause: error,
      status: error.status,
      ...(error.limit && { limit: error.limit }),
    })
  }
  return decoding.refusals
}

interface Decoding {
  readonly reader: Reader
  readonly batch: SpanBatch
  readonly window: TimeWindow
  readonly refusals: Refusals
  /** The attributes of the current span; the memory is reused for the next. */
  readonly attributes: AttributeBytes
  /** The size of the batch before the request. */
  readonly before: number
  /** The limit of bytes of rows for the request. */
  readonly most: number
  /** The reader's indices in the request; -1 is outside. */
  resource: number
  scope: number
  span: number
}

const kinds: readonly SpanKind[] = ['Unspecified', 'Internal', 'Server', 'Client', 'Producer', 'Consumer']
const statuses: readonly SpanStatus[] = ['Unset', 'Ok', 'Error']
const traceIdBytes = 16
const partsOfOrigin = 10
const spanIdBytes = 8

function readResourceSpans(decoding: Decoding): void {
  const { reader } = decoding
  // Creating one of these takes longer than creating a message below it.
  reader.parts += partsOfOrigin
  decoding.resource++
  decoding.scope = -1
  let resource = nowhere
  const scopes: ByteRange[] = []
  readMessage(reader, (tag) => {
    if (tag === tagOf(1, wireBytes)) resource = takeRange(reader)
    else if (tag === tagOf(2, wireBytes)) scopes.push(takeRange(reader))
    else skip(reader, tag)
  })
  const ranges: ByteRange[] = []
  within(reader, resource, () => {
    while (reader.at < reader.end) {
      const tag = readVarint(reader)
      if (tag === tagOf(1, wireBytes)) ranges.push(takeRange(reader))
      else skip(reader, tag)
    }
  })
  const service = serviceOf(reader, ranges)
  const attributes = attributesOf(reader, ranges)
  for (const scope of scopes) readScopeSpans(decoding, scope, service, attributes)
}

function serviceOf(reader: Reader, attributes: readonly ByteRange[]): string {
  for (const range of attributes) {
    const { key, value } = keyValueOf(reader, range)
    if (reader.bytes.toString('utf8', key.start, key.end) !== 'service.name') continue
    const name = textAt(reader, value)
    if (name !== '') return name
  }
  return unknownService
}

function readScopeSpans(decoding: Decoding, range: ByteRange, service: string, resource: AttributeBytes): void {
  const { reader } = decoding
  decoding.scope++
  decoding.span = -1
  const spans: ByteRange[] = []
  let name = ''
  let version = ''
  within(reader, range, () => {
    while (reader.at < reader.end) {
      const tag = readVarint(reader)
      if (tag === tagOf(2, wireBytes)) spans.push(takeRange(reader))
      else if (tag !== tagOf(1, wireBytes)) skip(reader, tag)
      else
        readMessage(reader, (inner) => {
          if (inner === tagOf(1, wireBytes)) name = readText(reader)
          else if (inner === tagOf(2, wireBytes)) version = readText(reader)
          else skip(reader, inner)
        })
    }
  })
  const origin = newSpanOrigin(service, resource, name, version)
  for (const span of spans) {
    decoding.span++
    within(reader, span, () => addRead(decoding, origin, readSpan(decoding)))
  }
}

/** The fields of a span as in the message, unchecked. */
interface SpanFields {
  traceId: ByteRange
  spanId: ByteRange
  parentSpanId: ByteRange
  traceState: ByteRange
  name: ByteRange
  message: ByteRange
  kind: number
  status: number
  startNs: bigint
  endNs: bigint
  events: ByteRange[]
  links: ByteRange[]
}

// Shared by all spans that have none, so nothing is ever added to it.
const none: never[] = []

function withOne(ranges: ByteRange[], range: ByteRange): ByteRange[] {
  if (ranges === none) return [range]
  ranges.push(range)
  return ranges
}

/** Reads a span, up to the end of the reader, and writes its attributes meanwhile. */
function readSpan({ reader, attributes }: Decoding): SpanFields {
  attributes.count = 0
  attributes.rows.length = 0
  const span: SpanFields = {
    traceId: nowhere,
    spanId: nowhere,
    parentSpanId: nowhere,
    traceState: nowhere,
    name: nowhere,
    message: nowhere,
    kind: 0,
    status: 0,
    startNs: 0n,
    endNs: 0n,
    events: none,
    links: none,
  }
  while (reader.at < reader.end) {
    const tag = readVarint(reader)
    switch (tag) {
      case tagOf(1, wireBytes):
        span.traceId = takeRange(reader)
        break
      case tagOf(2, wireBytes):
        span.spanId = takeRange(reader)
        break
      case tagOf(3, wireBytes):
        span.traceState = takeRange(reader)
        break
      case tagOf(4, wireBytes):
        span.parentSpanId = takeRange(reader)
        break
      case tagOf(5, wireBytes):
        span.name = takeRange(reader)
        break
      case tagOf(6, wireVarint):
        span.kind = readVarint(reader)
        break
      case tagOf(7, wireFixed64):
        span.startNs = readUint64(reader)
        break
      case tagOf(8, wireFixed64):
        span.endNs = readUint64(reader)
        break
      case tagOf(9, wireBytes):
        writeAttribute(attributes, reader, takeRange(reader))
        break
      case tagOf(11, wireBytes):
        span.events = withOne(span.events, takeRange(reader))
        break
      case tagOf(13, wireBytes):
        span.links = withOne(span.links, takeRange(reader))
        break
      case tagOf(15, wireBytes):
        readStatus(reader, span)
        break
      default:
        skip(reader, tag)
    }
  }
  return span
}

function readStatus(reader: Reader, span: SpanFields): void {
  readMessage(reader, (tag) => {
    if (tag === tagOf(2, wireBytes)) span.message = takeRange(reader)
    else if (tag === tagOf(3, wireVarint)) span.status = readVarint(reader)
    else skip(reader, tag)
  })
}

/** Adds a span that was read to the batch, unless it is refused. */
function addRead(decoding: Decoding, origin: SpanOrigin, span: SpanFields): void {
  const { reader, batch, refusals, window, attributes } = decoding
  const { traceId, spanId, parentSpanId, startNs, endNs } = span
  const why = refusalOfIds(reader, span) ?? refusalOfStart(startNs, window)
  if (why !== undefined) {
    refuse(refusals, pathOf(decoding), why)
    return
  }
  addSpanBytes(batch, {
    message: reader.bytes,
    origin,
    traceId,
    spanId,
    parentSpanId: isZero(reader, parentSpanId) ? nowhere : parentSpanId,
    traceState: span.traceState,
    name: span.name,
    kind: kinds[span.kind] ?? 'Unspecified',
    startNs,
    durationNs: endNs > startNs ? endNs - startNs : 0n,
    attributes,
    status: statuses[span.status] ?? 'Unset',
    statusMessage: span.message,
    events: span.events.length === 0 ? none : span.events.map((range) => eventAt(reader, range)),
    links: span.links.length === 0 ? none : span.links.map((range) => linkAt(reader, range)),
  })
  boundRows(batch, decoding.before, decoding.most)
}

/**
 * Why a span is refused for its ids: those beside it, which may be another's, are not.
 *
 * Throws a ServerError of kind `malformed` for an id of another length.
 */
function refusalOfIds(reader: Reader, { traceId, spanId, parentSpanId }: SpanFields): string | undefined {
  if (!isEmpty(traceId)) checkId(traceId, 'traceId', traceIdBytes)
  if (!isEmpty(spanId)) checkId(spanId, 'spanId', spanIdBytes)
  if (!isEmpty(parentSpanId)) checkId(parentSpanId, 'parentSpanId', spanIdBytes)
  if (isZero(reader, traceId)) return isEmpty(traceId) ? 'it has no trace id' : 'its trace id is all zeros'
  if (isZero(reader, spanId)) return isEmpty(spanId) ? 'it has no span id' : 'its span id is all zeros'
  return undefined
}

const isEmpty = ({ start, end }: ByteRange): boolean => end === start

function eventAt(reader: Reader, range: ByteRange): SpanBytes['events'][number] {
  const event = { timeNs: 0n, name: nowhere, attributes: newAttributeBytes() }
  within(reader, range, () => {
    while (reader.at < reader.end) {
      const tag = readVarint(reader)
      if (tag === tagOf(1, wireFixed64)) event.timeNs = readUint64(reader)
      else if (tag === tagOf(2, wireBytes)) event.name = takeRange(reader)
      else if (tag === tagOf(3, wireBytes)) writeAttribute(event.attributes, reader, takeRange(reader))
      else skip(reader, tag)
    }
  })
  return event
}

function linkAt(reader: Reader, range: ByteRange): SpanBytes['links'][number] {
  const link = { traceId: nowhere, spanId: nowhere, traceState: nowhere, attributes: newAttributeBytes() }
  within(reader, range, () => {
    while (reader.at < reader.end) {
      const tag = readVarint(reader)
      if (tag === tagOf(1, wireBytes)) link.traceId = takeRange(reader)
      else if (tag === tagOf(2, wireBytes)) link.spanId = takeRange(reader)
      else if (tag === tagOf(3, wireBytes)) link.traceState = takeRange(reader)
      else if (tag === tagOf(4, wireBytes)) writeAttribute(link.attributes, reader, takeRange(reader))
      else skip(reader, tag)
    }
  })
  return link
}

function attributesOf(reader: Reader, ranges: readonly ByteRange[]): AttributeBytes {
  const attributes = newAttributeBytes()
  for (const range of ranges) writeAttribute(attributes, reader, range)
  return attributes
}

function writeAttribute(to: AttributeBytes, reader: Reader, range: ByteRange): void {
  if (writePlainAttribute(to, reader.bytes, range)) return
  const { key, value } = keyValueOf(reader, range)
  addAttribute(to, reader.bytes, key, textAt(reader, value))
}

// Nearly all attributes are a key and a string, each shorter than 128 bytes, so that lengths are one byte.
function writePlainAttribute(to: AttributeBytes, bytes: Buffer, { start, end }: ByteRange): boolean {
  const keyEnd = start + 2 + bytes[start + 1]!
  if (bytes[start] !== tagOf(1, wireBytes) || keyEnd + 4 > end) return false
  if (bytes[keyEnd] !== tagOf(2, wireBytes) || bytes[keyEnd + 1] !== end - keyEnd - 2) return false
  if (bytes[keyEnd + 2] !== tagOf(1, wireBytes) || bytes[keyEnd + 3] !== end - keyEnd - 4) return false
  if (keyEnd - start > 128 || end - keyEnd > 128) return false
  addAttributeAsIs(to, bytes, start + 1, keyEnd, keyEnd + 3, end)
  return true
}

function pathOf({ resource, scope, span }: Decoding): string {
  if (resource < 0) return 'the request'
  if (scope < 0) return `resourceSpans[${resource}]`
  if (span < 0) return `resourceSpans[${resource}].scopeSpans[${scope}]`
  return `resourceSpans[${resource}].scopeSpans[${scope}].spans[${span}]`
}
