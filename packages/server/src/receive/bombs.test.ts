import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { keyValues, type OtlpRequest, protobufOf } from '../../../../test/otlp.ts'
import { type RunningServer, startServer } from '../server.ts'

let directory: string
let server: RunningServer
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'coalmine-bombs-'))
  server = await startServer({ store: directory, port: 0 })
})
afterAll(async () => {
  await server.close()
  await rm(directory, { recursive: true, force: true })
})

const start = String(BigInt(Date.now()) * 1_000_000n)

/** Spans that are nearly nothing, below a resource of so many bytes. */
function crowd(spans: number, resourceBytes: number): OtlpRequest {
  const span = (n: number) => ({
    traceId: n.toString(16).padStart(32, '1'),
    spanId: n.toString(16).padStart(16, '1'),
    name: '',
    kind: 2,
    startTimeUnixNano: start,
    endTimeUnixNano: start,
    attributes: [],
  })
  const attributes = keyValues({ 'service.name': 'crowd', 'process.command_args': 'x'.repeat(resourceBytes) })
  const scopeSpans = [{ scope: { name: '' }, spans: Array.from({ length: spans }, (_, n) => span(n + 1)) }]
  return { resourceSpans: [{ resource: { attributes }, scopeSpans }] }
}

const repeated = (times: number, part: number[]): Buffer => Buffer.alloc(times * part.length, Buffer.from(part))
const json = 'application/json'
const protobuf = 'application/x-protobuf'

const bombs: readonly [what: string, type: string, body: () => Buffer][] = [
  ['a large resource of many spans, as JSON', json, () => Buffer.from(JSON.stringify(crowd(5_000, 100_000)))],
  ['a large resource of many spans, as protobuf', protobuf, () => protobufOf(crowd(5_000, 100_000))],
  ['millions of empty objects', json, () => Buffer.from(`{"resourceSpans":[${Array(5_000_000).fill('{}').join()}]}`)],
  ['fewer empty objects', json, () => Buffer.from(`{"resourceSpans":[${Array(300_000).fill('{}').join()}]}`)],
  ['lists in lists', json, () => Buffer.from(`{"resourceSpans":${'['.repeat(7_000_000)}${']'.repeat(7_000_000)}}`)],
  ['empty resources as protobuf', protobuf, () => repeated(7_000_000, [0x0a, 0])],
]

it.each(bombs)('is refused before it takes much: %s', async (_what, type, body) => {
  const held = process.memoryUsage().rss
  const response = await fetch(`${server.url}/v1/traces`, {
    method: 'POST',
    body: gzipSync(body(), { level: 1 }),
    headers: { 'content-type': type, 'content-encoding': 'gzip' },
  })
  expect(response.status).toBe(413)
  expect(process.memoryUsage().rss - held).toBeLessThan(500_000_000)
})

it('a request of spans as exporters send them is taken, however large it may be', async () => {
  const response = await fetch(`${server.url}/v1/traces`, {
    method: 'POST',
    body: JSON.stringify(crowd(50_000, 400)),
    headers: { 'content-type': json },
  })
  expect(response.status).toBe(200)
})
