import { isRemote, shown } from './engine/address.ts'
import type { Engine } from './engine/engine.ts'
import { StoreError } from './errors.ts'
import { defaultRetentionDays } from './retention.ts'
import { hasTraces, logsBeside, schemaOf, settleSchema } from './schema/settle.ts'
import { schemaVersion } from './schema/statements.ts'
import { readingSpansOnly } from './schema/without-tables.ts'
import { defaultLogs, defaultTraces, parseTraces, type Traces, tracesText } from './traces.ts'

/**
 * What a store allows: `all`; `read`, where nothing can be inserted or remembered; `spans`, where only spans can be read and there are
 * no closed ticks.
 */
export type Access = 'all' | 'read' | 'spans'

/** A store's engine, and what was found when opening it. */
export interface Opened {
  readonly engine: Engine
  readonly traces: Traces
  /** The table of log records. */
  readonly logs: Traces
  readonly access: Access
  /** Whether other processes may insert spans and close ticks too, as on a ClickHouse server. */
  readonly shared: boolean
}

interface Asked {
  readonly location: string
  readonly traces: string | undefined
  readonly readOnly: boolean
  readonly retentionDays: number | undefined
  readonly minFreeBytes: number | undefined
  readonly fsync: boolean | undefined
  readonly temporary: boolean
  readonly watermarkMs: number
  readonly now: () => number
}

/** Opens the engine behind a location. Creates tables in a directory, but not on a ClickHouse server: its owner does that. */
export async function openLocation(asked: Asked): Promise<Opened> {
  if (!isRemote(asked.location)) return openDirectory(asked)
  const { openRemote } = await import('./engine/remote.ts')
  const engine = await openRemote(asked.location)
  try {
    return await lookInside(engine, asked)
  } catch (error) {
    await engine.close()
    throw error
  }
}

async function openDirectory(asked: Asked): Promise<Opened> {
  const { location, traces, retentionDays, minFreeBytes, fsync, temporary } = asked
  if (traces !== undefined && tracesText(parseTraces(traces)) !== tracesText(defaultTraces))
    throw new StoreError('usage', `traces: a store in a directory has its spans in ${tracesText(defaultTraces)}`)
  const layout = { traces: defaultTraces, retentionDays: retentionDays ?? defaultRetentionDays }
  const prepare = async (opened: Engine): Promise<void> => {
    if (opened.space?.isSpent()) await mustBeSettled(opened, location)
    else await settleSchema(opened, layout, location)
  }
  const { openEmbedded } = await import('./engine/embedded.ts')
  const engine = await openEmbedded(location, prepare, { minFreeBytes, fsync, temporary })
  return { engine, traces: defaultTraces, logs: defaultLogs, access: 'all', shared: false }
}

/** On a full disk, a store can only be read, and only if its tables are up to date. */
async function mustBeSettled(engine: Engine, location: string): Promise<void> {
  const { version } = await schemaOf(engine, location)
  if (version === schemaVersion) return
  throw new StoreError(
    'full',
    `store ${location}: its disk is full, and its tables are still to be made: free some space`,
  )
}

async function lookInside(engine: Engine, asked: Asked): Promise<Opened> {
  const where = shown(asked.location)
  const named = asked.traces === undefined ? undefined : parseTraces(asked.traces)
  const { version, traces = defaultTraces } = await schemaOf(engine, where).catch((error: unknown) => {
    // A user without rights to our tables reads the spans.
    if (asked.readOnly && isRefused(error)) return { version: 0, traces: undefined }
    throw error
  })
  if (version === 0) {
    if (!asked.readOnly)
      throw new StoreError(
        'unavailable',
        `store ${where}: it has no tables of coalmine; make them with "coalmine store init --store ${where}", which shows what it would do with --dry-run`,
      )
    return openSpans(engine, named ?? defaultTraces, asked)
  }
  if (version < schemaVersion)
    throw new StoreError(
      'unavailable',
      `store ${where}: its tables are of version ${version}, this release needs version ${schemaVersion}; bring them forward with "coalmine store init --store ${where}"`,
    )
  if (named && tracesText(named) !== tracesText(traces))
    throw new StoreError(
      'usage',
      `traces: the tables of store ${where} were made for ${tracesText(traces)}; leave --traces out, or make them for ${tracesText(named)} with "coalmine store init"`,
    )
  const logs = await logsBeside(engine, traces)
  if (asked.readOnly) return { engine, traces, logs, access: (await canWrite(engine)) ? 'all' : 'read', shared: true }
  await engine.write(mayWrite)
  return { engine, traces, logs, access: 'all', shared: true }
}

async function openSpans(engine: Engine, traces: Traces, { location, watermarkMs, now }: Asked): Promise<Opened> {
  if (!(await hasTraces(engine, traces)))
    throw new StoreError(
      'unavailable',
      `store ${shown(location)}: there is no table ${tracesText(traces)} that this user may read; name the one that has the spans with --traces`,
    )
  const logs = await logsBeside(engine, traces)
  return { engine: readingSpansOnly(engine, { traces, watermarkMs, now }), traces, logs, access: 'spans', shared: true }
}

// ClickHouse error codes: not enough privileges; read-only user or server; read-only table.
const notAllowed: readonly unknown[] = [497, 164, 242]

async function canWrite(engine: Engine): Promise<boolean> {
  try {
    await engine.write(mayWrite)
    return true
  } catch (error) {
    if (isRefused(error)) return false
    throw error
  }
}

function isRefused(error: unknown): boolean {
  const { cause } = error as { cause?: { code?: unknown } }
  return notAllowed.includes(cause?.code)
}

/** Inserts no rows, but fails if the user may not insert. */
export const mayWrite = `
  INSERT INTO coalmine_comparisons SELECT * FROM coalmine_comparisons WHERE false`
