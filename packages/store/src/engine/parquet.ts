import { createWriteStream } from 'node:fs'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { StoreError } from '../errors.ts'

import { loadChdb } from './chdb.ts'
import { defaultMinFreeBytes, freeBytesOf } from './space.ts'

const prefix = 'parquet-'

/**
 * The rows of a Parquet file from `fromRow` (the first is 0), as JSON lines: the columns' names, their types, then rows
 * in the file's order, each preceded by its number. The embedded engine reads it, so it is first written to a file, in
 * `directory` if this process has the engine open there; otherwise the engine is opened separately.
 *
 * Throws a StoreError of kind `malformed` if the file is not Parquet.
 */
export async function* parquetRows(
  bytes: AsyncIterable<Uint8Array>,
  fromRow: number,
  store?: { readonly directory: string; readonly needNow: () => Promise<void> },
): AsyncGenerator<Uint8Array> {
  const { Session } = await loadChdb(() => import('chdb'))
  const { directory } = store ?? {}
  const folder = await mkdtemp(join(directory ?? tmpdir(), prefix))
  try {
    const file = join(folder, 'spans.parquet')
    await pipeline(leavingRoom(bytes, store?.needNow ?? (() => mustHaveRoom(folder))), createWriteStream(file)).catch(
      (cause: NodeJS.ErrnoException) => {
        if (cause.syscall !== 'write') throw cause
        throw new StoreError('unavailable', `${file} cannot be written: ${cause.message}`, { cause })
      },
    )
    yield* inTurn(() => rowsOf(() => new Session(directory ?? folder), file, fromRow))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

const lookEveryBytes = 16_000_000

/** Passes the bytes through as long as there is disk space: a few kilobytes of gzip may expand to gigabytes. */
async function* leavingRoom(
  bytes: AsyncIterable<Uint8Array>,
  needNow: () => Promise<void>,
): AsyncGenerator<Uint8Array> {
  let since = lookEveryBytes
  for await (const chunk of bytes) {
    since += chunk.length
    if (since >= lookEveryBytes) {
      await needNow()
      since = 0
    }
    yield chunk
  }
}

async function mustHaveRoom(folder: string): Promise<void> {
  if ((await freeBytesOf(folder)) < defaultMinFreeBytes)
    throw new StoreError('full', `${folder}: its disk is nearly full, and a copy of the Parquet file must fit there`)
}

/** Removes the files that a crash left. */
export async function removeParquet(directory: string): Promise<void> {
  for (const name of await readdir(directory))
    if (name.startsWith(prefix)) await rm(join(directory, name), { recursive: true, force: true })
}

type Session = InstanceType<typeof import('chdb')['Session']>

async function* rowsOf(open: () => Session, file: string, fromRow: number): AsyncGenerator<Uint8Array> {
  const session = opened(open)
  try {
    await session.queryBindAsync(createParquet, { file })
    await session.queryBindAsync(createFirstRow, { row: fromRow })
    const columns = await session.queryAsync(parquetColumns, { format: 'JSONCompactColumns' })
    const [names, types] = columns.json<[string[], string[]]>()
    yield lineOf(['', ...names])
    yield lineOf(['', ...types])
    for await (const chunk of session.queryStream(readParquet, { format: 'JSONCompactEachRow' })) yield chunk.raw()
  } catch (cause) {
    if (!(cause instanceof Error && cause.name.startsWith('Chdb'))) throw cause
    throw new StoreError('malformed', `cannot be read as Parquet: ${reasonIn(cause.message)}`, { cause })
  } finally {
    await session.queryAsync(dropParquet)
    session.close()
  }
}

const lineOf = (cells: readonly string[]): Buffer => Buffer.from(`${JSON.stringify(cells)}\n`)

// All files use the same table name, so they are read one at a time.
let last: Promise<void> = Promise.resolve()

async function* inTurn<T>(work: () => AsyncGenerator<T>): AsyncGenerator<T> {
  const before = last
  let done = (): void => {}
  last = new Promise((resolve) => {
    done = resolve
  })
  try {
    await before
    yield* work()
  } finally {
    done()
  }
}

function opened(open: () => Session): Session {
  try {
    return open()
  } catch (cause) {
    throw new StoreError('unavailable', `Parquet cannot be read here: ${(cause as Error).message}`, { cause })
  }
}

// The engine wraps the reason in its own messages, the innermost last.
function reasonIn(message: string): string {
  const reasons = [...message.matchAll(/Code: \d+\. DB::Exception: ([^\n]*)/g)].map(([, reason]) => reason!)
  return (reasons.at(-1) ?? message.split('\n')[0]!).replace(/\s*\(version [^)]*\)?.*$/, '')
}

/** A Parquet file as a table: a statement whose rows stream cannot have bound parameters. */
export const createParquet = `CREATE OR REPLACE TABLE coalmine_parquet AS file({file:String}, 'Parquet')`

/** The number of the first row to read, from 0. */
export const createFirstRow = `CREATE TEMPORARY TABLE coalmine_first_row AS SELECT {row:UInt64} AS Row`

/** Names and types of the columns, in the order of the file. */
export const parquetColumns = `
  SELECT name, type
  FROM system.columns
  WHERE database = currentDatabase() AND table = 'coalmine_parquet'
  ORDER BY position`

/** Rows in the file's order, each preceded by its number; times are seconds since 1970. */
export const readParquet = `
  SELECT _row_number, *
  FROM coalmine_parquet
  WHERE _row_number >= (SELECT Row FROM coalmine_first_row)
  SETTINGS
    input_format_parquet_preserve_order = 1,
    session_timezone = 'UTC',
    date_time_output_format = 'unix_timestamp',
    output_format_json_quote_64bit_integers = 1,
    output_format_json_quote_decimals = 1,
    output_format_json_named_tuples_as_objects = 1,
    max_memory_usage = 2000000000`

/** Forgets the file. */
export const dropParquet = `DROP TABLE IF EXISTS coalmine_parquet`
