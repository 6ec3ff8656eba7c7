import { type SpanStatement, spanStatement } from '../cohort-texts.ts'
import { type Comparison, spanParams } from '../comparison.ts'
import {
  closedOnly,
  isEntrySpan,
  ofAudience,
  requestOperation,
  spansOfWindow,
  unitCohort,
  unitOperation,
  unitSeen,
  unitValues,
} from '../conditions.ts'
import type { Engine } from '../engine/engine.ts'
import { getOrMake } from '../get-or-make.ts'
import { sql } from '../sql.ts'

import { type Measure, measureParams } from './measures.ts'
import { asksForTests } from './raw-rows.ts'
import { portionsOf } from './raw-ticks.ts'

/** One cohort's values of a measure at one operation in one tick, in the buckets of `Latency`. */
export interface Measured {
  /** Traces with a value, and traces without one. */
  readonly values: number
  readonly without: number
  /** Values below zero. They have no bucket and are counted as zeros. */
  readonly negative: number
  readonly histogram: {
    readonly scale: 5
    readonly zero: number
    readonly indices: readonly number[]
    readonly counts: readonly number[]
  }
}

/** A tick of one operation: both cohorts' values of each measure, in the requested order. */
export interface MeasuredTick {
  readonly operation: string
  /** Milliseconds since 1970. */
  readonly tick: number
  readonly measures: readonly { readonly stable: Measured; readonly canary: Measured }[]
}

interface Row {
  readonly tick: number
  readonly operation: string
  readonly cohort: 'stable' | 'canary' | 'both' | 'mixed'
  readonly test: boolean
  readonly traces: number
  readonly measured: readonly Readonly<Record<string, number>>[]
}

/**
 * Reduces raw spans of closed ticks to a comparison's custom measures, a portion of ticks at a time so that memory stays
 * bounded. Ticks come in order; cohorts are those of `readTicks`.
 */
export async function* readMeasures(
  engine: Engine,
  comparison: Comparison,
  measures: readonly Measure[],
): AsyncGenerator<MeasuredTick> {
  if (measures.length === 0) return
  const cohorts = spanParams(comparison)
  const { params, order } = measureParams(measures)
  const asked = { service: comparison.service, ...cohorts, ...params }
  for await (const portion of portionsOf(engine, comparison)) {
    const rows = await engine.read<Row>(rawMeasures(cohorts), { ...asked, ...portion })
    const wanted = ({ operation }: Row): boolean => comparison.operations?.includes(operation) ?? true
    yield* pairs(
      rows.filter((row) => wanted(row) && (!row.test || asksForTests(row, cohorts))),
      order,
    )
  }
}

function* pairs(rows: readonly Row[], order: readonly number[]): Generator<MeasuredTick> {
  const cells = new Map<string, { stable?: Row; canary?: Row }>()
  for (const row of rows)
    if (row.cohort === 'stable' || row.cohort === 'canary')
      getOrMake(cells, `${row.tick} ${row.operation}`, () => ({}) as { stable?: Row; canary?: Row })[row.cohort] = row
  for (const { stable, canary } of cells.values()) {
    const { tick, operation } = (stable ?? canary)!
    yield {
      operation,
      tick: tick * 1000,
      measures: order.map((place) => ({ stable: measuredOf(stable, place), canary: measuredOf(canary, place) })),
    }
  }
}

const zeroBucket = -32768
const negativeBucket = -32767

function measuredOf(row: Row | undefined, place: number): Measured {
  const buckets = Object.entries(row?.measured[place] ?? {})
    .map(([bucket, count]) => ({ bucket: Number(bucket), count }))
    .sort((a, b) => a.bucket - b.bucket)
  const countIn = (which: number): number => buckets.find(({ bucket }) => bucket === which)?.count ?? 0
  const positive = buckets.filter(({ bucket }) => bucket > negativeBucket)
  const values = buckets.reduce((sum, { count }) => sum + count, 0)
  const negative = countIn(negativeBucket)
  return {
    values,
    without: (row?.traces ?? 0) - values,
    negative,
    histogram: {
      scale: 5,
      zero: countIn(zeroBucket) + negative,
      indices: positive.map(({ bucket }) => bucket),
      counts: positive.map(({ count }) => count),
    },
  }
}

/**
 * A comparison's custom measures, one value per unit, with cohorts as in `rawTicks`. `measured` has one histogram for each, in this
 * order: attributes (numbers on the entry span); shares (1 if the entry span matches the selector, else 0); calls (how many other
 * spans of the service below it match).
 *
 * A span below belongs to the nearest entry span among its parents or, if some of these are missing, to the last entry span that
 * started before it. Spans that start after the tick of the request are not found. A unit has the sum, or the maximum, over its
 * entry spans. Bucket -32768 counts zeros, -32767 values below zero; a unit without a number there is in no bucket. If a trace has
 * several requests and more than 2000 spans of the service, its calls are not counted, because matching them takes quadratic time.
 */
export const rawMeasures: SpanStatement = spanStatement(
  ({ askedAttributes, unitInStable, unitInCanary, unitCounts, answered }) => sql`
  SELECT
    toUnixTimestamp(Tick) AS tick,
    ${unitOperation} AS operation,
    ${unitCohort} AS cohort,
    UnitTest AS test,
    count() AS traces,
    sumMapForEach(arrayMap(
      value -> if(isNaN(value), CAST(map(), 'Map(Int32, UInt64)'), map(multiIf(
        value = 0, toInt32(-32768),
        value < 0, toInt32(-32767),
        toInt32(greatest(-32766, ceil(log2(value) * 32) - 1))), toUInt64(1))),
      UnitMeasured)) AS measured
  FROM (
    SELECT
      Tick,
      ${requestOperation}
        AS UnitOperation,
      max(Test) AS UnitTest,
      arraySort(groupUniqArray((SpanId, SpanMeasured))) AS UnitSpans,
      arrayMap(
        place -> arrayFilter(value -> NOT isNaN(value), arrayMap(span -> span.2[place], UnitSpans)),
        arrayEnumerate({reduces:Array(String)})) AS UnitNumbers,
      arrayMap(
        (numbers, reduce) -> multiIf(empty(numbers), nan, reduce = 'sum', arraySum(numbers), arrayMax(numbers)),
        UnitNumbers, {reduces:Array(String)}) AS UnitMeasured,
      ${unitSeen},
      ${unitValues},
      ${unitInStable} AS IsStable,
      ${unitInCanary} AS IsCanary
    FROM (
      SELECT
        Service, Tick, Operation, TraceId, SpanId, Test,
        ${askedAttributes},
        arrayConcat(
          arrayMap(
            key -> if(isFinite(toFloat64OrZero(SpanAttributes[key])), ifNull(toFloat64OrNull(SpanAttributes[key]), nan), nan),
            {attributes:Array(String)}),
          arrayMap(
            (asked, refused) -> toFloat64(hasAll(Pairs, asked) AND NOT hasAny(Pairs, refused)),
            {shares:Array(Array(Tuple(String, String)))}, {sharesNot:Array(Array(Tuple(String, String)))}),
          arrayMap(
            place -> toFloat64(arrayCount(call -> bitTest(call, place), Called)),
            range(length({calls:Array(Array(Tuple(String, String)))})))) AS SpanMeasured
      FROM (
        SELECT
          *,
          CAST(if(empty({shares:Array(Array(Tuple(String, String)))}),
            CAST(map(), 'Map(LowCardinality(String), String)'),
            mapUpdate(
              mapUpdate(mapUpdate(ResourceAttributes, FlagAttributes), SpanAttributes),
              map('span.name', SpanName, 'span.kind', lower(replaceOne(SpanKind, 'SPAN_KIND_', ''))))),
            'Array(Tuple(String, String))') AS Pairs
        FROM ${answered}
        WHERE Service = {service:String}
          AND ${spansOfWindow}
          AND ${closedOnly}
          AND ${ofAudience}
      ) AS requests
      LEFT ANY JOIN (
        SELECT TraceId, Owner AS SpanId, groupArray(Call) AS Called
        FROM (
          SELECT
            TraceId,
            arraySort(groupUniqArray((Timestamp, -toInt64(Duration), SpanId, ParentSpanId, IsEntry, Call))) AS Spans,
            arrayFilter(span -> span.5, Spans) AS Entries,
            arrayFilter(span -> span.6 != 0, Spans) AS Calls,
            if(length(Entries) = 1 OR length(Spans) > 2000, CAST(map(), 'Map(String, String)'), arrayFold(
              (owners, span) -> mapUpdate(owners, if(span.5,
                map(span.3, span.3, '', span.3),
                map(span.3, if(owners[span.4] != '', owners[span.4], owners[''])))),
              Spans, CAST(map(), 'Map(String, String)'))) AS Owners,
            arrayMap(span -> if(Owners[span.3] != '', Owners[span.3], Entries[1].3), Calls) AS CallOwners
          FROM (
            SELECT
              TraceId, SpanId, ParentSpanId, Timestamp, Duration,
              ${isEntrySpan} AS IsEntry,
              CAST(mapUpdate(mapUpdate(ResourceAttributes, SpanAttributes),
                map('span.name', SpanName, 'span.kind', lower(replaceOne(SpanKind, 'SPAN_KIND_', '')))),
                'Array(Tuple(String, String))') AS Pairs,
              if(IsEntry, 0, arraySum(arrayMap(
                (asked, refused, place) ->
                  bitShiftLeft(toUInt64(hasAll(Pairs, asked) AND NOT hasAny(Pairs, refused)), place - 1),
                {calls:Array(Array(Tuple(String, String)))}, {callsNot:Array(Array(Tuple(String, String)))},
                arrayEnumerate({calls:Array(Array(Tuple(String, String)))})))) AS Call
            FROM coalmine_traces
            WHERE notEmpty({calls:Array(Array(Tuple(String, String)))}) AND ServiceName = {service:String}
              AND Timestamp >= toDateTime64({since:UInt32}, 9)
              AND Timestamp < toDateTime64({to:UInt32}, 9)
          )
          GROUP BY TraceId
          HAVING notEmpty(Calls) AND (length(Entries) = 1 OR (notEmpty(Entries) AND length(Spans) <= 2000))
        )
        ARRAY JOIN Calls.6 AS Call, CallOwners AS Owner
        GROUP BY TraceId, Owner
      ) AS calls USING (TraceId, SpanId)
    )
    GROUP BY Service, Tick, UnitOperation, TraceId, MayBeStable, MayBeCanary
    HAVING ${unitCounts}
  )
  GROUP BY tick, operation, cohort, test
  ORDER BY operation, tick`,
)
