import { latestClosingsEver } from '../conditions.ts'
import type { Engine } from '../engine/engine.ts'
import { parseSelector } from '../selector.ts'
import { sql } from '../sql.ts'
import { tickSeconds } from '../tick.ts'

/** A build that was proved to do harm to users. Times are milliseconds since 1970. */
export interface BuildFailure {
  readonly service: string
  readonly version: string
  /** When that was first proved. */
  readonly atMs: number
  /** What share of the service's requests it had in the ten minutes before; null where that is not known any more. */
  readonly share: number | null
  /** When its last requests of users ended; null likewise. */
  readonly lastMs: number | null
  /** Whether it serves still, as far as ticks have closed. */
  readonly serves: boolean
}

const mostFailures = 300
const stillMs = 5 * 60_000

/** Builds that were judged FAIL since a moment, of one service or of all, each from its first FAIL on; the newest 300. */
export async function failuresSince(engine: Engine, sinceMs: number, service = ''): Promise<readonly BuildFailure[]> {
  interface Row {
    readonly service: string
    readonly canary: string
    readonly atMs: number
  }
  const rows = await engine.read<Row>(failedVerdicts, { service, sinceMs, limit: mostFailures })
  const failures: BuildFailure[] = []
  for (const { service: of, canary, atMs } of rows) {
    const version = buildIn(canary)
    if (version !== undefined) failures.push(await failureOf(engine, { service: of, version, atMs }))
  }
  return failures
}

/** The build that a selector asks for, whatever else it asks for. */
function buildIn(selector: string): string | undefined {
  return parseSelector(selector).find(
    ({ from, key, negated }) => from === 'span' && key === 'service.version' && !negated,
  )?.value
}

async function failureOf(
  engine: Engine,
  failed: Pick<BuildFailure, 'service' | 'version' | 'atMs'>,
): Promise<BuildFailure> {
  interface Row {
    readonly own: number
    readonly all: number
    readonly found: number
    readonly last: number
    readonly end: number
  }
  const { service, version, atMs } = failed
  const [row] = await engine.read<Row>(failedBuild, { service, version, at: Math.floor(atMs / 1000) })
  const { own, all, found, last, end } = row!
  return {
    ...failed,
    share: all > 0 && found > 0 ? own / all : null,
    lastMs: found > 0 ? (last + tickSeconds) * 1000 : null,
    serves: found > 0 && (end - last) * 1000 < stillMs,
  }
}

/** When canaries were first judged FAIL, the newest first. */
export const failedVerdicts = `
  SELECT Service AS service, Canary AS canary, toUnixTimestamp64Milli(min(At)) AS atMs
  FROM coalmine_verdicts
  WHERE Verdict = 'fail' AND ({service:String} = '' OR Service = {service:String})
    AND At >= fromUnixTimestamp64Milli({sinceMs:Int64})
  GROUP BY service, canary
  ORDER BY atMs DESC, service, canary
  LIMIT {limit:UInt32}`

/** How much of the traffic a build had in the ten minutes of it before a moment, and when it served last. */
export const failedBuild: string = sql`
  WITH (
    SELECT max(Tick)
    FROM coalmine_ticks
    WHERE Service = {service:String} AND FlagKey = '' AND Tick <= fromUnixTimestamp({at:UInt32})
      AND Tick >= fromUnixTimestamp({at:UInt32}) - INTERVAL 1 DAY
  ) AS Newest
  SELECT
    sumIf(Requests, Build = {version:String} AND Tick > Newest - INTERVAL 10 MINUTE AND Tick <= Newest) AS own,
    sumIf(Requests, Tick > Newest - INTERVAL 10 MINUTE AND Tick <= Newest) AS all,
    countIf(Build = {version:String}) AS found,
    toUnixTimestamp(maxIf(Tick, Build = {version:String})) AS last,
    toUnixTimestamp(max(Tick)) AS end
  FROM coalmine_ticks
  WHERE Service = {service:String} AND FlagKey = '' AND NOT Test
    AND Tick >= fromUnixTimestamp({at:UInt32}) - INTERVAL 1 DAY
    AND ${latestClosingsEver}`
