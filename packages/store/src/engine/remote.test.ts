import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { addSpan, newSpanBatch } from '../ingest/span-batch.ts'
import { openStore } from '../store.ts'

type Session = {
  queryAsync(sql: string, options: { format: string }): Promise<{ text(): string }>
  queryBindAsync(sql: string, params: object, options: { format: string }): Promise<{ text(): string }>
  close(): void
}
const { Session } = createRequire(import.meta.url)('chdb') as { Session: new (path: string) => Session }

// The real engine behind ClickHouse's HTTP interface, as far as the client uses it.
let directory: string
let session: Session
let server: Server
let url: string

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'coalmine-remote-'))
  session = new Session(directory)
  server = createServer((request, response) => {
    answer(request).then(
      (text) => response.end(text),
      (error: Error) => response.writeHead(500).end(error.message),
    )
  }).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})

afterAll(async () => {
  server.close()
  session.close()
  await rm(directory, { recursive: true, force: true })
})

async function answer(request: IncomingMessage): Promise<string> {
  const { searchParams } = new URL(request.url!, url)
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  const body = Buffer.concat(chunks)
  const query = searchParams.get('query') ?? body.toString()
  const params: Record<string, string> = {}
  for (const [key, value] of searchParams) if (key.startsWith('param_')) params[key.slice(6)] = value
  const options = { format: /FORMAT (\w+)\s*$/.exec(query)?.[1] ?? 'TabSeparated' }
  if (/FORMAT RowBinary/.test(query)) {
    const file = join(directory, 'rows')
    await writeFile(file, body)
    const insert = query.replace(/FORMAT RowBinary\s*$/, `SELECT * FROM file('${file}', RowBinary, '${structure}')`)
    return (await session.queryAsync(insert, options)).text()
  }
  const sql = query.replace(/FORMAT \w+\s*$/, '')
  if (Object.keys(params).length === 0) return (await session.queryAsync(sql, options)).text()
  return (await session.queryBindAsync(sql, params, options)).text()
}

const structure =
  'a DateTime64(9), b String, c String, d String, e String, f String, g String, h String, i Map(String, String), j String, ' +
  'k String, l Map(String, String), m UInt64, n String, o String, p Array(DateTime64(9)), q Array(String), ' +
  'r Array(Map(String, String)), s Array(String), t Array(String), u Array(String), v Array(Map(String, String))'

it('does over HTTP what it does in process', async () => {
  const now = Date.now() - 60_000
  const store = await openStore({ location: url, watermarkMs: 0 })
  const batch = newSpanBatch()
  for (const [index, version] of ['1.0.0', '2.0.0', '2.0.0'].entries())
    addSpan(batch, {
      service: 'storefront',
      resource: {},
      scopeName: '',
      scopeVersion: '',
      traceId: `${index}`.repeat(32),
      spanId: `${index}`.repeat(16),
      parentSpanId: '',
      traceState: '',
      name: 'GET',
      kind: 'Server',
      startNs: BigInt(now) * 1_000_000n,
      durationNs: 20_000_000n,
      attributes: { 'service.version': version },
      status: 'Unset',
      statusMessage: '',
      events: [],
      links: [],
    })
  await store.insert(batch)
  expect(await store.closeDue()).toBe(1)
  const comparison = { service: 'storefront', stable: 'service.version=1.0.0', canary: 'service.version=2.0.0' }
  const operations = []
  for await (const { operation, ticks } of store.readTicks(comparison).operations) operations.push({ operation, ticks })
  expect(operations).toMatchObject([
    { operation: 'GET', ticks: [{ stable: { requests: 1 }, canary: { requests: 2 } }] },
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
