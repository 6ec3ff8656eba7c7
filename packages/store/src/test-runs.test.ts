import { expect, it } from 'vitest'
import { freshStore } from '../test/fresh-store.ts'
import { batchOf, firstStart, spanOf } from '../test/spans.ts'

const fresh = freshStore()

const test = (changes: Readonly<Record<string, string>> = {}): Record<string, string> => ({
  'http.route': '/cart',
  'http.request.method': 'GET',
  'service.version': '1.0.0',
  'coalmine.test': 'true',
  'coalmine.test.run': 'load-7',
  'coalmine.test.owner': 'ana@shop.example',
  'coalmine.test.expires': new Date(firstStart + 600_000).toISOString(),
  ...changes,
})

const insert = (table: string, host = 'db-1', more: Readonly<Record<string, string>> = {}) => ({
  name: 'INSERT',
  kind: 'Client' as const,
  parentSpanId: 'aa'.repeat(8),
  attributes: {
    'db.system.name': 'postgresql',
    'db.operation.name': 'INSERT',
    'db.collection.name': table,
    'db.namespace': 'shop',
    'server.address': host,
    ...more,
  },
})

const mark = { 'coalmine.test': 'true', 'coalmine.test.run': 'load-7' }

it('says of each run who answers for it, what it asked, which flags it met, and where it wrote', async () => {
  const twice = spanOf({ atMs: 1_000, attributes: test({ 'coalmine.flags': 'new-pricing=on' }) })
  await fresh.store.ingest.insert(
    batchOf(
      twice,
      twice,
      spanOf({ atMs: 62_000, attributes: test({ 'coalmine.test.entity': 'user:42' }), status: 'Error' }),
      spanOf({ atMs: 2_000, service: 'stock', attributes: test({ 'http.route': '/stock' }) }),
      spanOf({ atMs: 1_000, ...insert('test_orders', 'db-1', mark) }),
      spanOf({ atMs: 1_000, ...insert('audit', 'db-1', mark) }),
      // Users' requests, and what they write.
      spanOf({ atMs: 1_000 }),
      spanOf({ atMs: 1_000, ...insert('orders') }),
      spanOf({ atMs: 1_000, ...insert('audit') }),
    ),
  )
  await fresh.closeAll()
  const [run, ...others] = await fresh.store.testRuns.list({ sinceMs: firstStart - 3_600_000 })
  expect(others).toEqual([])
  expect(run).toEqual({
    run: 'load-7',
    startMs: firstStart + 1_000,
    lastMs: firstStart + 62_020,
    owner: 'ana@shop.example',
    expiresMs: firstStart + 600_000,
    requests: 3,
    errors: 1,
    spans: 5,
    entities: 1,
    flags: ['new-pricing=on'],
    operations: [
      { service: 'storefront', operation: 'GET /cart', requests: 2, errors: 1 },
      { service: 'stock', operation: 'GET /stock', requests: 1, errors: 0 },
    ],
    writes: [
      { service: 'storefront', target: 'postgresql db-1/shop.audit', writes: 1, usersWrites: 1 },
      { service: 'storefront', target: 'postgresql db-1/shop.test_orders', writes: 1, usersWrites: 0 },
    ],
  })
})

it('takes the same name after half an hour of silence for another run, and finds one by its name', async () => {
  const at = (atMs: number, run: string) => spanOf({ atMs, attributes: test({ 'coalmine.test.run': run }) })
  await fresh.store.ingest.insert(
    batchOf(at(0, 'nightly'), at(1_500_000, 'nightly'), at(3_500_000, 'nightly'), at(0, 'other')),
  )
  await fresh.closeAfter(7_200_000)
  const runs = await fresh.store.testRuns.list({ sinceMs: firstStart - 3_600_000, run: 'nightly' })
  expect(runs.map(({ startMs, requests }) => [startMs - firstStart, requests])).toEqual([
    [3_500_000, 1],
    [0, 2],
  ])
})

it('counts users alone, in blocks from a moment on, of what was closed last', async () => {
  await fresh.store.ingest.insert(
    batchOf(
      spanOf(),
      spanOf({ atMs: 29_000, status: 'Error' }),
      spanOf({ atMs: 31_000 }),
      spanOf({ attributes: test() }),
    ),
  )
  await fresh.closeAll()
  const hold = await fresh.store.ingest.hold()
  await fresh.store.ingest.insert(batchOf(spanOf({ atMs: 30_000 })), hold)
  fresh.store.ingest.release(hold)
  await fresh.closeAll()
  const asked = { services: ['storefront'], fromMs: firstStart, toMs: firstStart + 60_000, blockSeconds: 30 }
  const blocks = await fresh.store.testRuns.users(asked)
  expect(blocks.map(({ fromMs, traces, errors }) => [(fromMs - firstStart) / 1000, traces, errors])).toEqual([
    [0, 2, 1],
    [30, 2, 0],
  ])
  expect(blocks[0]).toMatchObject({ operation: 'GET /cart', counts: [2] })
})

it('keeps what became of a run', async () => {
  const event = {
    run: 'load-7',
    beganMs: firstStart,
    kind: 'revoked' as const,
    atMs: firstStart + 5,
    told: '{"by":"ana"}',
  }
  expect(await fresh.store.testRuns.keep(event)).toBe(true)
  expect(await fresh.store.testRuns.events(firstStart)).toEqual([event])
  expect(await fresh.store.testRuns.events(firstStart + 1)).toEqual([])
})
