import { getOrMake } from '../get-or-make.ts'
import { longestSeconds, tickSeconds } from '../tick.ts'
import { newRowBytes, type RowBytes, writeBytes } from './row-bytes.ts'

/** The spans of one tick in a batch: their number, and when the first of them started, in seconds since 1970. */
export interface Arrivals {
  spans: number
  since: number
}

/**
 * Spans on their way into the store: rows of `otel_traces` in RowBinary, columns in the table's order, and the number of spans
 * in each tick of each service. `addSpan` and `addSpanBytes` add one.
 *
 * A span belongs to the tick in which it ended, because that is when it is sent: however long a request hangs, it arrives while
 * its tick is open, and its error is not lost. Prometheus counters count requests this way too. Both cohorts are counted alike, so
 * ticks stay fair. Only while the canary's share changes do requests that last longer than a tick count more for the cohort that
 * had more traffic when they started.
 */
export interface SpanBatch {
  rows: RowBytes
  spans: number
  arrivals: Map<string, Map<number, Arrivals>>
  /** The resource of the last span added by `addSpan`, and the position of its bytes in the rows. */
  lastResource?: { readonly resource: object; readonly start: number; readonly end: number }
  /** Where the last span was counted: most are of its service and tick. */
  lastTick?: LastTick
}

/** The arrivals of a service and tick, and the nanoseconds since 1970 between which a span ends that is counted there. */
interface LastTick {
  readonly service: string
  readonly fromNs: bigint
  readonly toNs: bigint
  /** The start of the first span, cut to a second. */
  readonly sinceNs: bigint
  readonly arrivals: Arrivals
}

const secondNs = 1_000_000_000n
const tickNs = BigInt(tickSeconds) * secondNs
const longestNs = BigInt(longestSeconds) * secondNs

/**
 * Creates an empty batch. It reuses the memory of `rows` and discards their contents.
 *
 * @example newSpanBatch().spans // 0
 */
export function newSpanBatch(rows: RowBytes = newRowBytes()): SpanBatch {
  rows.length = 0
  return { rows, spans: 0, arrivals: new Map() }
}

/**
 * Adds the spans of another batch, which is left unchanged.
 *
 * @example addBatch(batch, other) // batch.spans: those of both
 */
export function addBatch(batch: SpanBatch, other: SpanBatch): void {
  writeBytes(batch.rows, other.rows.bytes, 0, other.rows.length)
  batch.spans += other.spans
  for (const [service, arrivals] of other.arrivals) {
    const ticks = getOrMake(batch.arrivals, service, () => new Map<number, Arrivals>())
    for (const [tick, { spans, since }] of arrivals) {
      const sum = getOrMake(ticks, tick, () => ({ spans: 0, since }))
      sum.spans += spans
      sum.since = Math.min(sum.since, since)
    }
  }
}

/** Counts a span whose row was written to `batch.rows`. */
export function countSpan(batch: SpanBatch, service: string, startNs: bigint, durationNs: bigint): void {
  const endNs = startNs + (durationNs < longestNs ? durationNs : longestNs)
  const { lastTick: last } = batch
  batch.spans++
  // Divisions of numbers as large as these take several times as long as comparing them.
  if (last?.service === service && endNs >= last.fromNs && endNs < last.toNs && startNs >= last.sinceNs) {
    last.arrivals.spans++
    return
  }
  const since = Number(startNs / secondNs)
  const tick = endNs / tickNs
  const ticks = getOrMake(batch.arrivals, service, () => new Map<number, Arrivals>())
  const arrivals = getOrMake(ticks, Number(tick) * tickSeconds, () => ({ spans: 0, since }))
  arrivals.spans++
  if (since < arrivals.since) arrivals.since = since
  batch.lastTick = {
    service,
    fromNs: tick * tickNs,
    toNs: (tick + 1n) * tickNs,
    sinceNs: BigInt(arrivals.since) * secondNs,
    arrivals,
  }
}
