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
// Together, for one question: whoever waits longer is better told what to do.
const mostSeconds = 120

/** The closed ticks of a comparison's window, as many at a time as may be reduced together: seconds since 1970. */
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
 * What watches that one question does not read raw spans for ever: to be called before each portion.
 *
 * It throws a StoreError of kind `unavailable`, with what to do, once they have been read for two minutes.
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

/** How many raw spans each closed tick of a service has, and since when these start: raw spans are reduced a portion of ticks at a time. */
export const rawTickSizes: string = sql`
  SELECT toUnixTimestamp(Tick) AS tick, count() AS spans, toUnixTimestamp(min(Timestamp)) AS since
  FROM coalmine_traces
  WHERE ServiceName = {service:String}
    AND ${spansOfWindow}
    AND ${closedOnly}
  GROUP BY tick
  ORDER BY tick`

/** More columns, and what more holds of spans; each begins with what joins it to what is there. */
type MoreOfUnits = Readonly<Record<'ofSpan' | 'ofUnit' | 'where', string>>

/**
 * Units of cohorts that closed ticks do not know, by any attributes. Test traffic belongs to the cohort that asks for it. A unit whose spans disagree on a flag has
 * '(mixed)' there, which is no other value either.
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

/** The reduction that closes ticks, for cohorts that closed ticks do not know. */
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
