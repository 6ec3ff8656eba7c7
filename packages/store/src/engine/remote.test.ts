import { afterAll, beforeAll, expect, it } from 'vitest'
import { type ClickHouse, startClickHouse } from '../../test/clickhouse-http.ts'
import { batchOf, START, spanOf } from '../../test/spans.ts'
import { initStore } from '../init-store.ts'
import { openStore } from '../store.ts'

let server: ClickHouse

beforeAll(async () => {
  server = await startClickHouse({ databases: ['shop'], users: { reader: { password: 's3cret', readonly: 1 } } })
})

afterAll(() => server.close())

it('does over HTTP what it does in process', async () => {
  await initStore({ location: server.url({ database: 'shop' }) })
  const store = await openStore({
    location: server.url({ database: 'shop' }),
    watermarkMs: 0,
    now: () => START + 60_000,
  })
  const canary = { 'http.route': '/cart', 'http.request.method': 'GET', 'service.version': '2.0.0' }
  await store.insert(batchOf(spanOf(), spanOf({ attributes: canary }), spanOf({ attributes: canary })))
  expect(await store.closeDue()).toBe(1)
  const comparison = { service: 'storefront', stable: 'service.version=1.0.0', canary: 'service.version=2.0.0' }
  const operations = []
  for await (const { operation, ticks } of store.readTicks(comparison).operations) operations.push({ operation, ticks })
  expect(operations).toMatchObject([
    { operation: 'GET /cart', ticks: [{ stable: { requests: 1 }, canary: { requests: 2 } }] },
  ])
  expect(await store.cohortFacts(comparison)).toMatchObject({ canary: { traces: 2 }, late: 0 })
  await store.close()
})

it('says which server does not answer', async () => {
  await expect(openStore({ location: 'http://user:secret@127.0.0.1:9/' })).rejects.toMatchObject({
    kind: 'unavailable',
    message: expect.stringMatching(/^store http:\/\/user@127\.0\.0\.1:9\/: .*ECONNREFUSED/),
  })
})
