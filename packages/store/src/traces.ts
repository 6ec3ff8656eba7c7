import { StoreError } from './errors.ts'

/** The table of spans; `database` is '' for the store's own database. */
export interface Traces {
  readonly database: string
  readonly table: string
}

/** The default name used by the Collector's exporter. */
export const defaultTraces: Traces = { database: '', table: 'otel_traces' }

/** The table of log records, as named by the exporter. */
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

/** The table's name for use in statements. */
export function quoted({ database, table }: Traces): string {
  return database === '' ? quotedName(table) : `${quotedName(database)}.${quotedName(table)}`
}

/** The table's name as people write it. */
export const tracesText = ({ database, table }: Traces): string => (database === '' ? table : `${database}.${table}`)

/** An identifier for use in statements: in backticks if needed. */
export const quotedName = (name: string): string => (/^[A-Za-z_]\w*$/.test(name) ? name : `\`${name}\``)
