import { type SpanStatement, spanStatement } from '../cohort-texts.ts'
import { type Comparison, spanParams } from '../comparison.ts'
import { ofAudience, spansOfWindow, withTestsAsked } from '../conditions.ts'
import type { Engine } from '../engine/engine.ts'
import { getOrMake } from '../get-or-make.ts'
import { sql } from '../sql.ts'
import { windowOf } from '../tick.ts'

/** What one cohort's requests made another service do. Seconds are of its requests; null where there are none. */
export interface DownstreamSide {
  readonly requests: number
  readonly errors: number
  readonly p50: number | null
  readonly p99: number | null
}

/** What another service did below the requests of both cohorts, at one of its operations. */
export interface Downstream {
  readonly service: string
  readonly operation: string
  readonly stable: DownstreamSide
  readonly canary: DownstreamSide
}

// Traces are drawn by their ids, alike in both cohorts: of so many one sees what is there.
const mostTraces = 50_000
const mostRows = 200

/**
 * What other services did in traces of each cohort, after its request had begun: who called for it, before, is none of
 * them. Of `requests` in the window some are looked at where there are many. Takes seconds, and may fail for it.
 */
export async function downstreamOf(
  engine: Engine,
  comparison: Comparison,
  requests: number,
): Promise<readonly Downstream[]> {
  const params = spanParams(comparison)
  const rows = await engine.read<Omit<DownstreamSide, 'p50' | 'p99'> & Row>(requestsBelow(params), {
    service: comparison.service,
    ...windowOf(comparison),
    oneIn: Math.max(1, Math.ceil(requests / mostTraces)),
    mostRows,
    ...params,
  })
  const found = new Map<
    string,
    { service: string; operation: string; stable: DownstreamSide; canary: DownstreamSide }
  >()
  for (const { service, operation, cohort, requests, errors, p50, p99 } of rows)
    getOrMake(found, `${service}\0${operation}`, () => ({ service, operation, stable: none, canary: none }))[cohort] = {
      requests,
      errors,
      p50,
      p99,
    }
  return [...found.values()]
}

interface Row {
  readonly service: string
  readonly operation: string
  readonly cohort: 'stable' | 'canary'
  readonly p50: number
  readonly p99: number
}

const none: DownstreamSide = { requests: 0, errors: 0, p50: null, p99: null }

/** The requests that other services answered in traces of each cohort, after its own had begun. */
export const requestsBelow: SpanStatement = spanStatement(
  ({ seenValues, traceCohort, answered }) => sql`
  WITH Requests AS (
    SELECT
      TraceId,
      groupUniqArray(${seenValues}) AS Seen,
      ${traceCohort} AS cohort,
      min(Timestamp) AS Began
    FROM ${answered}
    WHERE Service = {service:String}
      AND ${withTestsAsked}
      AND ${ofAudience}
      AND ${spansOfWindow}
      AND sipHash64(TraceId) % {oneIn:UInt32} = 0
    GROUP BY TraceId
    HAVING cohort IN ('stable', 'canary')
  )
  SELECT
    Below.Service AS service,
    Below.Operation AS operation,
    cohort,
    count() AS requests,
    countIf(Below.IsError) AS errors,
    round(quantileExact(0.5)(Below.Duration) / 1e9, 9) AS p50,
    round(quantileExact(0.99)(Below.Duration) / 1e9, 9) AS p99
  FROM (
    SELECT Service, Operation, TraceId, Timestamp, Duration, IsError
    FROM coalmine_requests
    WHERE Service != {service:String} AND TraceId IN (SELECT TraceId FROM Requests)
      AND Timestamp >= toDateTime64({since:UInt32}, 9) AND Timestamp < toDateTime64({to:UInt32}, 9)
  ) AS Below
  INNER JOIN Requests USING TraceId
  WHERE Below.Timestamp >= Began
  GROUP BY service, operation, cohort
  ORDER BY sum(count()) OVER (PARTITION BY service, operation) DESC, service, operation, cohort
  LIMIT {mostRows:UInt32}
  SETTINGS max_execution_time = 10, max_memory_usage = 1000000000`,
)
