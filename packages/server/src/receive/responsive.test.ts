import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { type IncomingMessage, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { keyValues, type OtlpRequest, protobufOf } from '../../../../test/otlp.ts'
import { type RunningServer, startServer } from '../server.ts'

let directory: string
let server: RunningServer
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'coalmine-responsive-'))
  server = await startServer({ store: directory, port: 0 })
})
afterAll(async () => {
  await server.close()
  await rm(directory, { recursive: true, force: true })
})

const mostMs = 250
const now = BigInt(Date.now()) * 1_000_000n

function traces(spans: number, resourceBytes: number, attributes: Record<string, string> = {}): OtlpRequest {
  const span = (n: number) => ({
    traceId: n.toString(16).padStart(32, '1'),
    spanId: n.toString(16).padStart(16, '1'),
    name: 'GET /cart',
    kind: 2,
    startTimeUnixNano: String(now),
    endTimeUnixNano: String(now + 1_000_000n),
    attributes: keyValues(attributes),
  })
  const resource = keyValues({ 'service.name': 'crowd', 'process.command_args': 'x'.repeat(resourceBytes) })
  const scopeSpans = [{ scope: { name: '' }, spans: Array.from({ length: spans }, (_, n) => span(n + 1)) }]
  return { resourceSpans: [{ resource: { attributes: resource }, scopeSpans }] }
}

const usual = { 'http.route': '/cart', 'http.request.method': 'GET', 'service.version': '1.0.0' }
const text = (value: unknown): Buffer => Buffer.from(JSON.stringify(value))
const json = 'application/json'
const protobuf = 'application/x-protobuf'
const records = (count: number) => ({
  resourceLogs: [{ scopeLogs: [{ logRecords: Array(count).fill({ body: { stringValue: 'x' }, attributes: [] }) }] }],
})
const evaluations = (count: number) => {
  const attributes = keyValues({ 'feature_flag.key': 'checkout', 'feature_flag.result.variant': 'on' })
  const one = { timeUnixNano: String(now), eventName: 'feature_flag.evaluation', attributes }
  return { resourceLogs: [{ scopeLogs: [{ logRecords: Array(count).fill(one) }] }] }
}
const lines = (count: number, line: string): Buffer => Buffer.from(`${line}\n`.repeat(count))

type Case = readonly [what: string, path: string, type: string, body: Buffer, status: number]

const cases: readonly Case[] = [
  ['JSON of many spans', '/v1/traces', json, text(traces(30_000, 10, usual)), 200],
  ['protobuf of many spans', '/v1/traces', protobuf, protobufOf(traces(70_000, 10, usual)), 200],
  ['a large resource of many spans, as JSON', '/v1/traces', json, text(traces(20_000, 100_000)), 413],
  ['a large resource of many spans, as protobuf', '/v1/traces', protobuf, protobufOf(traces(20_000, 100_000)), 413],
  ['a large resource of few spans', '/v1/traces', json, text(traces(450, 100_000)), 200],
  ['empty objects', '/v1/traces', json, Buffer.from(`{"resourceSpans":[${Array(490_000).fill('{}').join()}]}`), 413],
  ['no protobuf', '/v1/traces', protobuf, Buffer.alloc(15_000_000, 0x0a), 400],
  ['JSON of many log records', '/v1/logs', json, text(records(100_000)), 200],
  ['evaluations of many flags', '/v1/logs', json, text(evaluations(60_000)), 200],
  ['a file of one large request', '/api/import', json, text(traces(30_000, 10, usual)), 200],
  ['a file of many small requests', '/api/import', json, lines(10_000, JSON.stringify(traces(2, 10, usual))), 200],
]

// Own time on the processor, which what else the machine does has little part in: of a thread that waits it is none.
const ownMs = (): number => {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1000
}

/** The longest time for which work keeps this thread, on which the server answers, from everything else. */
async function longestTurnMs(work: () => Promise<unknown>): Promise<number> {
  let longest = 0
  let last = ownMs()
  const look = (): void => {
    const at = ownMs()
    longest = Math.max(longest, at - last)
    last = at
  }
  const timer = setInterval(look, 1)
  await work()
  clearInterval(timer)
  look()
  return longest
}

it.each(cases)('answers others meanwhile, whatever it is sent: %s', async (_what, path, type, body, status) => {
  const packed = path === '/api/import' ? body : gzipSync(body, { level: 1 })
  const encoding = path === '/api/import' ? {} : { 'content-encoding': 'gzip' }
  const longest = await longestTurnMs(async () => {
    const sending = request(`${server.url}${path}`, { method: 'POST', headers: { 'content-type': type, ...encoding } })
    sending.end(packed)
    const [response] = (await once(sending, 'response')) as [IncomingMessage]
    response.resume()
    await once(response, 'end')
    expect(response.statusCode).toBe(status)
  })
  expect(longest).toBeLessThan(mostMs)
})
