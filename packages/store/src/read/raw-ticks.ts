import { type CohortTexts, type SpanStatement, spanStatement } from '../cohort-texts.ts'
import type { Comparison } from '../comparison.ts'
import {
  closedOnly,
  hasInnerError,
  hidesError,
  innerErrors,
  ofAudience,
  operationName,
  spansOfWindow,
  unitCohort,
  unitOperation,
  unitSeen,
  unitValues,
} from '../conditions.ts'
import type { Engine } from '../engine/engine.ts'
import { StoreError } from '../errors.ts'
import { sql } from '../sql.ts'
import { type TickWindow, tickSeconds, windowOf } from '../tick.ts'

// The reduction keeps a state for each unit; a portion of this many spans needs some 200 MB.
const portionSpans = 250_000
// For all portions of one query. After that, advice on what to do is more useful than waiting.
const mostSeconds = 120

/** The closed ticks of a comparison's window, in portions that can be reduced at once, as seconds since 1970. */
export async function* portionsOf(engine: Engine, comparison: Comparison): AsyncGenerator<TickWindow> {
  const { service } = comparison
  const sizes = await engine.read<{ tick: number; spans: number; since: number }>(rawTickSizes, {
    service,
    ...windowOf(comparison),
  })
  for (let at = 0; at < sizes.length; ) {
    const from = sizes[at]!.tick
    let spans = 0
    let to = from
    let since = from
    do {
      since = Math.min(since, sizes[at]!.since)
      spans += sizes[at]!.spans
      to = sizes[at]!.tick + tickSeconds
      at++
    } while (at < sizes.length && spans + sizes[at]!.spans <= portionSpans)
    yield { since, from, to }
  }
}

/**
 * Returns a function that limits how long one query may read raw spans. Call it before each portion.
 *
 * After two minutes it throws a StoreError of kind `unavailable` that says what to do.
 */
export function newPatience({ service }: Comparison, advice: string): () => void {
  const deadline = performance.now() + mostSeconds * 1000
  return () => {
    if (performance.now() <= deadline) return
    throw new StoreError(
      'unavailable',
      `closed ticks do not tell these cohorts of ${service} apart, and reading its raw spans took more than ${mostSeconds} s; ${advice}`,
    )
  }
}

/** The number of raw spans in each closed tick of a service, and when the first of them starts. */
export const rawTickSizes: string = sql`
  SELECT toUnixTimestamp(Tick) AS tick, count() AS spans, toUnixTimestamp(min(Timestamp)) AS since
  FROM coalmine_traces
  WHERE ServiceName = {service:String}
    AND ${spansOfWindow}
    AND ${closedOnly}
  GROUP BY tick
  ORDER BY tick`

/** Additional columns and conditions. Each begins with its comma or AND. */
type MoreOfUnits = Readonly<Record<'ofSpan' | 'ofUnit' | 'where', string>>

/**
 * Units of cohorts that closed ticks cannot tell apart, by any attributes. Test traffic belongs to the cohort that asks for it. If the
 * spans of a unit disagree on a flag, its value is '(mixed)', which does not count as another value of a negated condition.
 */
export function unitsOf(
  { askedAttributes, unitInStable, unitInCanary, unitCounts, requests }: CohortTexts,
  { ofSpan, ofUnit, where }: MoreOfUnits = { ofSpan: '', ofUnit: '', where: '' },
): string {
  return sql`SELECT
    Tick,
    ${operationName}
      AS UnitOperation,
    uniqExact(sipHash64(SpanId)) AS Spans,
    max(Bucket) AS UnitBucket,
    max(IsError) AS UnitError,
    max(ClientCode) AS UnitClientCode,
    max(${hasInnerError}) AS UnitInnerError,
    max(Test) AS UnitTest,
    groupUniqArrayIf(Instance, Instance != '') AS UnitInstances,
    max(toUnixTimestamp(Tick) < transform(concat(Build, '\\0', Instance),
      arrayMap((build, instance) -> concat(build, '\\0', instance), {builds:Array(String)}, {instances:Array(String)}),
      {until:Array(UInt32)}, toUInt32(0))) AS UnitWarmUp,
    min(EndedAt) AS UnitFirst,
    max(EndedAt) AS UnitLast,
    max(ErrorType) AS UnitErrorType,
    ${unitSeen},
    ${unitValues},
    ${unitInStable} AS IsStable,
    ${unitInCanary} AS IsCanary${ofUnit}
  FROM (
    SELECT
      Service, Tick, Timestamp, EndedAt, Operation, TraceId, SpanId, Bucket, Test, IsError, ClientCode, ErrorType, HasException,
      Build, Instance,
      ${askedAttributes}${ofSpan}
    FROM ${requests}
    WHERE Service = {service:String}
      AND ${spansOfWindow}
      AND ${closedOnly}
      AND ${ofAudience}
      AND (MayBeStable OR MayBeCanary)${where}
  ) AS requests
  LEFT ANY JOIN ${innerErrors('ServiceName = {service:String}')} AS below USING (TraceId)
  GROUP BY Service, Tick, UnitOperation, TraceId, MayBeStable, MayBeCanary
  HAVING ${unitCounts}`
}

/** Reduces raw spans as closing does, for cohorts that closed ticks cannot tell apart. */
export const rawTicks: SpanStatement = spanStatement(
  (cohorts) => sql`
  SELECT
    toUnixTimestamp(Tick) AS tick,
    ${unitOperation} AS operation,
    ${unitCohort} AS cohort,
    UnitTest AS test,
    sum(Spans) AS requests,
    count() AS traces,
    countIf(UnitError) AS errors,
    countIf(UnitClientCode != 0) AS clientErrors,
    countIf(${hidesError}) AS innerErrors,
    countIf(UnitWarmUp) AS warmUp,
    mapKeys(sumMapIf(map(UnitBucket, toUInt64(1)), NOT UnitWarmUp) AS Histogram) AS buckets,
    mapValues(Histogram) AS counts,
    sumMapIf(map(UnitErrorType, toUInt64(1)), UnitErrorType != '') AS errorTypes,
    sumMapIf(map(UnitClientCode, toUInt64(1)), UnitClientCode != 0) AS clientCodes,
    groupUniqArrayArray(50)(UnitInstances) AS instances,
    toUnixTimestamp64Milli(min(UnitFirst)) AS firstMs,
    toUnixTimestamp64Milli(max(UnitLast)) AS lastMs
  FROM (
    ${unitsOf(cohorts)}
  )
  GROUP BY tick, operation, cohort, test
  ORDER BY operation, tick`,
)
