import { constants } from 'node:fs'
import { access, mkdir, stat } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { type ClickHouseClient, ClickHouseLogLevel, createClient } from '@clickhouse/client'
import { StoreError } from '../errors.ts'
import { quoted } from '../traces.ts'
import { loadChdb } from './chdb.ts'
import { type Clients, openConnections } from './connections.ts'
import { refuseEmptyDefinitions } from './definitions.ts'
import type { Engine, Params } from './engine.ts'
import { restoreFatalSignals } from './fatal-signals.ts'
import { holderOf } from './holder.ts'
import { type Incoming, insertJsonLines, openIncoming } from './incoming.ts'
import {
  definitionsInMemory,
  type IncomingTable,
  incomingTables,
  limitInserts,
  limitReads,
  limitWrites,
  partsPutAside,
  settingsToChange,
  startMerges,
  stopMerges,
} from './limits.ts'
import { takeLock } from './lock.ts'
import { parquetRows, removeParquet } from './parquet.ts'
import { showingProgress } from './progress.ts'
import { defaultMinFreeBytes, freeBytesOf, watchSpace } from './space.ts'
import { bytesOf } from './stream-bytes.ts'
import { withValues } from './values.ts'

type ClientConnection = NonNullable<NonNullable<Parameters<typeof createClient>[0]>['connection']>

/** Options for writing to a directory. */
export interface EmbeddedOptions {
  readonly minFreeBytes?: number | undefined
  /** Sync spans and log records to disk before acknowledging them, so that a power failure loses none. */
  readonly fsync?: boolean | undefined
  /** The directory is removed when the process ends, so it need not survive a power failure. */
  readonly temporary?: boolean
}

/** Opens the engine inside this process, over a directory. `prepare` creates the tables before rows can come in. */
export async function openEmbedded(
  directory: string,
  prepare: (engine: Engine) => Promise<void>,
  { minFreeBytes = defaultMinFreeBytes, fsync = false, temporary = false }: EmbeddedOptions = {},
): Promise<Engine> {
  const path = resolve(mustHaveCurrentFolder(), directory)
  const { createChdbConnection } = await loadChdb(() => import('chdb/connection'))
  await makeUsable(path)
  const lock = await takeLock(path).catch((cause: unknown) => {
    if ((cause as NodeJS.ErrnoException).code === 'ENOSPC')
      throw new StoreError('full', `store ${path}: its disk is full, without room even for a lock: free some space`, {
        cause,
      })
    throw new StoreError('unavailable', `store ${path}: cannot be locked: ${messageOf(cause)}`, { cause })
  })
  if ('holder' in lock) throw heldBy(path, `process ${lock.holder}`)
  try {
    const holder = await holderOf(path)
    if (holder !== undefined) throw heldBy(path, `process ${holder}`)
    await removeParquet(path)
    await refuseEmptyDefinitions(path)
    const engine = await connected(path, createChdbConnection, prepare, { minFreeBytes, fsync, temporary }, lock.touch)
    return { ...engine, close: () => engine.close().finally(lock.release) }
  } catch (error) {
    await lock.release()
    throw error
  }
}

type CreateConnection = typeof import('chdb/connection')['createChdbConnection']

async function connected(
  path: string,
  createChdbConnection: CreateConnection,
  prepare: (engine: Engine) => Promise<void>,
  { minFreeBytes, fsync, temporary }: Required<{ [K in keyof EmbeddedOptions]: NonNullable<EmbeddedOptions[K]> }>,
  show: () => void,
): Promise<Engine> {
  const connect = (): ClickHouseClient => {
    try {
      // Both packages declare this interface, and TypeScript treats the declarations as different types.
      const connection = createChdbConnection({ path }) as unknown as ClientConnection
      return createClient({ connection, log: { level: ClickHouseLogLevel.OFF } })
    } catch (cause) {
      const { message } = cause as Error
      if (message.includes('one active data directory')) throw new StoreError('unavailable', oneStore(path), { cause })
      throw heldBy(path, 'another process, or it cannot be written', cause)
    }
  }
  const connectAll = async (): Promise<Clients> => {
    const clients = { inserter: connect(), writer: connect(), readers: [connect(), connect()] }
    for (const reader of clients.readers) await run(reader, limitReads)
    await run(clients.writer, limitWrites)
    if (temporary) await run(clients.writer, definitionsInMemory)
    await run(clients.inserter, limitInserts)
    restoreFatalSignals()
    return clients
  }
  const connections = showingProgress(await openConnections(connectAll), show)
  const toInserter = (statement: string): Promise<void> => connections.use('insert', (client) => run(client, statement))
  let incoming: Promise<Incoming> | undefined
  let watched = path
  try {
    const space = await watchSpace({
      path,
      minFreeBytes,
      freeBytes: () => freeBytesOf(watched),
      onShort: async (torn) => {
        await toInserter(stopMerges)
        if (!torn) return
        await connections.renew()
        await toInserter(stopMerges)
      },
      onRoom: () => toInserter(startMerges),
    })
    const write: Engine['write'] = async (statement, params) => {
      await space.needSome()
      await connections.use('write', (client) => run(client, statement, params))
    }
    const engine: Engine = {
      space,
      write,
      // In process, nothing is retried.
      writeOnce: write,
      read: (statement, params) => connections.use('read', (client) => rowsOf(client, statement, params)),
      readFirst: (statement, params) => connections.use('write', (client) => rowsOf(client, statement, params)),
      readBinary: (statement, params) => connections.use('read', (client) => binaryOf(client, statement, params)),
      insertSpans: async (rows) => {
        await space.need()
        await (await opened()).insert(rows)
        await space.held()
      },
      insertLogs: async (lines, into) => {
        await space.need()
        const statement = insertJsonLines(quoted(into), lines, crypto.randomUUID())
        await toInserter(statement)
        await space.held()
      },
      parquetRows: (bytes, fromRow) => parquetRows(bytes, fromRow, { directory: path, needNow: space.needNow }),
      close: async () => {
        await space.settled()
        await (await incoming)?.close()
        await connections.close()
      },
    }
    // On a spent disk it fails, and is tried again with what comes when there is room.
    const opened = (): Promise<Incoming> => {
      incoming ??= engine
        .read<IncomingTable>(incomingTables)
        .then((tables) =>
          Promise.all(tables.flatMap((table) => settingsToChange(table, fsync)).map((change) => engine.write(change))),
        )
        .then(() => openIncoming(path, engine, toInserter, engineFailed))
        .catch((error: unknown) => {
          incoming = undefined
          throw error
        })
      return incoming
    }
    await prepare(engine)
    // If the store is deleted under it, the engine recreates its folders and reports rows as stored, but it never recreates this one.
    watched = join(path, 'metadata')
    if (!space.isSpent()) await opened()
    const putAside = await engine.read<{ table: string; name: string }>(partsPutAside)
    return { ...engine, putAside: putAside.map(({ table, name }) => `${table}/detached/${name}`) }
  } catch (error) {
    await (await incoming)?.close()
    await connections.close()
    throw error
  }
}

// Without one the engine fails, and says that the store is held.
function mustHaveCurrentFolder(): string {
  try {
    return process.cwd()
  } catch (cause) {
    throw new StoreError('unavailable', 'the current folder is gone, and the engine needs one; change to another', {
      cause,
    })
  }
}

// The engine prints its errors to the terminal, so check beforehand that the directory is usable.
async function makeUsable(path: string): Promise<void> {
  const found = await stat(path).catch(() => undefined)
  if (found && !found.isDirectory())
    throw new StoreError('unavailable', `store ${path}: it is a file; name a directory`)
  // Spans may contain personal data: only this user may read them.
  await makeDirectory(path)
    .then(() => stat(path))
    .catch((cause: unknown) => {
      throw new StoreError(
        'unavailable',
        `store ${path}: cannot make the directory: ${messageOf(cause)}; name one that can be made and written`,
        { cause },
      )
    })
  for (const place of ['', 'store', 'metadata', 'data', 'tmp'])
    await access(join(path, place), constants.R_OK | constants.W_OK | constants.X_OK).catch((cause: unknown) => {
      const { code } = cause as NodeJS.ErrnoException
      if (code === 'ENOENT') return
      const why =
        code === 'EROFS'
          ? 'its file system is read-only, and the engine has to write even to read; copy the directory to another'
          : 'cannot be written by this user; make it theirs, or name another directory'
      throw new StoreError('unavailable', `store ${join(path, place)}: ${why}`, { cause })
    })
}

// Node's own way to make the directories above never returns on file systems such as /proc, where none can be made.
async function makeDirectory(path: string, mayMakeAbove = true): Promise<void> {
  try {
    await mkdir(path, { mode: 0o700 })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EEXIST') return
    const above = dirname(path)
    if (code !== 'ENOENT' || !mayMakeAbove || above === path) throw error
    await makeDirectory(above)
    await makeDirectory(path, false)
  }
}

async function run(client: ClickHouseClient, statement: string, params: Params = {}): Promise<void> {
  await client.command({ query: withValues(statement, params) }).catch(engineFailed)
}

async function rowsOf<Row>(client: ClickHouseClient, statement: string, params: Params = {}): Promise<Row[]> {
  const query = withValues(statement, params)
  const result = await client.query({ query, format: 'JSONEachRow' }).catch(engineFailed)
  return result.json<Row>()
}

async function binaryOf(client: ClickHouseClient, statement: string, params: Params = {}): Promise<Uint8Array> {
  const query = `${withValues(statement, params)} FORMAT RowBinary`
  const { stream } = await client.exec({ query }).catch(engineFailed)
  return bytesOf(stream)
}

function engineFailed(cause: unknown): never {
  const message = messageOf(cause)
  if (/not enough space|no space left/i.test(message))
    throw new StoreError('full', `the store's disk is full, free some space: ${message}`, { cause })
  const advice = /too many open files/i.test(message) ? '; allow this process more of them (ulimit -n)' : ''
  throw new StoreError('unavailable', `the store's engine refused a statement: ${message}${advice}`, { cause })
}

const heldBy = (path: string, holder: string, cause?: unknown): StoreError =>
  new StoreError(
    'held',
    `store ${path} is held by ${holder}; stop it, or name another directory (or the server's URL)`,
    { cause },
  )

const oneStore = (path: string): string =>
  `store ${path}: this process has another store open, and the embedded engine serves one directory at a time`

const messageOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause))
