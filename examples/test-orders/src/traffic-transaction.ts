import { currentTraffic } from '@coalmine/marks'
import type { Pool, PoolClient } from 'pg'

/**
 * Runs `work` in a transaction as the role that the current request's traffic has: `shop_test` for trusted test
 * traffic, `shop_users` for everybody else. The role decides which schema a bare table name means, and PostgreSQL
 * refuses every other: a statement that somebody forgets to adapt fails, and writes nothing anywhere. Neither does work
 * that outlived its request: whose it is, nobody knows.
 *
 * @throws Error when it is unknown whose traffic this is
 * @example await trafficTransaction(pool, (client) => client.query('INSERT INTO orders (item) VALUES ($1)', [item]))
 */
export async function trafficTransaction<T>(pool: Pool, work: (client: PoolClient) => Promise<T>): Promise<T> {
  const traffic = currentTraffic()
  if (traffic === 'unknown') {
    throw new Error(
      'this work is of no request that is still open: queue it with currentTest(), or run it in keepMarks()',
    )
  }
  const [role, schema] = traffic === 'test' ? ['shop_test', 'test_orders'] : ['shop_users', 'public']
  const client = await pool.connect()
  try {
    await client.query('BEGIN')
    // LOCAL: they end with the transaction, so the connection goes back to the pool as it came.
    await client.query(`SET LOCAL ROLE ${role}`)
    await client.query(`SET LOCAL search_path TO ${schema}`)
    const result = await work(client)
    await client.query('COMMIT')
    return result
  } catch (error) {
    await client.query('ROLLBACK')
    throw error
  } finally {
    client.release()
  }
}
