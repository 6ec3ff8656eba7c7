import {
  countSpan,
  newRowBytes,
  type RowBytes,
  type SpanBatch,
  type SpanKind,
  type SpanStatus,
  writeBytes,
  writeHex,
  writeText,
  writeTextBytes,
  writeUint64,
  writeVarint,
} from '@coalmine/store'
import { ServerError } from '../errors.ts'
import { readText } from './any-value.ts'
import {
  checkId,
  isZero,
  keyValueOf,
  nowhere,
  type Place,
  tagOf,
  takePlace,
  textAt,
  within,
} from './protobuf-fields.ts'
import {
  type Reader,
  readFixed64,
  readMessage,
  readVarint,
  skip,
  wireBytes,
  wireFixed64,
  wireVarint,
} from './protobuf-reader.ts'
import { noRefusals, type Refusals, refusalOfStart, refuse, type TimeWindow, unknownService } from './refusals.ts'

/**
 * Reads an OTLP `ExportTraceServiceRequest` and adds its spans to a batch. Texts go from the message to the rows as
 * bytes, without becoming strings on the way: protobuf and RowBinary write them alike. Field numbers are those of
 * opentelemetry-proto, trace/v1/trace.proto and common/v1/common.proto.
 *
 * Throws a ServerError of kind `malformed` that names the field; the batch is then of no use.
 */
export function decodeProtobuf(batch: SpanBatch, bytes: Buffer, window: TimeWindow): Refusals {
  const reader: Reader = { bytes, at: 0, end: bytes.length }
  const decoding: Decoding = {
    reader,
    batch,
    window,
    refusals: noRefusals(),
    attributes: newRowBytes(4096),
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
    throw new ServerError(error.kind, `${pathOf(decoding)}: ${error.message}`, { cause: error })
  }
  return decoding.refusals
}

interface Decoding {
  readonly reader: Reader
  readonly batch: SpanBatch
  readonly window: TimeWindow
  readonly refusals: Refusals
  /** Of the span that is being read: its attributes, which come before it is known how many they are. */
  readonly attributes: RowBytes
  /** Where in the request the reader is; -1 is outside. */
  resource: number
  scope: number
  span: number
}

/** What the spans of a scope share, as row bytes ready to be copied. */
interface Origin {
  service: string
  serviceText: RowBytes
  resource: RowBytes
  scope: RowBytes
}

const kinds: readonly SpanKind[] = ['Unspecified', 'Internal', 'Server', 'Client', 'Producer', 'Consumer']
const statuses: readonly SpanStatus[] = ['Unset', 'Ok', 'Error']
const traceIdBytes = 16
const spanIdBytes = 8

function readResourceSpans(decoding: Decoding): void {
  const { reader } = decoding
  decoding.resource++
  decoding.scope = -1
  let resource = nowhere
  const scopes: Place[] = []
  readMessage(reader, (tag) => {
    if (tag === tagOf(1, wireBytes)) resource = takePlace(reader)
    else if (tag === tagOf(2, wireBytes)) scopes.push(takePlace(reader))
    else skip(reader, tag)
  })
  const origin = originOf(reader, resource)
  for (const scope of scopes) readScopeSpans(decoding, scope, origin)
}

function originOf(reader: Reader, resource: Place): Origin {
  const attributes: Place[] = []
  within(reader, resource, () => {
    while (reader.at < reader.end) {
      const tag = readVarint(reader)
      if (tag === tagOf(1, wireBytes)) attributes.push(takePlace(reader))
      else skip(reader, tag)
    }
  })
  const service = serviceOf(reader, attributes)
  const origin = { service, serviceText: newRowBytes(64), resource: newRowBytes(1024), scope: newRowBytes(128) }
  writeText(origin.serviceText, service)
  writeAttributes(origin.resource, reader, attributes)
  return origin
}

function serviceOf(reader: Reader, attributes: readonly Place[]): string {
  for (const place of attributes) {
    const { key, value } = keyValueOf(reader, place)
    if (reader.bytes.toString('utf8', key.start, key.end) !== 'service.name') continue
    const name = textAt(reader, value)
    if (name !== '') return name
  }
  return unknownService
}

function readScopeSpans(decoding: Decoding, place: Place, origin: Origin): void {
  const { reader } = decoding
  decoding.scope++
  decoding.span = -1
  const spans: Place[] = []
  let name = ''
  let version = ''
  within(reader, place, () => {
    while (reader.at < reader.end) {
      const tag = readVarint(reader)
      if (tag === tagOf(2, wireBytes)) spans.push(takePlace(reader))
      else if (tag !== tagOf(1, wireBytes)) skip(reader, tag)
      else
        readMessage(reader, (inner) => {
          if (inner === tagOf(1, wireBytes)) name = readText(reader)
          else if (inner === tagOf(2, wireBytes)) version = readText(reader)
          else skip(reader, inner)
        })
    }
  })
  origin.scope.length = 0
  writeText(origin.scope, name)
  writeText(origin.scope, version)
  for (const span of spans) {
    decoding.span++
    within(reader, span, () => readSpan(decoding, origin))
  }
}

function readSpan(decoding: Decoding, origin: Origin): void {
  const { reader, batch, refusals, window, attributes } = decoding
  const { bytes } = reader
  attributes.length = 0
  let attributeCount = 0
  let traceId = nowhere
  let spanId = nowhere
  let parentSpanId = nowhere
  let traceState = nowhere
  let name = nowhere
  let message = nowhere
  let kind = 0
  let status = 0
  let startNs = 0n
  let endNs = 0n
  const events: Place[] = []
  const links: Place[] = []
  while (reader.at < reader.end) {
    const tag = readVarint(reader)
    switch (tag) {
      case tagOf(1, wireBytes):
        traceId = takePlace(reader)
        break
      case tagOf(2, wireBytes):
        spanId = takePlace(reader)
        break
      case tagOf(3, wireBytes):
        traceState = takePlace(reader)
        break
      case tagOf(4, wireBytes):
        parentSpanId = takePlace(reader)
        break
      case tagOf(5, wireBytes):
        name = takePlace(reader)
        break
      case tagOf(6, wireVarint):
        kind = readVarint(reader)
        break
      case tagOf(7, wireFixed64):
        startNs = bytes.readBigUInt64LE(readFixed64(reader))
        break
      case tagOf(8, wireFixed64):
        endNs = bytes.readBigUInt64LE(readFixed64(reader))
        break
      case tagOf(9, wireBytes):
        writeAttribute(attributes, reader, takePlace(reader))
        attributeCount++
        break
      case tagOf(11, wireBytes):
        events.push(takePlace(reader))
        break
      case tagOf(13, wireBytes):
        links.push(takePlace(reader))
        break
      case tagOf(15, wireBytes):
        readMessage(reader, (inner) => {
          if (inner === tagOf(2, wireBytes)) message = takePlace(reader)
          else if (inner === tagOf(3, wireVarint)) status = readVarint(reader)
          else skip(reader, inner)
        })
        break
      default:
        skip(reader, tag)
    }
  }
  checkId(traceId, 'traceId', traceIdBytes)
  checkId(spanId, 'spanId', spanIdBytes)
  if (parentSpanId.end > parentSpanId.start) checkId(parentSpanId, 'parentSpanId', spanIdBytes)
  const why = isZero(reader, traceId)
    ? 'its trace id is all zeros'
    : isZero(reader, spanId)
      ? 'its span id is all zeros'
      : refusalOfStart(startNs, window)
  if (why !== undefined) {
    refuse(refusals, pathOf(decoding), why)
    return
  }

  const { rows } = batch
  writeUint64(rows, startNs)
  writeHex(rows, bytes, traceId.start, traceId.end)
  writeHex(rows, bytes, spanId.start, spanId.end)
  const parent = isZero(reader, parentSpanId) ? nowhere : parentSpanId
  writeHex(rows, bytes, parent.start, parent.end)
  writeTextBytes(rows, bytes, traceState.start, traceState.end)
  writeTextBytes(rows, bytes, name.start, name.end)
  writeText(rows, kinds[kind] ?? 'Unspecified')
  writeBytes(rows, origin.serviceText.bytes, 0, origin.serviceText.length)
  writeBytes(rows, origin.resource.bytes, 0, origin.resource.length)
  writeBytes(rows, origin.scope.bytes, 0, origin.scope.length)
  writeVarint(rows, attributeCount)
  writeBytes(rows, attributes.bytes, 0, attributes.length)
  writeUint64(rows, endNs > startNs ? endNs - startNs : 0n)
  writeText(rows, statuses[status] ?? 'Unset')
  writeTextBytes(rows, bytes, message.start, message.end)
  writeEvents(rows, reader, events)
  writeLinks(rows, reader, links)
  countSpan(batch, origin.service, startNs)
}

function writeEvents(rows: RowBytes, reader: Reader, places: readonly Place[]): void {
  const events = places.map((place) => {
    const event = { time: 0n, name: nowhere, attributes: [] as Place[] }
    within(reader, place, () => {
      while (reader.at < reader.end) {
        const tag = readVarint(reader)
        if (tag === tagOf(1, wireFixed64)) event.time = reader.bytes.readBigUInt64LE(readFixed64(reader))
        else if (tag === tagOf(2, wireBytes)) event.name = takePlace(reader)
        else if (tag === tagOf(3, wireBytes)) event.attributes.push(takePlace(reader))
        else skip(reader, tag)
      }
    })
    return event
  })
  writeEach(rows, events, ({ time }) => writeUint64(rows, time))
  writeEach(rows, events, ({ name }) => writeTextBytes(rows, reader.bytes, name.start, name.end))
  writeEach(rows, events, ({ attributes }) => writeAttributes(rows, reader, attributes))
}

function writeLinks(rows: RowBytes, reader: Reader, places: readonly Place[]): void {
  const links = places.map((place) => {
    const link = { traceId: nowhere, spanId: nowhere, traceState: nowhere, attributes: [] as Place[] }
    within(reader, place, () => {
      while (reader.at < reader.end) {
        const tag = readVarint(reader)
        if (tag === tagOf(1, wireBytes)) link.traceId = takePlace(reader)
        else if (tag === tagOf(2, wireBytes)) link.spanId = takePlace(reader)
        else if (tag === tagOf(3, wireBytes)) link.traceState = takePlace(reader)
        else if (tag === tagOf(4, wireBytes)) link.attributes.push(takePlace(reader))
        else skip(reader, tag)
      }
    })
    return link
  })
  writeEach(rows, links, ({ traceId }) => writeHex(rows, reader.bytes, traceId.start, traceId.end))
  writeEach(rows, links, ({ spanId }) => writeHex(rows, reader.bytes, spanId.start, spanId.end))
  writeEach(rows, links, ({ traceState }) => writeTextBytes(rows, reader.bytes, traceState.start, traceState.end))
  writeEach(rows, links, ({ attributes }) => writeAttributes(rows, reader, attributes))
}

function writeEach<T>(rows: RowBytes, items: readonly T[], write: (item: T) => void): void {
  writeVarint(rows, items.length)
  for (const item of items) write(item)
}

function writeAttributes(rows: RowBytes, reader: Reader, places: readonly Place[]): void {
  writeVarint(rows, places.length)
  for (const place of places) writeAttribute(rows, reader, place)
}

function writeAttribute(rows: RowBytes, reader: Reader, place: Place): void {
  if (writePlainAttribute(rows, reader.bytes, place)) return
  const { key, value } = keyValueOf(reader, place)
  writeTextBytes(rows, reader.bytes, key.start, key.end)
  writeText(rows, textAt(reader, value))
}

// Nearly all attributes are a key and then a text, all of them shorter than 128 bytes: lengths are one byte each.
function writePlainAttribute(rows: RowBytes, bytes: Buffer, { start, end }: Place): boolean {
  const keyEnd = start + 2 + bytes[start + 1]!
  if (bytes[start] !== tagOf(1, wireBytes) || keyEnd + 4 > end) return false
  if (bytes[keyEnd] !== tagOf(2, wireBytes) || bytes[keyEnd + 1] !== end - keyEnd - 2) return false
  if (bytes[keyEnd + 2] !== tagOf(1, wireBytes) || bytes[keyEnd + 3] !== end - keyEnd - 4) return false
  if (keyEnd - start > 128 || end - keyEnd > 128) return false
  writeBytes(rows, bytes, start + 1, keyEnd)
  writeBytes(rows, bytes, keyEnd + 3, end)
  return true
}

function pathOf({ resource, scope, span }: Decoding): string {
  if (resource < 0) return 'the request'
  if (scope < 0) return `resourceSpans[${resource}]`
  if (span < 0) return `resourceSpans[${resource}].scopeSpans[${scope}]`
  return `resourceSpans[${resource}].scopeSpans[${scope}].spans[${span}]`
}
