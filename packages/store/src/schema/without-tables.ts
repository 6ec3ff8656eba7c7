import { spansOfWindow } from '../conditions.ts'
import type { Engine, Params } from '../engine/engine.ts'
import { StoreError } from '../errors.ts'
import { sql } from '../sql.ts'
import { sinceOf, tickOf } from '../tick.ts'
import { quoted, type Traces } from '../traces.ts'
import { ownViews } from './statements.ts'

/**
 * Stands in for our tables if they do not exist: a tick counts as closed once it is old enough, the operations of
 * a service are its 500 most frequent ones in the window, and nothing is stored.
 */
const emptyTables: string = sql`
  coalmine_closed AS (
    SELECT {service:String} AS Service, toDateTime(Second, 'UTC') AS Tick, toUInt64(0) AS Batch, toDateTime64(0, 9) AS ClosedAt
    FROM (SELECT arrayJoin(range({from:UInt32}, least({to:UInt32}, {closedTo:UInt32}), 5)) AS Second)
  ),
  coalmine_operation_hours AS (
    SELECT Service, Operation, toDateTime({from:UInt32}, 'UTC') AS Hour, count() AS Requests
    FROM coalmine_requests
    WHERE Service = {service:String}
      AND ${spansOfWindow}
    GROUP BY Service, Operation
    ORDER BY Requests DESC, Operation
    LIMIT 500
  ),
  coalmine_ticks AS (
    SELECT *
    FROM (
      SELECT
        toUInt64(0) AS Batch, '' AS Service, toDateTime(0, 'UTC') AS Tick, '' AS Operation, '' AS Build, '' AS FlagKey,
        '' AS FlagVariant, false AS Test, toUInt64(0) AS Requests, toUInt64(0) AS Traces, toUInt64(0) AS Errors,
        toUInt64(0) AS ClientErrors, CAST(map(), 'Map(Int16, UInt64)') AS Latency, CAST([], 'Array(String)') AS Instances,
        toDateTime64(0, 9) AS FirstEnd, toDateTime64(0, 9) AS LastEnd,
        CAST(map(), 'Map(String, UInt64)') AS ErrorTypes, CAST(map(), 'Map(UInt16, UInt64)') AS ClientCodes,
        toUInt64(0) AS InnerErrors, CAST(map(), 'Map(Int16, UInt64)') AS ErrorLatency
    )
    WHERE false
  ),
  coalmine_late AS (
    SELECT * FROM (SELECT '' AS Service, toDateTime(0, 'UTC') AS Tick, toUInt64(0) AS Spans) WHERE false
  ),
  coalmine_comparisons AS (
    SELECT *
    FROM (
      SELECT '' AS Service, '' AS Stable, '' AS Canary, toDateTime(0, 'UTC') AS Start, toDateTime64(0, 3) AS FirstLook
    )
    WHERE false
  ),
  coalmine_verdicts AS (
    SELECT *
    FROM (SELECT '' AS Service, '' AS Stable, '' AS Canary, '' AS Verdict, toDateTime64(0, 3) AS At)
    WHERE false
  )`

/**
 * The same statement for stores without our views and tables: it is prefixed with both. It needs the parameters `service`,
 * `from`, `to` and `closedTo` in addition to its own.
 */
export function withoutTables(statement: string, traces: Traces): string {
  const views = ownViews.map((view) =>
    view
      .replace(/\botel_traces\b/, quoted(traces))
      .replace(/^\s*CREATE OR REPLACE VIEW (\w+) AS/, (_, name: string) => `\n  ${name} AS (`),
  )
  const all = `WITH${views.map((view) => `${view}\n  )`).join(',')},${emptyTables}`
  return /^\s*WITH\b/.test(statement) ? statement.replace(/^\s*WITH\b/, () => `${all},`) : `${all}${statement}`
}

interface Options {
  readonly traces: Traces
  readonly watermarkMs: number
  readonly now: () => number
}

/** How far back to look if no start is given: reading everything that a cluster keeps could take an hour. */
export const lookBackSeconds = 86_400

/** An engine for users who may read only spans: it answers as if the ticks had closed on time. */
export function readingSpansOnly(engine: Engine, { traces, watermarkMs, now }: Options): Engine {
  const refused = async (): Promise<never> => {
    throw new StoreError('unavailable', 'this store is read-only: it has no tables of Coalmine')
  }
  const windowed = (params: Params = {}): Params => {
    const closedTo = tickOf(now() - watermarkMs)
    const from = Number(params['from'] ?? 0) || Math.max(0, closedTo - lookBackSeconds)
    const since = Number(params['from'] ?? 0) > 0 ? Number(params['since'] ?? sinceOf(from)) : sinceOf(from)
    return { service: '', ...params, since, from, to: Number(params['to'] ?? closedTo), closedTo }
  }
  return {
    ...engine,
    read: (statement, params) => engine.read(withoutTables(statement, traces), windowed(params)),
    readFirst: refused,
    readBinary: (statement, params) => engine.readBinary(withoutTables(statement, traces), windowed(params)),
    write: refused,
    insertSpans: refused,
    insertLogs: refused,
  }
}
