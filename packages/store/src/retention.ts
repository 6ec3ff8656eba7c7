import type { Engine } from './engine/engine.ts'
import { StoreError } from './errors.ts'

/** Default retention of a new store. */
export const defaultRetentionDays = 14

// The engine's dates end in 2106; an expiry after that would overflow and expire at once.
const maxRetentionDays = 3650

/** Throws a StoreError of kind `usage` unless `days` is 1 to 3650. */
export function checkRetention(days: number): void {
  if (days >= 1 && days <= maxRetentionDays) return
  throw new StoreError('usage', `retentionDays: expected 1 to ${maxRetentionDays}, got ${days}`)
}

/**
 * The number of days that the store's tables keep rows. If `asked` differs, it is changed, for spans and log records only in tables that
 * the store itself made. Commands that only read pass nothing, so that none of them drops what `serve --keep` keeps.
 */
export async function settleRetention(engine: Engine, asked: number | undefined, ownSpans: boolean): Promise<number> {
  const [table] = await engine.read<{ made: string }>(tickTable)
  // Parsed here, because the engine takes longer to compile a regular expression than to answer. A table made by others may
  // keep its rows for ever.
  const days = Number(/toIntervalDay\D*(\d+)/.exec(table?.made ?? '')?.[1] ?? maxRetentionDays)
  if (asked === undefined || asked === days) return days
  for (const statement of ownSpans ? [keepTraces, keepLogs, ...keepOurs] : keepOurs)
    await engine.write(statement, { retentionDays: asked })
  return asked
}

/** Drops whole days of spans and log records older than the retention; returns the number of partitions dropped. */
export async function forgetExpired(engine: Engine, retentionDays: number, nowMs: number): Promise<number> {
  const days = await engine.read<{ table: string; day: string }>(expiredDays, {
    retentionDays,
    now: Math.floor(nowMs / 1000),
  })
  for (const { table, day } of days) await engine.write(table === 'otel_logs' ? forgetLogs : forgetSpans, { day })
  return days.length
}

/** The engine clause of the table of closed ticks. */
export const tickTable = `
  SELECT engine_full AS made FROM system.tables WHERE database = currentDatabase() AND name = 'coalmine_ticks'`

// Does not wait: merges apply the TTL to old rows, and a full disk has no merges.
const retaining = (table: string, time: string): string => `
  ALTER TABLE ${table} MODIFY TTL ${time} + toIntervalDay({retentionDays:UInt32})
  SETTINGS alter_sync = 0`

/** Sets the retention of spans. */
export const keepTraces: string = retaining('otel_traces', 'toDateTime(Timestamp)')

/** Sets the retention of log records. */
export const keepLogs: string = retaining('otel_logs', 'toDateTime(Timestamp)')

/** Sets the retention of closed ticks. */
export const keepTicks: string = retaining('coalmine_ticks', 'Tick')

/** Sets the retention of the list of closed ticks. */
export const keepClosed: string = retaining('coalmine_closed', 'Tick')

/** Sets the retention of the counts of late spans. */
export const keepLate: string = retaining('coalmine_late', 'Tick')

/** Sets the retention of the reduced rows of comparisons. */
export const keepReduced: string = retaining('coalmine_reduced', 'Tick')

/** Sets the retention of the list of ticks that those cover. */
export const keepReductions: string = retaining('coalmine_reductions', 'Tick')

/** Sets the retention of test runs. */
export const keepRuns: string = retaining('coalmine_runs', 'Quarter')

/** Sets the retention of the ticks of test runs. */
export const keepRunTicks: string = retaining('coalmine_run_ticks', 'Tick')

/** Expired days, found by hand for when merges, which would drop them, are stopped. */
export const expiredDays = `
  SELECT DISTINCT table, partition AS day
  FROM system.parts
  WHERE active AND database = currentDatabase() AND table IN ('otel_traces', 'otel_logs')
    AND toDate(partition) < toDate({now:UInt32}) - {retentionDays:UInt32}`

/** Drops the spans of a day. */
export const forgetSpans = `ALTER TABLE otel_traces DROP PARTITION {day:String}`

/** Drops the log records of a day. */
export const forgetLogs = `ALTER TABLE otel_logs DROP PARTITION {day:String}`

const keepOurs = [keepTicks, keepClosed, keepLate, keepReduced, keepReductions, keepRuns, keepRunTicks]
