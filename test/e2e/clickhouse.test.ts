import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type ClickHouse, startClickHouse } from '../../packages/store/test/clickhouse-http.ts'
import { coalmineHere as coalmine, serve } from './coalmine.ts'
import { exampleOn, expectPrinted } from './manual.ts'
import { compareShop, otlpLines, tickAgo } from './otlp.ts'

let folder: string
let server: ClickHouse

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'coalmine-clickhouse-'))
  server = await startClickHouse({ databases: ['shop'], users: { app: { password: 'secret' } } })
  const made = await coalmine(folder, ['store', 'init', '--store', server.url({ database: 'shop' })])
  expect(made).toMatchObject({ code: 0, stderr: '' })
})

afterAll(async () => {
  await server.close()
  rmSync(folder, { recursive: true })
})

it('says what it would make, and which rights that takes', async () => {
  const example = exampleOn('clickhouse.md')
  const args = example.args.map((arg) => arg.replace('http://clickhouse:8123/otel', server.url({ database: 'shop' })))
  const { stdout, stderr, code } = await coalmine(folder, args)
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expectPrinted(example, stdout.replaceAll('shop', 'otel'))
})

it.each([
  [
    'a wrong password',
    () => server.url({ user: 'app', password: 'wrong', database: 'shop' }),
    69,
    /^coalmine: store http:\/\/app@127\.0\.0\.1:\d+\/shop: user app is not known there, or has another password/,
  ],
  ['a database that is not there', () => server.url({ database: 'shpo' }), 69, /there is no database shpo; make it/],
  ['nobody who listens', () => 'http://127.0.0.1:9/shop', 69, /nothing listens on 127\.0\.0\.1:9 \(ECONNREFUSED\)/],
  ['a scheme that is not spoken', () => 'clickhouse://host:9000/shop', 64, /ClickHouse is spoken to over HTTP/],
])('ends with a clear message and no password at %s', async (_, store, code, told) => {
  const run = await coalmine(folder, [...compareShop, '--store', store()])
  expect(run).toMatchObject({ code, stdout: '', stderr: expect.stringMatching(told) })
  expect(run.stderr).not.toContain('wrong@')
})

it('serves through a restart of its ClickHouse, and refuses spans in a way that exporters send again', async () => {
  const location = server.url({ user: 'app', password: 'secret', database: 'shop' })
  const { line, url, stop } = await serve(folder, ['--store', location])
  expect(line).toContain(`coalmine serves http://app@127.0.0.1:${server.port}/shop on http`)
  const [body] = otlpLines({
    service: 'shop',
    route: 'GET /cart',
    version: '1.9.0',
    from: tickAgo(5_000),
    seconds: 1,
    perSecond: 5,
    medianMs: 20,
    seed: 1,
  })
  const send = () =>
    fetch(`${url}/v1/traces`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: body! })
  expect((await send()).status).toBe(200)
  await server.stop()
  const during = send()
  await new Promise((resolve) => setTimeout(resolve, 500))
  await server.start()
  expect((await during).status).toBe(200)
  server.fail({
    kind: 'answer',
    status: 500,
    code: 252,
    body: 'Code: 252. DB::Exception: Too many parts. (TOO_MANY_PARTS)',
  })
  expect((await send()).status).toBe(503)
  server.heal()
  expect((await send()).status).toBe(200)
  expect(await stop()).toBe(0)
})
