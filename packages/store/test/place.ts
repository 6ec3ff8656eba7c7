import { mkdtemp, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { rowsOf } from '../src/engine/rows.ts'
import { initStore } from '../src/schema/init-store.ts'
import { startClickHouse } from './clickhouse-http.ts'

/** Where a suite has its stores: one at a time. */
export interface Place {
  readonly location: string
  /** Takes out what its store has, and leaves its tables: the next store is opened in a fraction of the time. */
  readonly empty: () => Promise<void>
  readonly remove: () => Promise<void>
}

/**
 * A place without a row: a directory; or a server, in the run of the project `contract`, in which suites prove over HTTP
 * what they prove of the embedded engine.
 */
export async function newPlace(): Promise<Place> {
  if (process.env['COALMINE_TEST_STORE'] !== 'http') return inDirectory()
  const server = await startClickHouse()
  await initStore({ location: server.url() })
  return { location: server.url(), empty: () => emptied(server.query), remove: server.close }
}

interface Session {
  queryAsync(sql: string, options: { format: string }): Promise<{ text(): string }>
  close(): void
}

async function inDirectory(): Promise<Place> {
  const location = await mkdtemp(join(tmpdir(), 'coalmine-store-'))
  const { Session } = createRequire(import.meta.url)('chdb') as { Session: new (path: string) => Session }
  // As long as one connection is left, the engine need not start again.
  const session = new Session(location)
  const query = async <Row>(statement: string): Promise<Row[]> => {
    const answer = await session.queryAsync(statement, { format: 'JSONEachRow' })
    return rowsOf<Row>(answer.text())
  }
  return {
    location,
    empty: () => emptied(query),
    remove: async () => {
      session.close()
      await rm(location, { recursive: true, force: true })
    },
  }
}

async function emptied(query: <Row>(statement: string) => Promise<Row[]>): Promise<void> {
  const tables = await query<{ name: string }>(
    "SELECT name FROM system.tables WHERE database = 'default' AND engine LIKE '%MergeTree' AND name != 'coalmine_schema' AND total_rows > 0",
  )
  for (const { name } of tables) await query(`TRUNCATE TABLE ${name}`)
}
