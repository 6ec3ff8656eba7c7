/** What a query may take before it fails, which is better than the process that ingests running out of memory. */
export const limitReads = `SET max_memory_usage = 2000000000, max_execution_time = 120`

/** Closing a tick of millions of spans goes through the disk rather than through all memory. */
export const limitWrites = `SET max_bytes_before_external_group_by = 1000000000`
