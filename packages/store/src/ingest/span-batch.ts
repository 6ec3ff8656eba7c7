import { getOrMake } from '../get-or-make.ts'
import { tickSeconds } from '../tick.ts'
import { newRowBytes, type RowBytes, writeBytes } from './row-bytes.ts'

/**
 * Spans on their way into the store: rows of `otel_traces` in RowBinary, columns in the table's order, and how many
 * spans each (service, tick) has among them. `addSpan` and `addSpanBytes` add one.
 */
export interface SpanBatch {
  rows: RowBytes
  spans: number
  arrivals: Map<string, Map<number, number>>
  /** The resource of the last span that came as texts, and where its bytes are in the rows. */
  lastResource?: { readonly resource: object; readonly start: number; readonly end: number }
}

const tickNs = BigInt(tickSeconds) * 1_000_000_000n

/** An empty batch. It takes over the memory of `rows`, whatever they hold. */
export function newSpanBatch(rows: RowBytes = newRowBytes()): SpanBatch {
  rows.length = 0
  return { rows, spans: 0, arrivals: new Map() }
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
