import { createHash } from 'node:crypto'
import { defaultLogs, quoted, quotedName, type Traces, tracesText } from '../traces.ts'
import * as tables from './tables.ts'
import * as views from './views.ts'

/** The schema version of this release. A change to a table needs a new version and an entry in `alterations`. */
export const schemaVersion = 8

/** The statements that migrate tables to each version from the one before; new tables and views are always created. */
const alterations: Readonly<Record<number, readonly string[]>> = {
  2: [
    `
  ALTER TABLE coalmine_ticks ADD COLUMN IF NOT EXISTS ErrorTypes Map(LowCardinality(String), UInt64)`,
  ],
  4: [
    `
  INSERT INTO coalmine_operation_hours
  SELECT Service, Operation, toStartOfHour(Tick) AS Hour, sum(Requests) AS Requests
  FROM coalmine_ticks
  WHERE FlagKey = '' AND Operation != '(other)'
  GROUP BY Service, Operation, Hour`,
  ],
  5: [
    `
  ALTER TABLE coalmine_ticks
    RENAME COLUMN IF EXISTS FirstStart TO FirstEnd,
    RENAME COLUMN IF EXISTS LastStart TO LastEnd`,
    `
  ALTER TABLE coalmine_reduced
    RENAME COLUMN IF EXISTS FirstStart TO FirstEnd,
    RENAME COLUMN IF EXISTS LastStart TO LastEnd`,
  ],
  6: [
    `
  ALTER TABLE coalmine_ticks ADD COLUMN IF NOT EXISTS ClientCodes Map(UInt16, UInt64)`,
    `
  ALTER TABLE coalmine_reduced ADD COLUMN IF NOT EXISTS ClientCodes Map(UInt16, UInt64)`,
  ],
  7: [
    `
  ALTER TABLE coalmine_ticks ADD COLUMN IF NOT EXISTS InnerErrors UInt64`,
    `
  ALTER TABLE coalmine_reduced ADD COLUMN IF NOT EXISTS InnerErrors UInt64`,
  ],
  8: [
    `
  ALTER TABLE coalmine_ticks ADD COLUMN IF NOT EXISTS ErrorLatency Map(Int16, UInt64)`,
  ],
}

/** Our own tables. Each is defined in tables.ts; a new one must be listed here, and nowhere else. */
const ownTables: readonly string[] = [
  tables.createTicks,
  tables.createClosed,
  tables.createLate,
  tables.createOperationHours,
  tables.createComparisons,
  tables.createLooks,
  tables.createVerdicts,
  tables.createComparisonEvents,
  tables.createComparisonViews,
  tables.createChanges,
  tables.createNotifications,
  tables.createRollouts,
  tables.createRuns,
  tables.createRunTicks,
  tables.createRunEvents,
  tables.createSchema,
  tables.createImports,
  tables.createReopened,
  tables.createReduced,
  tables.createReductions,
  tables.createHours,
  tables.createSummedHours,
  tables.createFlagHours,
  tables.createSummedFlagHours,
  tables.createFlagDays,
  tables.createSummedFlagDays,
]

/** Each reads those before it. */
export const ownViews: readonly string[] = [
  views.createTraces,
  views.createSpans,
  views.createRequests,
  views.createCalls,
]

/** Where and how to create the tables. */
export interface Layout {
  readonly traces: Traces
  /** The table of log records; default otel_logs. */
  readonly logs?: Traces
  readonly retentionDays: number
  /** A cluster, each node of which holds every row of our tables. */
  readonly cluster?: string | undefined
}

/** What already exists: the schema version (0 if none), its span table, and whether the tables of spans and log records exist. */
export interface Before {
  readonly version: number
  readonly traces: Traces | undefined
  readonly hasTraces: boolean
  readonly hasLogs: boolean
}

/** A database without tables. */
export const nothingThere: Before = { version: 0, traces: undefined, hasTraces: false, hasLogs: false }

/** The statements that bring a store to this version. All are safe to run again: existing data stays. */
export function schemaStatements(layout: Layout, { version, traces, hasTraces, hasLogs }: Before): readonly string[] {
  const versions = Object.keys(alterations).map(Number)
  const altered = version === 0 ? [] : versions.filter((to) => to > version).flatMap((to) => alterations[to]!)
  const marked = version === schemaVersion && traces && tracesText(traces) === tracesText(layout.traces)
  return [
    ...(hasTraces ? [] : tablesByShard(tables.createTraces, layout.traces, layout)),
    ...(hasLogs ? [] : tablesByShard(tables.createLogs, logsOf(layout), layout)),
    ...ownTables.map((statement) => laidOut(statement, layout, everyNode)),
    ...altered.map((statement) => onCluster(statement, layout)),
    ...ownViews.map((statement) => onCluster(namingTraces(statement, layout), layout)),
    ...(marked ? [] : [mark(layout)]),
  ]
}

/**
 * What to check in an opened store: the expected tables and views, and a fingerprint of their definitions, which each view
 * carries. Older releases create views without one, and releases with other statements create a different one.
 */
export function printOf(layout: Layout): { readonly names: readonly string[]; readonly print: string } {
  const made = schemaStatements({ ...layout, retentionDays: 0 }, nothingThere).filter((statement) =>
    madeName.test(statement),
  )
  const print = createHash('sha256').update(made.join()).digest('hex').slice(0, 16)
  return { names: made.map((statement) => madeName.exec(statement)![1]!.replaceAll('`', '')), print }
}

const madeName = /CREATE (?:TABLE IF NOT EXISTS|OR REPLACE VIEW) (\S+)/

/** The statement; if it creates a view, the view carries the fingerprint. */
export const printed = (statement: string, print: string): string =>
  statement.includes('CREATE OR REPLACE VIEW') ? `${statement}\n  COMMENT '${print}'` : statement

/** The names of our own tables and views. */
export const ownNames: readonly string[] = [...ownTables, ...ownViews].map(
  (statement) => /coalmine_\w+/.exec(statement)![0],
)

const ownTableNames = ownNames.slice(0, ownTables.length)

/** Who needs which rights: to make the tables, to serve and import, and to compare and look. */
export interface Rights {
  readonly init: readonly string[]
  readonly serve: readonly string[]
  readonly read: readonly string[]
}

/** The statements that grant them to a user, for a store in a database. */
export function rightsOf(layout: Layout, database: string): Rights {
  const { traces, cluster } = layout
  const grant = (rights: string, name: string): string => `GRANT ${rights} ON ${name} TO <user>`
  const own = (name: string): string => quoted({ database, table: name })
  const named = (name: Traces): string => quoted(name.database === '' ? { ...name, database } : name)
  const [spans, logs] = [named(traces), named(logsOf(layout))]
  const views = ownNames.filter((name) => !ownTableNames.includes(name))
  return {
    init: [
      grant('CREATE TABLE, CREATE VIEW, DROP VIEW, ALTER TABLE, SELECT, INSERT', `${quotedName(database)}.*`),
      ...(cluster === undefined ? [] : [grant('CLUSTER', '*.*')]),
    ],
    serve: [
      grant('SELECT, INSERT', spans),
      grant('SELECT, INSERT', logs),
      ...ownTableNames.map((name) => grant('SELECT, INSERT', own(name))),
      ...views.map((name) => grant('SELECT', own(name))),
    ],
    read: [grant('SELECT', spans), grant('SELECT', logs), ...ownNames.map((name) => grant('SELECT', own(name)))],
  }
}

/** The default database of statements. */
export const databaseHere = `SELECT currentDatabase() AS name`

/** The existing tables, and the fingerprints they carry. */
export const printsThere = `
  SELECT name, engine = 'View' AS isView, comment AS print FROM system.tables WHERE database = currentDatabase()`

/** Which of our tables exist. */
export const tablesThere = `
  SELECT name FROM system.tables WHERE database = currentDatabase() AND startsWith(name, 'coalmine_')`

/** The columns of the table of spans or log records; none if it does not exist. */
export const columnsOf = `
  SELECT name, type
  FROM system.columns
  WHERE database = if({database:String} = '', currentDatabase(), {database:String}) AND table = {table:String}`

/** The span columns that the statements read. */
export const readColumns: readonly string[] = [
  'Timestamp',
  'TraceId',
  'SpanId',
  'ParentSpanId',
  'TraceState',
  'SpanName',
  'SpanKind',
  'ServiceName',
  'ResourceAttributes',
  'ScopeName',
  'SpanAttributes',
  'Duration',
  'StatusCode',
  'Events.Name',
  'Events.Attributes',
]

/** The version of the tables, and the span table they were created for; 0 and '' if not recorded. */
export const schemaThere = `
  SELECT max(Version) AS version, argMax(Traces, (Version, At)) AS traces FROM coalmine_schema`

function mark({ traces }: Layout): string {
  return `
  INSERT INTO coalmine_schema SELECT ${schemaVersion} AS Version, '${tracesText(traces)}' AS Traces, now64(3) AS At`
}

// Ticks are few, and a join or IN over them must not cross the network: one shard, and every node a replica of it.
const everyNode = (cluster: string): string =>
  `'/clickhouse/tables/coalmine/${cluster}/{database}/{table}', '{shard}_{replica}'`

// Spans and log records are many: each shard has its own.
const byShard = (cluster: string): string =>
  `'/clickhouse/tables/coalmine/${cluster}/{shard}/{database}/{table}', '{replica}'`

const logsOf = ({ logs = defaultLogs }: Layout): Traces => logs

/** A table of spans or log records; on a cluster, one per shard and a distributed one over them. */
function tablesByShard(statement: string, name: Traces, layout: Layout): readonly string[] {
  const { cluster } = layout
  const make = (made: Traces): string =>
    laidOut(statement.replace(/ otel_\w+ \(/, ` ${quoted(made)} (`), layout, byShard)
  if (cluster === undefined) return [make(name)]
  const local = { ...name, table: `${name.table}_local` }
  const database = name.database === '' ? 'currentDatabase()' : quotedName(name.database)
  return [
    make(local),
    `
  CREATE TABLE IF NOT EXISTS ${quoted(name)} ON CLUSTER ${quotedName(cluster)} AS ${quoted(local)}
  ENGINE = Distributed(${quotedName(cluster)}, ${database}, ${quotedName(local.table)}, cityHash64(TraceId))`,
  ]
}

function laidOut(statement: string, layout: Layout, place: (cluster: string) => string): string {
  const { cluster, retentionDays } = layout
  const kept = statement.replace('{retentionDays:UInt32}', String(retentionDays))
  if (cluster === undefined) return kept
  const replicated = onCluster(kept, layout).replace(
    /ENGINE = (\w*MergeTree)/,
    `ENGINE = Replicated$1(${place(cluster)})`,
  )
  // A replica drops a repeated block as a retry, but the same number of late spans may legitimately come twice.
  return /SummingMergeTree/.test(kept) ? `${replicated}\n  SETTINGS replicated_deduplication_window = 0` : replicated
}

function onCluster(statement: string, { cluster }: Layout): string {
  if (cluster === undefined) return statement
  return statement.replace(
    /(CREATE TABLE IF NOT EXISTS|CREATE OR REPLACE VIEW|ALTER TABLE) (\S+)/,
    `$1 $2 ON CLUSTER ${quotedName(cluster)}`,
  )
}

function namingTraces(statement: string, { traces }: Layout): string {
  return statement.replace(/\botel_traces\b/, quoted(traces))
}
