/** What a query may take before it fails, which is better than the process that ingests running out of memory. */
export const readLimits = { max_memory_usage: '2000000000', max_execution_time: 120 } as const

/** Spans, and ticks, of more days than the engine's hundred may come in one insert, where as many are kept. */
export const insertLimits = { max_partitions_per_insert_block: '0' } as const

/** Closing a tick of millions of spans goes through the disk rather than through all memory. */
export const writeLimits = {
  max_partitions_per_insert_block: '0',
  max_bytes_before_external_group_by: '1000000000',
} as const

// Values stand in the text of a statement, some of them more than once.
const longestStatement = 50_000_000

/** For an engine whose connection keeps them. */
export const limitReads: string = `SET max_memory_usage = ${readLimits.max_memory_usage}, max_execution_time = ${readLimits.max_execution_time}, max_query_size = ${longestStatement}`

/** The same for the connection that writes. */
export const limitWrites: string = `SET max_partitions_per_insert_block = ${insertLimits.max_partitions_per_insert_block}, max_bytes_before_external_group_by = ${writeLimits.max_bytes_before_external_group_by}, max_query_size = ${longestStatement}`

/** For the connection that inserts spans. */
export const limitInserts: string = `SET max_partitions_per_insert_block = ${insertLimits.max_partitions_per_insert_block}`

/**
 * A merge costs as much as the insert did. Left alone the engine merges whenever five parts are alike, and each span four
 * times within a quarter of a minute of full load; sixty at once left as many parts, and merged each span once or twice.
 */
export const mergeFewer = `ALTER TABLE otel_traces MODIFY SETTING min_parts_to_merge_at_once = 60`

/**
 * Merges are stopped while room is short, those under way too: the engine (26.7) cuts a part short that meets a full
 * disk, and takes it for whole.
 */
export const stopMerges = `SYSTEM STOP MERGES`

/** Merges again. */
export const startMerges = `SYSTEM START MERGES`

/** Of the engine in this process, whose questions are all ours. */
export const stopQuestions = `KILL QUERY WHERE query_kind = 'Select' ASYNC`

/** Whether an insert is on the disk, and not only with the operating system, before it is acknowledged. */
export const keepOnDisk = (table: string, isKept: boolean): string =>
  `ALTER TABLE ${table} MODIFY SETTING fsync_after_insert = ${Number(isKept)}, fsync_part_directory = ${Number(isKept)}`

/** Parts that the engine found broken as it started, and put aside. */
export const partsPutAside = `
  SELECT table, name FROM system.detached_parts
  WHERE database = currentDatabase() AND startsWith(reason, 'broken') ORDER BY table, name`

/** Which of the tables that take what comes in are there: a directory that a Collector filled may have one of them. */
export const incomingTables = `SELECT name FROM system.tables WHERE database = currentDatabase() AND name IN ('otel_traces', 'otel_logs')`
