import type { Engine } from '../engine/engine.ts'
import { StoreError } from '../errors.ts'
import { defaultLogs, parseTraces, type Traces, tracesText } from '../traces.ts'
import {
  columnsOf,
  type Layout,
  nothingThere,
  printed,
  printOf,
  printsThere,
  readColumns,
  schemaStatements,
  schemaThere,
  schemaVersion,
  tablesThere,
} from './statements.ts'

/** The version of a store's tables, and its span table; version 0 if there are no tables. */
export interface Schema {
  readonly version: number
  readonly traces: Traces | undefined
}

/**
 * Reads the version and the span table of a store.
 *
 * Throws a StoreError of kind `unavailable` if a later release created the tables.
 */
export async function schemaOf(engine: Engine, where: string): Promise<Schema> {
  const found = await engine.read<{ name: string }>(tablesThere)
  const names = new Set(found.map(({ name }) => name))
  if (!names.has('coalmine_ticks')) return { version: 0, traces: undefined }
  // Tables of the first version have no version record.
  if (!names.has('coalmine_schema')) return { version: 1, traces: undefined }
  const [mark] = await engine.read<{ version: number; traces: string }>(schemaThere)
  const { version, traces } = mark!
  if (version > schemaVersion) {
    throw new StoreError(
      'unavailable',
      `store ${where}: its tables are of version ${version}, and this release knows them up to version ${schemaVersion}: use a later release of coalmine`,
    )
  }
  // The version record is missing: creating the tables was interrupted before it was written.
  return version === 0 ? { version: 1, traces: undefined } : { version, traces: parseTraces(traces) }
}

/** Creates missing tables and migrates the rest, if needed. For a store that is ours alone. */
export async function settleSchema(engine: Engine, layout: Layout, where: string): Promise<void> {
  const { names, print } = printOf(layout)
  const found = await engine.read<Found>(printsThere)
  if (await isSettled(engine, found, names, print)) return
  const statements =
    found.length === 0 ? schemaStatements(layout, nothingThere) : await statementsFor(engine, layout, where)
  for (const statement of statements) await engine.write(printed(statement, print))
}

interface Found {
  readonly name: string
  readonly isView: number
  readonly print: string
}

// The version record is written last, so a half-finished schema has none.
async function isSettled(
  engine: Engine,
  found: readonly Found[],
  names: readonly string[],
  print: string,
): Promise<boolean> {
  const there = new Set(found.filter((table) => !table.isView || table.print === print).map(({ name }) => name))
  if (!names.every((name) => there.has(name))) return false
  const [mark] = await engine.read<{ version: number }>(schemaThere)
  return mark?.version === schemaVersion
}

/** The statements that create or migrate the tables. */
export async function statementsFor(engine: Engine, layout: Layout, where: string): Promise<readonly string[]> {
  const before = await schemaOf(engine, where)
  return schemaStatements(layout, {
    ...before,
    hasTraces: await hasTraces(engine, layout.traces),
    hasLogs: (await columnsIn(engine, layout.logs ?? defaultLogs)).length > 0,
  })
}

/** The table of log records: the Collector's, next to its spans, or else the store's own. */
export async function logsBeside(engine: Engine, { database }: Traces): Promise<Traces> {
  const theirs = { ...defaultLogs, database }
  return database !== '' && (await columnsIn(engine, theirs)).length > 0 ? theirs : defaultLogs
}

/**
 * Whether the span table exists.
 *
 * Throws a StoreError of kind `unavailable` if it lacks columns that we read, or its attributes have an unsupported type.
 */
export async function hasTraces(engine: Engine, traces: Traces): Promise<boolean> {
  const columns = await columnsIn(engine, traces)
  if (columns.length === 0) return false
  const types = new Map(columns.map(({ name, type }) => [name, type]))
  const unreadable = (why: string): StoreError =>
    new StoreError('unavailable', `the table ${tracesText(traces)} ${why}`)
  const missing = readColumns.filter((name) => !types.has(name))
  if (missing.length > 0)
    throw unreadable(
      `has no column ${missing.join(', ')}: add what the OpenTelemetry Collector's ClickHouse exporter of today makes, or name a view with its columns`,
    )
  for (const name of ['ResourceAttributes', 'SpanAttributes'])
    if (!types.get(name)!.startsWith('Map('))
      throw unreadable(
        `has a column ${name} that is of type ${types.get(name)}: attributes are read from a Map, which the Collector's ClickHouse exporter makes unless it is told to use JSON`,
      )
  return true
}

interface Column {
  readonly name: string
  readonly type: string
}

const columnsIn = (engine: Engine, { database, table }: Traces): Promise<readonly Column[]> =>
  engine.read<Column>(columnsOf, { database, table })
