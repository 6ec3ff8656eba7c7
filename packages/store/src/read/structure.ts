import { type SpanStatement, spanStatement } from '../cohort-texts.ts'
import { type Comparison, spanParams } from '../comparison.ts'
import { isEntrySpan, isInnerSpan, ofAudience, spansOfWindow, withTestsAsked } from '../conditions.ts'
import type { Engine } from '../engine/engine.ts'
import { getOrMake } from '../get-or-make.ts'
import { sql } from '../sql.ts'

import { type SomeTicks, spanOf } from './sample.ts'

/** How many traces of each cohort have a given span below the requests of a tick. */
export interface SpanTick {
  /** Milliseconds since 1970. */
  readonly tick: number
  /** server, client, internal, producer or consumer. */
  readonly kind: string
  readonly name: string
  /** All traces, and those with such a span. */
  readonly stable: Has
  readonly canary: Has
}

interface Has {
  readonly n: number
  readonly events: number
}

interface Row {
  readonly tick: number
  readonly cohort: 'stable' | 'canary'
  readonly kind: string
  readonly name: string
  readonly all: boolean
  readonly traces: number
}

// With this many names, some contain ids and would always look new.
const mostNames = 300

// With very many spans, a minute of them takes a second to read.
const everySeconds = { ofFew: 60, ofMany: 10 }

/**
 * Which spans of the service lie below the requests of some ticks of one comparison. Undefined if there are too many
 * distinct names to be those of operations.
 */
export async function spansOfTicks(
  engine: Engine,
  comparison: Comparison,
  some: SomeTicks,
): Promise<readonly SpanTick[] | undefined> {
  if (some.ticksMs.length === 0) return []
  const params = spanParams(comparison)
  const rows = await engine.read<Row>(spansBelow(params), {
    service: comparison.service,
    ...spanOf(some),
    onSeconds: some.oneIn > 1 ? everySeconds.ofMany : everySeconds.ofFew,
    // Room for every name in every tick and cohort, plus enough to notice that there are too many names.
    mostRows: (mostNames + 2) * some.ticksMs.length * 2,
    ...params,
  })
  const traces = new Map(rows.filter((row) => row.all).map((row) => [`${row.tick} ${row.cohort}`, row.traces]))
  const spans = new Map<string, Row[]>()
  for (const row of rows) if (!row.all) getOrMake(spans, `${row.tick} ${row.kind} ${row.name}`, () => []).push(row)
  const found = [...spans.values()].map((some): SpanTick => {
    const { tick, kind, name } = some[0]!
    const has = (cohort: Row['cohort']): Has => ({
      n: traces.get(`${tick} ${cohort}`) ?? 0,
      events: some.find((row) => row.cohort === cohort)?.traces ?? 0,
    })
    return { tick: tick * 1000, kind, name, stable: has('stable'), canary: has('canary') }
  })
  const names = new Set(found.map(({ kind, name }) => `${kind} ${name}`))
  return names.size > mostNames ? undefined : found
}

/**
 * The number of traces of each cohort that have a span of the service, by kind and name, below the requests of some ticks (all
 * traces, or a sample), and the number of traces (`all`). Spans are searched for some seconds after the tick.
 */
export const spansBelow: SpanStatement = spanStatement(
  ({ seenValues, traceCohort, answered }) => sql`
  WITH Requests AS (
    SELECT
      TraceId,
      min(toUnixTimestamp(Tick)) AS tick,
      groupUniqArray(${seenValues}) AS Seen,
      ${traceCohort} AS cohort
    FROM ${answered}
    WHERE Service = {service:String}
      AND ${withTestsAsked}
      AND ${ofAudience}
      AND ${spansOfWindow}
      AND toUnixTimestamp(Tick) IN {ticks:Array(UInt32)}
      AND sipHash64(TraceId) % {oneIn:UInt32} = 0
    GROUP BY TraceId
    HAVING cohort IN ('stable', 'canary')
  )
  SELECT tick, cohort, span.1 AS all, span.2 AS kind, span.3 AS name, count() AS traces
  FROM Requests
  LEFT JOIN (
    SELECT TraceId, groupUniqArray((false, lower(replaceOne(SpanKind, 'SPAN_KIND_', '')), SpanName)) AS Spans
    FROM coalmine_traces
    WHERE ServiceName = {service:String} AND TraceId IN (
        SELECT TraceId
        FROM coalmine_traces
        WHERE ServiceName = {service:String}
          AND ${spansOfWindow}
          AND toUnixTimestamp(Tick) IN {ticks:Array(UInt32)}
          AND sipHash64(TraceId) % {oneIn:UInt32} = 0
          AND (${isEntrySpan}))
      AND Timestamp >= toDateTime64({since:UInt32}, 9) AND Timestamp < toDateTime64({to:UInt32} + {onSeconds:UInt32}, 9)
      AND ${isInnerSpan}
    GROUP BY TraceId
  ) AS Below USING TraceId
  ARRAY JOIN arrayPushFront(Spans, (true, '', '')) AS span
  GROUP BY tick, cohort, all, kind, name
  ORDER BY all DESC, kind, name
  LIMIT {mostRows:UInt32}`,
)
