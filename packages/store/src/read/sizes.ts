import type { Engine } from '../engine/engine.ts'

import type { Traces } from '../traces.ts'

/** The size of a store: its tables, and the time range of its spans. */
export interface StoreSizes {
  readonly tables: readonly {
    readonly table: string
    readonly rows: number
    /** Bytes on disk, and before compression. */
    readonly bytes: number
    readonly uncompressedBytes: number
  }[]
  /** Start of the oldest and of the newest span, in milliseconds since 1970; undefined if there are no spans. */
  readonly oldestMs: number | undefined
  readonly newestMs: number | undefined
  readonly retentionDays: number
}

/** Tables in the order of their size, largest first. */
export async function storeSizes(
  engine: Engine,
  traces: Traces,
  logs: Traces,
  retentionDays: number,
): Promise<StoreSizes> {
  const asked = { ...traces, logsDatabase: logs.database, logs: logs.table }
  const tables = await engine.read<StoreSizes['tables'][number]>(tableSizes, asked)
  const [range] = await engine.read<{ spans: number; oldestMs: number; newestMs: number }>(keptRange)
  const some = range !== undefined && range.spans > 0
  return {
    tables,
    oldestMs: some ? range.oldestMs : undefined,
    newestMs: some ? range.newestMs : undefined,
    retentionDays,
  }
}

/** Rows and bytes of our tables, and of the tables of spans and log records, largest first. */
export const tableSizes = `
  SELECT table, sum(rows) AS rows, sum(bytes_on_disk) AS bytes, sum(data_uncompressed_bytes) AS uncompressedBytes
  FROM system.parts
  WHERE active AND (
    (database = currentDatabase() AND startsWith(table, 'coalmine_') AND table != 'coalmine_schema')
    OR (database = if({database:String} = '', currentDatabase(), {database:String}) AND table = {table:String})
    OR (database = if({logsDatabase:String} = '', currentDatabase(), {logsDatabase:String}) AND table = {logs:String}))
  GROUP BY table
  ORDER BY bytes DESC, table`

/** The number of spans, and the range of their start times. */
export const keptRange = `
  SELECT
    count() AS spans,
    toUnixTimestamp64Milli(min(Timestamp)) AS oldestMs,
    toUnixTimestamp64Milli(max(Timestamp)) AS newestMs
  FROM coalmine_traces`
