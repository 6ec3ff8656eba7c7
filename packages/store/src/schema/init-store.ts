import { isRemote, shown } from '../engine/address.ts'
import type { Engine } from '../engine/engine.ts'
import { StoreError } from '../errors.ts'
import { checkRetention, defaultRetentionDays, settleRetention } from '../retention.ts'
import { defaultTraces, parseTraces, tracesText } from '../traces.ts'
import { hasTraces, logsBeside, schemaOf, statementsFor } from './settle.ts'
import { databaseHere, type Layout, type Rights, rightsOf, schemaVersion } from './statements.ts'

/** Options for creating the tables. */
export interface InitOptions {
  /** The http(s) URL of a ClickHouse server, including the database for the tables. */
  readonly location: string
  /** The span table, `table` or `database.table`; default otel_traces. It is created if missing. */
  readonly traces?: string | undefined
  /** Creates the tables on every node of this cluster. */
  readonly cluster?: string | undefined
  /** Days to keep ticks, and spans if their table is created here; 14 for new tables. */
  readonly retentionDays?: number | undefined
  /** Only reports what would be done. */
  readonly dryRun?: boolean
}

/** What was created, or would be. */
export interface Initialised {
  readonly database: string
  /** The version of the tables before; 0 if there were none. */
  readonly from: number
  readonly to: number
  readonly traces: string
  readonly madeTraces: boolean
  readonly statements: readonly string[]
  readonly rights: Rights
}

/**
 * Creates the tables of a store on a ClickHouse server, next to its spans, or migrates those of an earlier release. Existing
 * tables keep their rows, and an existing span table is left as it is.
 *
 * Throws a StoreError of kind `usage` for an invalid name, and of kind `unavailable` if the server does not answer,
 * refuses a statement, or has tables of a later release.
 *
 * @example const { statements } = await initStore({ location: 'http://localhost:8123/otel', dryRun: true })
 */
export async function initStore(options: InitOptions): Promise<Initialised> {
  const { location, cluster, retentionDays } = options
  if (!isRemote(location))
    throw new StoreError('usage', `store ${location}: a directory needs no init; give the URL of a ClickHouse server`)
  if (cluster !== undefined && !/^[\w-]+$/.test(cluster))
    throw new StoreError('usage', `cluster: expected a name, got ${JSON.stringify(cluster)}`)
  if (retentionDays !== undefined) checkRetention(retentionDays)
  const { openRemote } = await import('../engine/remote.ts')
  const engine = await openRemote(location)
  try {
    return await initialise(engine, options)
  } finally {
    await engine.close()
  }
}

async function initialise(
  engine: Engine,
  { location, traces: named, cluster, retentionDays, dryRun = false }: InitOptions,
): Promise<Initialised> {
  const where = shown(location)
  const { version, traces: marked } = await schemaOf(engine, where)
  const traces = named === undefined ? (marked ?? defaultTraces) : parseTraces(named)
  const logs = await logsBeside(engine, traces)
  const layout: Layout = { traces, logs, retentionDays: retentionDays ?? defaultRetentionDays, cluster }
  const madeTraces = !(await hasTraces(engine, traces))
  const statements = await statementsFor(engine, layout, where)
  if (!dryRun) {
    for (const statement of statements) await engine.write(statement)
    await settleRetention(engine, retentionDays, false)
  }
  const [database] = await engine.read<{ name: string }>(databaseHere)
  return {
    database: database!.name,
    from: version,
    to: schemaVersion,
    traces: tracesText(traces),
    madeTraces,
    statements: statements.map(outdented),
    rights: rightsOf(layout, database!.name),
  }
}

// Statements stand in their files two spaces in.
const outdented = (statement: string): string => statement.replace(/^\n/, '').replace(/^ {2}/gm, '')
