import { isEntrySpan } from '../conditions.ts'
import type { Engine } from '../engine/engine.ts'
import { sql } from '../sql.ts'

/** Requests with a test mark in the last hours. Times are milliseconds since 1970. */
export interface TestTraffic {
  readonly hours: number
  /** Newest first, at most 100; requests that name no run have the empty name. */
  readonly runs: readonly {
    readonly run: string
    readonly firstMs: number
    readonly lastMs: number
    readonly spans: number
    /** Entry spans: SERVER, CONSUMER or without a parent. */
    readonly requests: number
    readonly errors: number
    /** The number of test entities named in spans. */
    readonly entities: number
    readonly services: readonly string[]
    readonly flags: readonly string[]
  }[]
  /** Test entities, as `kind:id`, busiest first, at most 100. */
  readonly entities: readonly { readonly entity: string; readonly requests: number; readonly lastMs: number }[]
  /** From closed ticks, most requests first, at most 100. */
  readonly services: readonly {
    readonly service: string
    readonly operation: string
    readonly requests: number
    readonly errors: number
  }[]
}

/** Where to look for raw spans of tests. */
interface Sought {
  readonly services: readonly string[]
  /** Seconds since 1970. */
  readonly since: number
  readonly to: number
}

/**
 * Reads the test traffic of the last hours. Closed ticks say which services had some, and when, so that no other spans
 * are read; `spansAlone` means that there are no closed ticks.
 */
export async function testTrafficOf(
  engine: Engine,
  { hours, nowMs, spansAlone }: { readonly hours: number; readonly nowMs: number; readonly spansAlone: boolean },
): Promise<TestTraffic> {
  const to = Math.ceil(nowMs / 1000)
  const since = to - hours * 3600
  const services = await engine.read<TestTraffic['services'][number] & { first: number; last: number }>(
    testedOperations,
    { since, to },
  )
  if (services.length === 0 && !spansAlone) return { hours, runs: [], entities: [], services: [] }
  const sought: Sought = spansAlone
    ? { services: [], since, to }
    : {
        services: [...new Set(services.map(({ service }) => service))],
        // A request belongs to the tick in which it ended.
        since: Math.min(...services.map(({ first }) => first)) - slackSeconds,
        to: Math.max(...services.map(({ last }) => last)) + slackSeconds,
      }
  const [runs, entities] = [
    await engine.read<TestTraffic['runs'][number]>(testRuns, { ...sought }),
    await engine.read<TestTraffic['entities'][number]>(testEntities, { ...sought }),
  ]
  return {
    hours,
    runs,
    entities,
    services: services.map(({ service, operation, requests, errors }) => ({ service, operation, requests, errors })),
  }
}

const slackSeconds = 60

/** Which operations of which services tests called, from closed ticks. */
export const testedOperations = `
  SELECT
    Service AS service, Operation AS operation, sum(Requests) AS requests, sum(Errors) AS errors,
    toUnixTimestamp(min(Tick)) AS first, toUnixTimestamp(max(Tick)) + 5 AS last
  FROM coalmine_ticks
  WHERE Test AND FlagKey = '' AND Tick >= fromUnixTimestamp({since:UInt32}) AND Tick < fromUnixTimestamp({to:UInt32})
    AND (Service, Tick, Batch) IN (
      SELECT Service, Tick, argMax(Batch, ClosedAt)
      FROM coalmine_closed
      WHERE Tick >= fromUnixTimestamp({since:UInt32}) AND Tick < fromUnixTimestamp({to:UInt32})
      GROUP BY Service, Tick)
  GROUP BY service, operation
  ORDER BY requests DESC, service, operation
  LIMIT 100`

const ofTests = `(empty({services:Array(String)}) OR ServiceName IN {services:Array(String)})
AND Timestamp >= toDateTime64({since:UInt32}, 9) AND Timestamp < toDateTime64({to:UInt32}, 9)
AND SpanAttributes['coalmine.test'] = 'true'`

/** The runs named by test spans, and what each touched. */
export const testRuns: string = sql`
  SELECT
    substringUTF8(SpanAttributes['coalmine.test.run'], 1, 200) AS run,
    toUnixTimestamp64Milli(min(Timestamp)) AS firstMs,
    toUnixTimestamp64Milli(max(EndedAt)) AS lastMs,
    count() AS spans,
    countIf(${isEntrySpan}) AS requests,
    countIf((${isEntrySpan}) AND StatusCode IN ('Error', 'STATUS_CODE_ERROR')) AS errors,
    uniqExactArrayIf(
      splitByChar(',', SpanAttributes['coalmine.test.entity']),
      SpanAttributes['coalmine.test.entity'] != '') AS entities,
    arraySort(groupUniqArray(50)(ServiceName)) AS services,
    arraySort(groupUniqArrayArray(100)(arrayConcat(
      arrayMap(key -> substring(key, 15),
        arrayFilter(key -> startsWith(key, 'coalmine.flag.'), mapKeys(SpanAttributes))),
      arrayMap(pair -> decodeURLComponent(splitByChar('=', pair)[1]),
        arrayFilter(pair -> position(pair, '=') > 1, splitByChar(';', SpanAttributes['coalmine.flags'])))))) AS flags
  FROM coalmine_traces
  WHERE ${ofTests}
  GROUP BY run
  ORDER BY lastMs DESC, run
  LIMIT 100
  SETTINGS max_execution_time = 10, max_memory_usage = 1000000000`

/** The test entities. */
export const testEntities: string = sql`
  SELECT
    substringUTF8(arrayJoin(splitByChar(',', SpanAttributes['coalmine.test.entity'])), 1, 200) AS entity,
    countIf(${isEntrySpan}) AS requests,
    toUnixTimestamp64Milli(max(EndedAt)) AS lastMs
  FROM coalmine_traces
  WHERE ${ofTests}
    AND SpanAttributes['coalmine.test.entity'] != ''
  GROUP BY entity
  ORDER BY requests DESC, entity
  LIMIT 100
  SETTINGS max_execution_time = 10, max_memory_usage = 1000000000`
