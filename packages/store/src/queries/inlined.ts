import { quoted, type Traces } from '../traces.ts'
import { ownViews } from './schema.ts'

/**
 * What our tables say where there are none: a tick counts as closed when it is so old that it would be, the operations of
 * a service are its 500 most frequent ones in the window, and nothing is remembered.
 */
const withoutTables = `
  coalmine_closed AS (
    SELECT {service:String} AS Service, toDateTime(Second, 'UTC') AS Tick, toUInt64(0) AS Batch, toDateTime64(0, 9) AS ClosedAt
    FROM (SELECT arrayJoin(range({from:UInt32}, least({to:UInt32}, {closedTo:UInt32}), 5)) AS Second)
  ),
  coalmine_operations AS (
    SELECT Service, Operation
    FROM coalmine_requests
    WHERE Service = {service:String}
      AND Timestamp >= toDateTime64({from:UInt32}, 9) AND Timestamp < toDateTime64({to:UInt32}, 9)
    GROUP BY Service, Operation
    ORDER BY count() DESC, Operation
    LIMIT 500
  ),
  coalmine_ticks AS (
    SELECT *
    FROM (
      SELECT
        toUInt64(0) AS Batch, '' AS Service, toDateTime(0, 'UTC') AS Tick, '' AS Operation, '' AS Build, '' AS FlagKey,
        '' AS FlagVariant, false AS Test, toUInt64(0) AS Requests, toUInt64(0) AS Traces, toUInt64(0) AS Errors,
        toUInt64(0) AS ClientErrors, CAST(map(), 'Map(Int16, UInt64)') AS Latency, CAST([], 'Array(String)') AS Instances,
        toDateTime64(0, 9) AS FirstStart, toDateTime64(0, 9) AS LastStart,
        CAST(map(), 'Map(String, UInt64)') AS ErrorTypes
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
 * The same statement for who has neither our views nor our tables: they stand before it. It asks for `service`, `from`,
 * `to` and `closedTo` besides what it asks for itself.
 */
export function inlined(statement: string, traces: Traces): string {
  const views = ownViews.map((view) =>
    view
      .replace(/\botel_traces\b/, quoted(traces))
      .replace(/^\s*CREATE OR REPLACE VIEW (\w+) AS/, (_, name: string) => `\n  ${name} AS (`),
  )
  const all = `WITH${views.map((view) => `${view}\n  )`).join(',')},${withoutTables}`
  return /^\s*WITH\b/.test(statement) ? statement.replace(/^\s*WITH\b/, () => `${all},`) : `${all}${statement}`
}
