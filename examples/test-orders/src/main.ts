import { randomBytes, randomUUID } from 'node:crypto'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { signMarker } from '@coalmine/marks'
import { shop } from './app.ts'
import { openDatabase } from './database.ts'
import { createSchema } from './schema.ts'

// Three orders: by a user, by a signed test run, and by somebody who only says that it is a test.
const key = { id: 'k1', secret: randomBytes(32).toString('hex') }
const database = await openDatabase(process.env['DATABASE_URL'])
await createSchema(database.pool)
const server = http.createServer(shop(database.pool, { keys: [key] }))
await new Promise<void>((done) => void server.listen(0, '127.0.0.1', done))

const marker = signMarker({ run: 'load-7', entity: 'user:42', expiresAt: Date.now() + 60_000 }, key)
const by = { 'a user': {}, 'run load-7': { 'coalmine-test': marker }, 'a claim': { baggage: 'coalmine.test=true' } }
for (const [item, headers] of Object.entries<Record<string, string>>(by)) {
  await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/orders`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ id: randomUUID(), item: `ordered by ${item}` }),
  })
}
for (const schema of ['public', 'test_orders']) {
  const { rows } = await database.pool.query(`SELECT item FROM ${schema}.orders`)
  console.log(`${schema}.orders: ${rows.map((row: { item: string }) => row.item).join(', ')}`)
}
server.close().closeAllConnections()
await database.close()
