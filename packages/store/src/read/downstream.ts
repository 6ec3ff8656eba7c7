import { type SpanStatement, spanStatement } from '../cohort-texts.ts'
import { type Comparison, spanParams } from '../comparison.ts'
import { ofAudience, spansOfWindow, withTestsAsked } from '../conditions.ts'
import type { Engine } from '../engine/engine.ts'
import { getOrMake } from '../get-or-make.ts'
import { sql } from '../sql.ts'
import { windowOf } from '../tick.ts'

/** Another service's requests below those of one cohort. `p50` and `p99` are seconds; null if there are no requests. */
export interface DownstreamSide {
  readonly requests: number
  readonly errors: number
  readonly p50: number | null
  readonly p99: number | null
}

/** One operation of another service, called below the requests of both cohorts. */
export interface Downstream {
  readonly service: string
  readonly operation: string
  readonly stable: DownstreamSide
  readonly canary: DownstreamSide
}

// Traces are sampled by id, the same way in both cohorts; this many are enough.
const mostTraces = 50_000
const mostRows = 200

/**
 * What other services did in traces of each cohort, after its request had begun; callers, which began before, are left
 * out. If the window has many `requests`, only a sample is read. Takes seconds and may time out.
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

/** The requests that other services answered in traces of each cohort, after the cohort's own request had begun. */
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
