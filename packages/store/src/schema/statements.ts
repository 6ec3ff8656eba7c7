import { createHash } from 'node:crypto'
import { defaultLogs, quoted, quotedName, type Traces, tracesText } from '../traces.ts'
import * as tables from './tables.ts'
import * as views from './views.ts'

/** What the tables of this release are. A change of a table is a new version, with what `alterations` says of it. */
export const schemaVersion = 8

/** What turns tables of the version before into those of a version; new tables and views are made whatever they were. */
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

/** Our own tables. Each is whole in tables.ts; one that is added there is added here, and nowhere else. */
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

/** Where tables are made, and how. */
export interface Layout {
  readonly traces: Traces
  /** The table that has the log records; otel_logs unless told otherwise. */
  readonly logs?: Traces
  readonly retentionDays: number
  /** Its nodes each have every row of our tables. */
  readonly cluster?: string | undefined
}

/** What is there before: a version, 0 where there is none, for which table of spans, and whether that and the one of log records are there themselves. */
export interface Before {
  readonly version: number
  readonly traces: Traces | undefined
  readonly hasTraces: boolean
  readonly hasLogs: boolean
}

/** A database without tables. */
export const nothingThere: Before = { version: 0, traces: undefined, hasTraces: false, hasLogs: false }

/** The statements that bring a store to this version. Each may be run again: what is there stays. */
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
 * What an opened store is looked at for: the tables and views that are to be there, and a print of what made them, which
 * each view carries. A release that knows no print makes views without one, one with other statements makes views with another.
 */
export function printOf(layout: Layout): { readonly names: readonly string[]; readonly print: string } {
  const made = schemaStatements({ ...layout, retentionDays: 0 }, nothingThere).filter((statement) =>
    madeName.test(statement),
  )
  const print = createHash('sha256').update(made.join()).digest('hex').slice(0, 16)
  return { names: made.map((statement) => madeName.exec(statement)![1]!.replaceAll('`', '')), print }
}

const madeName = /CREATE (?:TABLE IF NOT EXISTS|OR REPLACE VIEW) (\S+)/

/** The statement, whose view carries the print where it makes one. */
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

/** The statements that give them to a user, for a store in a database. */
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

/** The database that statements are about unless they name one. */
export const databaseHere = `SELECT currentDatabase() AS name`

/** Which tables there are, and what they carry. */
export const printsThere = `
  SELECT name, engine = 'View' AS isView, comment AS print FROM system.tables WHERE database = currentDatabase()`

/** Which of our tables there are. */
export const tablesThere = `
  SELECT name FROM system.tables WHERE database = currentDatabase() AND startsWith(name, 'coalmine_')`

/** The columns of the table that has the spans, or the log records; none where it is not there. */
export const columnsOf = `
  SELECT name, type
  FROM system.columns
  WHERE database = if({database:String} = '', currentDatabase(), {database:String}) AND table = {table:String}`

/** What the statements read of a span. */
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

/** The version of the tables, and the table of spans that they were made for; 0 and '' where that was not written. */
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

/** A table of spans or log records under its name; on a cluster one for each shard, and one over them. */
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
  // A replica takes a block that it has had before for a retry; the same number of late spans may come twice.
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
