import { quoted, quotedName, type Traces, tracesText } from '../traces.ts'
import * as tables from './tables.ts'
import * as views from './views.ts'

/** What the tables of this release are. A change of a table is a new version, with what `alterations` says of it. */
export const SCHEMA_VERSION = 2

/** What turns tables of the version before into those of a version; new tables and views are made whatever they were. */
const alterations: Readonly<Record<number, readonly string[]>> = {
  2: [
    `
  ALTER TABLE coalmine_ticks ADD COLUMN IF NOT EXISTS ErrorTypes Map(LowCardinality(String), UInt64)`,
  ],
}

/** Our own tables. Each is whole in tables.ts; one that is added there is added here, and nowhere else. */
const ownTables: readonly string[] = [
  tables.createTicks,
  tables.createClosed,
  tables.createLate,
  tables.createOperations,
  tables.createComparisons,
  tables.createLooks,
  tables.createVerdicts,
  tables.createSchema,
  tables.createImports,
  tables.createReopened,
]

/** Each reads those before it. */
export const ownViews: readonly string[] = [
  views.createTraces,
  views.createSpans,
  views.createRequests,
  views.createCalls,
]

/** Where tables are made, and how. */
export type Layout = {
  readonly traces: Traces
  readonly retentionDays: number
  /** Its nodes each have every row of our tables. */
  readonly cluster?: string | undefined
}

/** The statements that bring a store from a version, 0 where there is none, to this one: each may be run again. */
export function schemaStatements(layout: Layout, from: number, hasTraces: boolean): readonly string[] {
  const versions = Object.keys(alterations).map(Number)
  const altered = from === 0 ? [] : versions.filter((version) => version > from).flatMap((to) => alterations[to]!)
  return [
    ...(hasTraces ? [] : tracesTables(layout)),
    ...ownTables.map((statement) => laidOut(statement, layout, EVERY_NODE)),
    ...altered.map((statement) => onCluster(statement, layout)),
    ...ownViews.map((statement) => onCluster(namingTraces(statement, layout), layout)),
    ...(from === SCHEMA_VERSION ? [] : [mark(layout)]),
  ]
}

/** The names of our own tables and views. */
export const ownNames: readonly string[] = [...ownTables, ...ownViews].map(
  (statement) => /coalmine_\w+/.exec(statement)![0],
)

const ownTableNames = ownNames.slice(0, ownTables.length)

/** Rights, as statements: what `store init` needs, what ingest and closing need, and what reading needs. */
export function rights({ traces, cluster }: Layout): {
  readonly init: readonly string[]
  readonly serve: readonly string[]
  readonly read: readonly string[]
} {
  const to = (right: string, name: string): string => `GRANT ${right} ON ${name} TO <user>`
  return {
    init: [
      to('CREATE TABLE, CREATE VIEW, DROP VIEW, ALTER TABLE, INSERT', '<database>.*'),
      ...(cluster === undefined ? [] : [to('CLUSTER', '*.*')]),
    ],
    serve: [to('SELECT, INSERT', quoted(traces)), ...ownTableNames.map((name) => to('SELECT, INSERT', name))],
    read: [to('SELECT', quoted(traces)), ...ownNames.map((name) => to('SELECT', name))],
  }
}

/** Which of our tables there are. */
export const tablesThere = `
  SELECT name FROM system.tables WHERE database = currentDatabase() AND startsWith(name, 'coalmine_')`

export const tracesThere = `
  SELECT count() AS found
  FROM system.tables
  WHERE database = if({database:String} = '', currentDatabase(), {database:String}) AND name = {table:String}`

export const schemaThere = `
  SELECT max(Version) AS version, argMax(Traces, (Version, At)) AS traces FROM coalmine_schema`

function mark({ traces }: Layout): string {
  return `
  INSERT INTO coalmine_schema SELECT ${SCHEMA_VERSION} AS Version, '${tracesText(traces)}' AS Traces, now64(3) AS At`
}

// Ticks are few, and a join or IN over them must not cross the network: one shard, and every node a replica of it.
const EVERY_NODE = (cluster: string): string =>
  `'/clickhouse/tables/coalmine/${cluster}/{database}/{table}', '{shard}_{replica}'`

// Spans are many: each shard has its own.
const BY_SHARD = (cluster: string): string =>
  `'/clickhouse/tables/coalmine/${cluster}/{shard}/{database}/{table}', '{replica}'`

/** The spans' table; on a cluster one for each shard, and one over them. */
function tracesTables(layout: Layout): readonly string[] {
  const { traces, cluster } = layout
  const make = (name: Traces): string =>
    laidOut(tables.createTraces.replace(' otel_traces (', ` ${quoted(name)} (`), layout, BY_SHARD)
  if (cluster === undefined) return [make(traces)]
  const local = { ...traces, table: `${traces.table}_local` }
  const database = traces.database === '' ? 'currentDatabase()' : quotedName(traces.database)
  return [
    make(local),
    `
  CREATE TABLE IF NOT EXISTS ${quoted(traces)} ON CLUSTER ${quotedName(cluster)} AS ${quoted(local)}
  ENGINE = Distributed(${quotedName(cluster)}, ${database}, ${quotedName(local.table)}, cityHash64(TraceId))`,
  ]
}

function laidOut(statement: string, layout: Layout, place: (cluster: string) => string): string {
  const { cluster, retentionDays } = layout
  const kept = statement.replace('{retentionDays:UInt32}', String(retentionDays))
  if (cluster === undefined) return kept
  return onCluster(kept, layout).replace(/ENGINE = (\w*MergeTree)/, `ENGINE = Replicated$1(${place(cluster)})`)
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
