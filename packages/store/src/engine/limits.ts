/** Limits at which a query fails, rather than let the ingesting process run out of memory. */
export const readLimits = { max_memory_usage: '2000000000', max_execution_time: 120 } as const

/** One insert may contain spans or ticks of more days than the engine's default limit of a hundred partitions. */
export const insertLimits = { max_partitions_per_insert_block: '0' } as const

/** Closing a tick of millions of spans goes through the disk rather than through all memory. */
export const writeLimits = {
  max_partitions_per_insert_block: '0',
  max_bytes_before_external_group_by: '1000000000',
} as const

// Values are part of the statement's text, some of them more than once.
const longestStatement = 50_000_000

/** For an engine whose connections keep settings. */
export const limitReads: string = `SET max_memory_usage = ${readLimits.max_memory_usage}, max_execution_time = ${readLimits.max_execution_time}, max_query_size = ${longestStatement}`

/** The same for the connection that writes. */
export const limitWrites: string = `SET max_partitions_per_insert_block = ${insertLimits.max_partitions_per_insert_block}, max_bytes_before_external_group_by = ${writeLimits.max_bytes_before_external_group_by}, max_query_size = ${longestStatement}`

/** For the connection that inserts spans. */
export const limitInserts: string = `SET max_partitions_per_insert_block = ${insertLimits.max_partitions_per_insert_block}`

/**
 * Stops merges while space is short, including running ones: on a full disk the engine (26.7) truncates a part and treats it
 * as complete.
 */
export const stopMerges = `SYSTEM STOP MERGES`

/** Merges again. */
export const startMerges = `SYSTEM START MERGES`

/** For the embedded engine, where all queries are ours. */
export const stopQuestions = `KILL QUERY WHERE query_kind = 'Select' ASYNC`

/** Parts that the engine found broken at startup and set aside. */
export const partsPutAside = `
  SELECT table, name FROM system.detached_parts
  WHERE database = currentDatabase() AND startsWith(reason, 'broken') ORDER BY table, name`

/** For a directory that is never reopened: otherwise each table and view would wait for the disk. */
export const definitionsInMemory = `SET fsync_metadata = 0`

/** A table that receives inserts, and its engine clause. */
export interface IncomingTable {
  readonly name: string
  readonly made: string
}

/** Which of them exist: a directory that a Collector filled may have only one. */
export const incomingTables = `SELECT name, engine_full AS made FROM system.tables WHERE database = currentDatabase() AND name IN ('otel_traces', 'otel_logs')`

/**
 * A merge costs as much as the insert did. Left alone the engine merges whenever five parts are alike, and each span four
 * times within a quarter of a minute of full load; sixty at once left as many parts, and merged each span once or twice.
 */
const mergeFewer = 'min_parts_to_merge_at_once = 60'

/**
 * The statement that gives a table its settings, where it has others: of spans, how many parts are merged at once, and whether an insert
 * is on the disk, and not only with the operating system, before it is acknowledged.
 */
export function settingsToChange({ name, made }: IncomingTable, fsync: boolean): string[] {
  const has = (setting: string): boolean => made.includes(setting)
  const merges = name === 'otel_traces' && !has(mergeFewer) ? [mergeFewer] : []
  const kept = ['fsync_after_insert', 'fsync_part_directory']
    .filter((setting) => has(`${setting} = 1`) !== fsync)
    .map((setting) => `${setting} = ${Number(fsync)}`)
  const changed = [...merges, ...kept]
  return changed.length === 0 ? [] : [`ALTER TABLE ${name} MODIFY SETTING ${changed.join(', ')}`]
}
