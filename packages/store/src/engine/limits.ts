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
 * Merges are stopped while room is short, those under way too: the engine (26.7) cuts a part short that meets a full
 * disk, and takes it for whole.
 */
export const stopMerges = `SYSTEM STOP MERGES`

/** Merges again. */
export const startMerges = `SYSTEM START MERGES`

/** Of the engine in this process, whose questions are all ours. */
export const stopQuestions = `KILL QUERY WHERE query_kind = 'Select' ASYNC`

/** Parts that the engine found broken as it started, and put aside. */
export const partsPutAside = `
  SELECT table, name FROM system.detached_parts
  WHERE database = currentDatabase() AND startsWith(reason, 'broken') ORDER BY table, name`

/** For a directory that nobody opens again: each table and view would wait for the disk otherwise. */
export const definitionsInMemory = `SET fsync_metadata = 0`

/** A table that takes what comes in, and how it was made. */
export interface IncomingTable {
  readonly name: string
  readonly made: string
}

/** Which of them are there: a directory that a Collector filled may have one. */
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
