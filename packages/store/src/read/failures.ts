import type { Engine } from '../engine/engine.ts'
import { parseSelector } from '../selector.ts'
import { tickSeconds } from '../tick.ts'

/** A build that was judged FAIL. Times are milliseconds since 1970. */
export interface BuildFailure {
  readonly service: string
  readonly version: string
  /** When it was first judged FAIL. */
  readonly atMs: number
  /** Its share of the service's requests in the ten minutes of traffic before that; null if no longer known. */
  readonly share: number | null
  /** When its last user requests ended; null if no longer known. */
  readonly lastMs: number | null
  /** Whether it still serves, up to the last closed tick. */
  readonly serves: boolean
}

const mostFailures = 300
const stillMs = 5 * 60_000

/** Builds judged FAIL since a given time, of one service or of all, each with its first FAIL; the newest 300. */
export async function failuresSince(engine: Engine, sinceMs: number, service = ''): Promise<readonly BuildFailure[]> {
  interface Row {
    readonly service: string
    readonly canary: string
    readonly atMs: number
  }
  const rows = await engine.read<Row>(failedVerdicts, { service, sinceMs, limit: mostFailures })
  const failed = rows.flatMap(({ service: of, canary, atMs }) => {
    const version = buildIn(canary)
    return version === undefined ? [] : [{ service: of, version, atMs }]
  })
  if (failed.length === 0) return []
  const params = {
    places: failed.map((_, place) => place),
    services: failed.map((one) => one.service),
    versions: failed.map(({ version }) => version),
    seconds: failed.map(({ atMs }) => Math.floor(atMs / 1000)),
  }
  const shares = await engine.read<{ place: number; own: number; all: number }>(failedShares, params)
  const served = await engine.read<{ place: number; last: number; end: number }>(lastServed, params)
  return failed.map((one, place) => {
    const share = shares.find((row) => row.place === place)
    const found = served.find((row) => row.place === place)
    return {
      ...one,
      share: share && share.own > 0 ? share.own / share.all : null,
      lastMs: found ? (found.last + tickSeconds) * 1000 : null,
      serves: found !== undefined && (found.end - found.last) * 1000 < stillMs,
    }
  })
}

/** The build named in a selector, ignoring its other conditions. */
function buildIn(selector: string): string | undefined {
  return parseSelector(selector).find(
    ({ from, key, negated }) => from === 'span' && key === 'service.version' && !negated,
  )?.value
}

/** When canaries were first judged FAIL, newest first. */
export const failedVerdicts = `
  SELECT Service AS service, Canary AS canary, toUnixTimestamp64Milli(min(At)) AS atMs
  FROM coalmine_verdicts
  WHERE Verdict = 'fail' AND ({service:String} = '' OR Service = {service:String})
    AND At >= fromUnixTimestamp64Milli({sinceMs:Int64})
  GROUP BY service, canary
  ORDER BY atMs DESC, service, canary
  LIMIT {limit:UInt32}`

const failures = `
  WITH Failures AS (
    SELECT row.1 AS Place, row.2 AS Service, row.3 AS Version, row.4 AS Second
    FROM (
      SELECT arrayJoin(arrayZip(
        {places:Array(UInt32)}, {services:Array(String)}, {versions:Array(String)}, {seconds:Array(UInt32)})) AS row)
  )`

/**
 * Each failed build's requests, and all requests, in the last ten minutes of traffic before it was judged, looking back two hours at
 * most; for all failures at once.
 */
export const failedShares: string = `${failures}
  SELECT
    Place AS place,
    sumIf(Own, Tick > Newest - INTERVAL 10 MINUTE) AS own,
    sumIf(AllRequests, Tick > Newest - INTERVAL 10 MINUTE) AS all
  FROM (
    SELECT Place, Tick, Own, AllRequests, max(Tick) OVER (PARTITION BY Place) AS Newest
    FROM (
      SELECT Place, Tick, sumIf(Requests, Build = Version) AS Own, sum(Requests) AS AllRequests
      FROM (
        SELECT toString(Service) AS Service, Tick, Build, Requests
        FROM coalmine_ticks
        WHERE FlagKey = '' AND NOT Test AND Service IN (SELECT Service FROM Failures)
          AND Tick >= fromUnixTimestamp(arrayMin({seconds:Array(UInt32)}) - 7200)
          AND (Service, intDiv(toUnixTimestamp(Tick), 3600)) IN (
            SELECT Service, arrayJoin([intDiv(Second, 3600), intDiv(Second, 3600) - 1, intDiv(Second, 3600) - 2])
            FROM Failures)
      ) AS Ticks
      INNER JOIN Failures USING (Service)
      WHERE toUnixTimestamp(Tick) <= Second AND toUnixTimestamp(Tick) > Second - 7200
      GROUP BY Place, Tick
    )
  )
  GROUP BY place`

/** When failed builds, and their services, last served, according to closed ticks. */
export const lastServed: string = `${failures}
  SELECT Place AS place, toUnixTimestamp(Last) AS last, toUnixTimestamp(End) AS end
  FROM (
    SELECT toString(Service) AS Service, Build AS Version, max(Tick) AS Last, max(Last) OVER (PARTITION BY Service) AS End
    FROM coalmine_ticks
    WHERE FlagKey = '' AND NOT Test AND Service IN (SELECT Service FROM Failures)
      AND Tick >= fromUnixTimestamp(arrayMin({seconds:Array(UInt32)}) - 86400)
    GROUP BY Service, Version
  ) AS Served
  INNER JOIN Failures USING (Service, Version)`
