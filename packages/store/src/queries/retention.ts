/** How the table of closed ticks was made. */
export const tickTable = `
  SELECT engine_full AS made FROM system.tables WHERE database = currentDatabase() AND name = 'coalmine_ticks'`

/** Not waited for: what is old is looked through by merges, and on a full disk there are none. */
export const keepTraces = `
  ALTER TABLE otel_traces MODIFY TTL toDateTime(Timestamp) + toIntervalDay({retentionDays:UInt32})
  SETTINGS alter_sync = 0`

export const keepLogs = `
  ALTER TABLE otel_logs MODIFY TTL toDateTime(Timestamp) + toIntervalDay({retentionDays:UInt32})
  SETTINGS alter_sync = 0`

export const keepTicks = `
  ALTER TABLE coalmine_ticks MODIFY TTL Tick + toIntervalDay({retentionDays:UInt32})
  SETTINGS alter_sync = 0`

export const keepClosed = `
  ALTER TABLE coalmine_closed MODIFY TTL Tick + toIntervalDay({retentionDays:UInt32})
  SETTINGS alter_sync = 0`

export const keepLate = `
  ALTER TABLE coalmine_late MODIFY TTL Tick + toIntervalDay({retentionDays:UInt32})
  SETTINGS alter_sync = 0`

export const keepReduced = `
  ALTER TABLE coalmine_reduced MODIFY TTL Tick + toIntervalDay({retentionDays:UInt32})
  SETTINGS alter_sync = 0`

export const keepReductions = `
  ALTER TABLE coalmine_reductions MODIFY TTL Tick + toIntervalDay({retentionDays:UInt32})
  SETTINGS alter_sync = 0`

/** Days of which nothing is to be kept, where merges, which would forget it, have been stopped. */
export const expiredDays = `
  SELECT DISTINCT table, partition AS day
  FROM system.parts
  WHERE active AND database = currentDatabase() AND table IN ('otel_traces', 'otel_logs')
    AND toDate(partition) < toDate({now:UInt32}) - {retentionDays:UInt32}`

export const forgetSpans = `ALTER TABLE otel_traces DROP PARTITION {day:String}`

export const forgetLogs = `ALTER TABLE otel_logs DROP PARTITION {day:String}`

export const tableSizes = `
  SELECT table, sum(rows) AS rows, sum(bytes_on_disk) AS bytes, sum(data_uncompressed_bytes) AS uncompressedBytes
  FROM system.parts
  WHERE active AND (
    (database = currentDatabase() AND startsWith(table, 'coalmine_') AND table != 'coalmine_schema')
    OR (database = if({database:String} = '', currentDatabase(), {database:String}) AND table = {table:String})
    OR (database = if({logsDatabase:String} = '', currentDatabase(), {logsDatabase:String}) AND table = {logs:String}))
  GROUP BY table
  ORDER BY bytes DESC, table`

export const keptRange = `
  SELECT
    count() AS spans,
    toUnixTimestamp64Milli(min(Timestamp)) AS oldestMs,
    toUnixTimestamp64Milli(max(Timestamp)) AS newestMs
  FROM coalmine_traces`
