import { getOrMake } from '../get-or-make.ts'
import { tickSeconds } from '../tick.ts'
import { newRowBytes, type RowBytes, writeBytes, writeText, writeUint64, writeVarint } from './row-bytes.ts'

/** Attribute values are texts, as in the Collector's table. */
export type Attributes = Readonly<Record<string, string>>

export type SpanKind = 'Unspecified' | 'Internal' | 'Server' | 'Client' | 'Producer' | 'Consumer'
export type SpanStatus = 'Unset' | 'Ok' | 'Error'

/** One span, as it is stored. Ids are lower-case hex; times are nanoseconds since 1970. */
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

/**
 * Spans on their way into the store: rows of `otel_traces` in RowBinary, columns in the table's order, and how many
 * spans each (service, tick) has among them. A decoder may write `rows` itself, and then calls `countSpan`.
 */
export interface SpanBatch {
  rows: RowBytes
  spans: number
  arrivals: Map<string, Map<number, number>>
}

const tickNs = BigInt(tickSeconds) * 1_000_000_000n

/** An empty batch. It takes over the memory of `rows`, whatever they hold. */
export function newSpanBatch(rows: RowBytes = newRowBytes()): SpanBatch {
  rows.length = 0
  return { rows, spans: 0, arrivals: new Map() }
}

/** Adds one span to a batch. */
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
  writeAttributes(rows, span.resource)
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
  countSpan(batch, span.service, span.startNs)
}

/** Adds the spans of another batch. */
export function addBatch(batch: SpanBatch, other: SpanBatch): void {
  writeBytes(batch.rows, other.rows.bytes, 0, other.rows.length)
  batch.spans += other.spans
  for (const [service, arrivals] of other.arrivals) {
    const ticks = getOrMake(batch.arrivals, service, () => new Map<number, number>())
    for (const [tick, spans] of arrivals) ticks.set(tick, (ticks.get(tick) ?? 0) + spans)
  }
}

/** Counts a span whose row was written to `batch.rows`. */
export function countSpan(batch: SpanBatch, service: string, startNs: bigint): void {
  const tick = Number(startNs / tickNs) * tickSeconds
  const ticks = getOrMake(batch.arrivals, service, () => new Map<number, number>())
  ticks.set(tick, (ticks.get(tick) ?? 0) + 1)
  batch.spans++
}

/** Writes a map of attributes, as the columns `ResourceAttributes` and `SpanAttributes` have it. */
function writeAttributes(to: RowBytes, attributes: Attributes): void {
  const keys = Object.keys(attributes)
  writeVarint(to, keys.length)
  for (const key of keys) {
    writeText(to, key)
    writeText(to, attributes[key]!)
  }
}

function writeList<T>(to: RowBytes, items: readonly T[], write: (item: T) => void): void {
  writeVarint(to, items.length)
  for (const item of items) write(item)
}
