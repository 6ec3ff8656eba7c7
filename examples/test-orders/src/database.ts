import net, { type AddressInfo } from 'node:net'
import { PGlite } from '@electric-sql/pglite'
import pg from 'pg'

/** Where the orders are. */
export interface Database {
  readonly pool: pg.Pool
  close(): Promise<void>
}

/** A PostgreSQL server where an address is given, and otherwise one inside this process: the code above is the same. */
export async function openDatabase(url: string | undefined): Promise<Database> {
  if (url) {
    const pool = new pg.Pool({ connectionString: url })
    return { pool, close: () => pool.end() }
  }
  const engine = await PGlite.create()
  const server = net.createServer((socket) => void serve(engine, socket))
  await new Promise<void>((done) => void server.listen(0, '127.0.0.1', done))
  const { port } = server.address() as AddressInfo
  // The engine has one session, so the pool has one connection.
  const pool = new pg.Pool({ host: '127.0.0.1', port, user: 'postgres', database: 'postgres', max: 1 })
  return {
    pool,
    async close() {
      await pool.end()
      server.close()
      await engine.close()
    },
  }
}

/** PGlite speaks PostgreSQL's wire protocol itself; what is missing is the wire. */
async function serve(engine: PGlite, socket: net.Socket): Promise<void> {
  try {
    for await (const data of socket) socket.write(await engine.execProtocolRaw(data as Buffer))
  } catch {
    socket.destroy()
  }
}
