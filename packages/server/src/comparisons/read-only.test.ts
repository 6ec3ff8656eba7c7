// On a cluster where nothing may be written a comparison runs all the same, and lives as long as its server.
import { initStore, openStore } from '@coalmine/store'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type ClickHouse, startClickHouse } from '../../../store/test/clickhouse-http.ts'
import { batchOf, firstStart, spanOf } from '../../../store/test/spans.ts'
import { cart } from '../../../store/test/totals.ts'
import { type RunningServer, startServer } from '../server.ts'
import type { ComparisonState } from './state.ts'

let cluster: ClickHouse
const warnings: string[] = []
const now = (): number => firstStart + 600_000

const start = (): Promise<RunningServer> =>
  startServer({
    store: cluster.url({ user: 'reader' }),
    port: 0,
    readOnly: true,
    lookEveryMs: 50,
    now,
    warn: (message) => warnings.push(message),
  })

beforeAll(async () => {
  cluster = await startClickHouse({ users: { reader: { grants: ['SELECT ON default.*', 'SELECT ON system.*'] } } })
  await initStore({ location: cluster.url() })
  const store = await openStore({ location: cluster.url(), watermarkMs: 0, now })
  const spans = Array.from({ length: 200 }, (_, index) =>
    spanOf({ atMs: index * 100, attributes: cart({ 'service.version': index % 2 ? '1.0.0' : '2.0.0' }) }),
  )
  await store.ingest.insert(batchOf(...spans))
  await store.ingest.closeDue()
  await store.close()
})

afterAll(() => cluster.close())

it('is judged in memory, says that it is not kept, and is gone with its server', async () => {
  const asked = { service: 'storefront', stable: 'service.version=1.0.0', canary: 'service.version=2.0.0' }
  const server = await start()
  const response = await fetch(`${server.url}/api/comparisons`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(asked),
  })
  expect(response.status).toBe(201)
  const { id } = (await response.json()) as ComparisonState
  const stateOf = async () =>
    (await (await fetch(`${server.url}/api/comparisons/${id}`)).json()) as ComparisonState & { verdict: object | null }
  await expect.poll(async () => (await stateOf()).verdict).toMatchObject({ verdict: 'inconclusive' })
  expect(warnings).toEqual([expect.stringContaining('running comparisons are kept only in memory')])
  await server.close()
  expect(await cluster.query('SELECT count() AS rows FROM coalmine_comparison_events')).toEqual([{ rows: 0 }])
  const next = await start()
  expect(await (await fetch(`${next.url}/api/comparisons`)).json()).toEqual({ comparisons: [] })
  await next.close()
})
