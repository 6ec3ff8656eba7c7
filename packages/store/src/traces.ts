import { StoreError } from './errors.ts'

/** The table that has the spans; `database` is '' for the store's own. */
export interface Traces {
  readonly database: string
  readonly table: string
}

/** The name that the Collector's exporter gives it. */
export const defaultTraces: Traces = { database: '', table: 'otel_traces' }

/** The table that has the log records, as the exporter names it. */
export const defaultLogs: Traces = { database: '', table: 'otel_logs' }

/**
 * Reads a table's name: `table` or `database.table`.
 *
 * Throws a StoreError of kind `usage` for anything else.
 *
 * parseTraces('otel.spans') // { database: 'otel', table: 'spans' }
 */
export function parseTraces(text: string): Traces {
  const found = /^(?:([\w-]+)\.)?([\w-]+)$/.exec(text)
  if (!found) throw new StoreError('usage', `traces: expected a table, or database.table, got ${JSON.stringify(text)}`)
  return { database: found[1] ?? '', table: found[2]! }
}

/** The name as statements have it. */
export function quoted({ database, table }: Traces): string {
  return database === '' ? quotedName(table) : `${quotedName(database)}.${quotedName(table)}`
}

/** The name as people write it. */
export const tracesText = ({ database, table }: Traces): string => (database === '' ? table : `${database}.${table}`)

/** A name as statements have it: in backticks where it needs them. */
export const quotedName = (name: string): string => (/^[A-Za-z_]\w*$/.test(name) ? name : `\`${name}\``)
