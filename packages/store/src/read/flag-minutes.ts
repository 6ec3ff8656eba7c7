import type { Engine } from '../engine/engine.ts'
import { sql } from '../sql.ts'

/** User requests that met a flag variant in a minute, or in a group of minutes. */
export interface FlagMinute {
  readonly service: string
  readonly flag: string
  readonly variant: string
  /** When the minute began, in milliseconds since 1970. */
  readonly minuteMs: number
  readonly requests: number
}

/** A configuration change of a flag, as reported by an application that evaluates it. */
export interface FlagChangeTold {
  readonly service: string
  readonly environment: string
  readonly flag: string
  /** The first report within a minute. */
  readonly atMs: number
}

// Processes are notified of the same change one after another.
const sameMs = 60_000

/** Requests per flag variant in closed ticks of a time range, minute by minute; of one flag, if it is named. */
export async function flagMinutes(
  engine: Engine,
  { fromMs, toMs, service = '', flag = '', minutes = 1 }: FlagMinutesAsked,
): Promise<readonly FlagMinute[]> {
  const params = { from: Math.floor(fromMs / 1000), to: Math.floor(toMs / 1000), service, flag, bin: minutes * 60 }
  const rows = await engine.read<Omit<FlagMinute, 'minuteMs'> & { minute: number }>(flagsByMinute, params)
  return rows.map(({ minute, ...row }) => ({ ...row, minuteMs: minute * 1000 }))
}

/** Selects minutes and flags. */
export interface FlagMinutesAsked {
  readonly fromMs: number
  readonly toMs: number
  readonly service?: string
  readonly flag?: string
  /** Minutes per group; default 1. */
  readonly minutes?: number
}

/** Flag changes reported in spans since a given time; reports within a minute are one change. */
export async function flagChangesTold(engine: Engine, sinceMs: number): Promise<readonly FlagChangeTold[]> {
  // A report within a minute of the last is still the same change.
  const from = Math.floor((sinceMs - sameMs) / 1000)
  const rows = await engine.read<FlagChangeTold>(toldFlagChanges, { from })
  const firsts: FlagChangeTold[] = []
  const last = new Map<string, number>()
  for (const row of rows) {
    const key = JSON.stringify([row.service, row.environment, row.flag])
    const before = last.get(key)
    if (before !== undefined && row.atMs - before < sameMs) continue
    last.set(key, row.atMs)
    if (row.atMs >= sinceMs) firsts.push(row)
  }
  return firsts
}

/** Requests by minute and variant. */
export const flagsByMinute: string = sql`
  SELECT
    Service AS service,
    FlagKey AS flag,
    FlagVariant AS variant,
    intDiv(toUnixTimestamp(Tick), {bin:UInt32}) * {bin:UInt32} AS minute,
    sum(Traces) AS requests
  FROM coalmine_ticks
  WHERE FlagKey NOT IN ('', '(instance)') AND NOT Test
    AND ({service:String} = '' OR Service = {service:String})
    AND ({flag:String} = '' OR FlagKey = {flag:String})
    AND Tick >= fromUnixTimestamp({from:UInt32}) AND Tick < fromUnixTimestamp({to:UInt32})
    AND (Service, Tick, Batch) IN (
      SELECT Service, Tick, argMax(Batch, ClosedAt)
      FROM coalmine_closed
      WHERE Tick >= fromUnixTimestamp({from:UInt32}) AND Tick < fromUnixTimestamp({to:UInt32})
      GROUP BY Service, Tick)
  GROUP BY service, flag, variant, minute
  ORDER BY service, flag, minute, variant`

/** Spans that report a configuration change of a flag, the first of each second. */
export const toldFlagChanges = `
  SELECT
    ServiceName AS service,
    if(ResourceAttributes['deployment.environment.name'] != '',
      ResourceAttributes['deployment.environment.name'], ResourceAttributes['deployment.environment']) AS environment,
    SpanAttributes['feature_flag.key'] AS flag,
    toUnixTimestamp64Milli(min(Timestamp)) AS atMs
  FROM coalmine_traces
  WHERE SpanName = 'feature_flag.configuration_changed' AND flag != ''
    AND Timestamp >= toDateTime64({from:UInt32}, 9)
  GROUP BY service, environment, flag, toUnixTimestamp(Timestamp)
  ORDER BY atMs, service, flag
  LIMIT 10000`
