import type { Engine } from '../engine/engine.ts'

/** One span of a trace, as a waterfall shows it. */
export interface TraceSpan {
  readonly traceId: string
  readonly spanId: string
  /** Empty if it has no parent. */
  readonly parentSpanId: string
  readonly service: string
  readonly name: string
  /** server, client, internal, producer or consumer. */
  readonly kind: string
  /** Milliseconds since 1970, to the microsecond. */
  readonly startMs: number
  readonly ms: number
  readonly failed: boolean
}

/** A trace to read in full, with its time so that it can be found. */
export interface TraceAsked {
  readonly traceId: string
  readonly startMs: number
  readonly seconds: number
}

// Nobody reads a waterfall of more.
const mostSpans = 100
const aroundSeconds = 60

/** The spans of some traces, from all services, in the order of their start; at most a hundred per trace. */
export async function spansOfTraces(engine: Engine, traces: readonly TraceAsked[]): Promise<readonly TraceSpan[]> {
  if (traces.length === 0) return []
  const starts = traces.map(({ startMs }) => startMs / 1000)
  const ends = traces.map(({ startMs, seconds }) => startMs / 1000 + seconds)
  const rows = await engine.read<Omit<TraceSpan, 'failed'> & { readonly failed: number }>(tracesWhole, {
    traces: traces.map(({ traceId }) => traceId),
    since: Math.max(0, Math.floor(Math.min(...starts)) - aroundSeconds),
    to: Math.ceil(Math.max(...ends)) + aroundSeconds,
    mostSpans,
  })
  return rows.map((row) => ({ ...row, failed: row.failed !== 0 }))
}

/** The spans of some traces, from all services involved. */
export const tracesWhole = `
  SELECT
    TraceId AS traceId,
    SpanId AS spanId,
    if(ParentSpanId = '0000000000000000', '', ParentSpanId) AS parentSpanId,
    ServiceName AS service,
    substringUTF8(SpanName, 1, 200) AS name,
    lower(replaceOne(SpanKind, 'SPAN_KIND_', '')) AS kind,
    toUnixTimestamp64Micro(CAST(Timestamp AS DateTime64(6))) / 1000 AS startMs,
    Duration / 1000000 AS ms,
    StatusCode IN ('Error', 'STATUS_CODE_ERROR') AS failed
  FROM coalmine_traces
  WHERE TraceId IN {traces:Array(String)}
    AND Timestamp >= toDateTime64({since:UInt32}, 9) AND Timestamp < toDateTime64({to:UInt32}, 9)
  ORDER BY TraceId, Timestamp, Duration DESC
  LIMIT {mostSpans:UInt32} BY TraceId
  SETTINGS max_execution_time = 10, max_memory_usage = 1000000000`
