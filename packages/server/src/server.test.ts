import { randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { SpanKind, SpanStatusCode } from '@opentelemetry/api'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto'
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { type OtlpRequest, protobufOf } from '../../../test/otlp.ts'
import type { ImportAnswer } from './import/import.ts'
import { findServer } from './owner.ts'
import { type RunningServer, type ServerOptions, startServer } from './server.ts'

let directory: string
let server: RunningServer
const warnings: string[] = []

const start = (options: Partial<ServerOptions> = {}): Promise<RunningServer> =>
  startServer({ store: directory, port: 0, watermarkMs: 0, warn: (message) => warnings.push(message), ...options })

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'coalmine-server-'))
  server = await start()
})

afterAll(async () => {
  await server.close()
  await rm(directory, { recursive: true, force: true })
  expect(warnings).toEqual([])
})

let service: string
beforeEach(() => {
  service = `service-${randomBytes(4).toString('hex')}`
})

function span(changes: Record<string, unknown> = {}): Record<string, unknown> {
  const now = BigInt(Date.now() - 60_000) * 1_000_000n
  return {
    traceId: randomBytes(16).toString('hex'),
    spanId: randomBytes(8).toString('hex'),
    name: 'GET /cart',
    kind: 2,
    startTimeUnixNano: String(now),
    endTimeUnixNano: String(now + 20_000_000n),
    attributes: [
      { key: 'http.route', value: { stringValue: '/cart' } },
      { key: 'http.response.status_code', value: { intValue: '200' } },
    ],
    ...changes,
  }
}

const request = (...spans: unknown[]): unknown => ({
  resourceSpans: [
    {
      resource: {
        attributes: [
          { key: 'service.name', value: { stringValue: service } },
          { key: 'service.version', value: { stringValue: '1.0.0' } },
          { key: 'telemetry.sdk.name', value: { stringValue: 'opentelemetry' } },
          { key: 'telemetry.sdk.language', value: { stringValue: 'nodejs' } },
        ],
      },
      scopeSpans: [{ scope: { name: 'test' }, spans }],
    },
  ],
})

function post(
  path: string,
  body: string | Uint8Array<ArrayBuffer>,
  headers: Record<string, string> = {},
): Promise<Response> {
  return fetch(server.url + path, { method: 'POST', body, headers: { 'content-type': 'application/json', ...headers } })
}

const traces = (body: unknown, headers?: Record<string, string>): Promise<Response> =>
  post('/v1/traces', typeof body === 'string' ? body : JSON.stringify(body), headers)

async function importText(text: string | Uint8Array<ArrayBuffer>): Promise<ImportAnswer> {
  const response = await post('/api/import', text, { 'content-type': 'application/octet-stream' })
  expect(response.status).toBe(200)
  return (await response.json()) as ImportAnswer
}

const doctor = (name = service): Promise<Response> => fetch(`${server.url}/api/doctor?service=${name}`)

describe('POST /v1/traces', () => {
  it('acknowledges spans when they are stored', async () => {
    const response = await traces(request(span(), span()))
    expect([response.status, await response.json()]).toEqual([200, {}])
    expect(await (await doctor()).json()).toMatchObject({
      service,
      spans: 2,
      requests: 2,
      withBuild: 2,
      withoutRoute: 0,
      builds: ['1.0.0'],
      sdks: [{ name: 'opentelemetry', language: 'nodejs', version: '' }],
    })
  })

  it('reads gzip', async () => {
    const response = await post('/v1/traces', gzipSync(JSON.stringify(request(span()))), { 'content-encoding': 'gzip' })
    expect(response.status).toBe(200)
    expect(await (await doctor()).json()).toMatchObject({ spans: 1 })
  })

  it('batches requests that arrive together', async () => {
    const responses = await Promise.all(Array.from({ length: 50 }, () => traces(request(span()))))
    expect(responses.map(({ status }) => status)).toEqual(Array(50).fill(200))
    expect(await (await doctor()).json()).toMatchObject({ spans: 50 })
  })

  it('answers protobuf to protobuf', async () => {
    const headers = { 'content-type': 'application/x-protobuf' }
    const response = await post('/v1/traces', protobufOf(request(span(), span()) as OtlpRequest), headers)
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'application/x-protobuf'])
    expect(await response.bytes()).toHaveLength(0)
    expect(await (await doctor()).json()).toMatchObject({ spans: 2, builds: ['1.0.0'] })
    const refused = await post('/v1/traces', Buffer.from([0x0a, 5]), headers)
    expect([refused.status, refused.headers.get('content-type')]).toEqual([400, 'application/x-protobuf'])
    expect(Buffer.from(await refused.bytes()).toString('latin1')).toContain('not protobuf: the message is cut off')
  })

  it("takes what OpenTelemetry's exporter sends", async () => {
    vi.stubEnv('OTEL_EXPORTER_OTLP_COMPRESSION', 'gzip')
    const exporter = new OTLPTraceExporter({ url: `${server.url}/v1/traces` })
    const provider = new TracerProvider({ spanProcessors: [new BatchSpanProcessor({ exporter })] })
    const made = provider
      .getTracer('test')
      .startSpan('GET', { kind: SpanKind.SERVER, attributes: { 'service.version': service } })
    made.addEvent('exception', { 'exception.type': 'Error' }).setStatus({ code: SpanStatusCode.ERROR }).end()
    await provider.shutdown()
    vi.unstubAllEnvs()
    const { services } = (await (await fetch(`${server.url}/api/known`)).json()) as { services: string[] }
    const unnamed = services.find((name) => name.startsWith('unknown_service'))!
    expect(await (await doctor(encodeURIComponent(unnamed))).json()).toMatchObject({ requests: 1, builds: [service] })
  })

  it('answers 429 while too much waits, and takes it later', async () => {
    await server.close()
    server = await start({ maxQueuedBytes: 1_000 })
    const body = JSON.stringify(request(span()))
    const responses = await Promise.all(Array.from({ length: 20 }, () => traces(body)))
    const busy = responses.filter(({ status }) => status === 429)
    expect(busy.length).toBeGreaterThan(0)
    expect(busy.every(({ headers }) => Number(headers.get('retry-after')) > 0)).toBe(true)
    expect(new Set(responses.map(({ status }) => status))).toEqual(new Set([200, 429]))
    expect((await traces(body)).status).toBe(200)
    await server.close()
    server = await start()
  })

  it('refuses spans of another time, and says so', async () => {
    const nanoseconds = (ms: number) => ({ startTimeUnixNano: String(BigInt(ms) * 1_000_000n) })
    const response = await traces(
      request(
        span(),
        span(nanoseconds(0)),
        span(nanoseconds(Date.now() + 7_200_000)),
        span({ traceId: '0'.repeat(32) }),
      ),
    )
    expect(response.status).toBe(200)
    expect(await response.json()).toEqual({
      partialSuccess: {
        rejectedSpans: '3',
        errorMessage:
          'resourceSpans[0].scopeSpans[0].spans[1]: starts at 1970-01-01T00:00:00.000Z, older than what the store keeps (--keep)',
      },
    })
    expect(await (await doctor()).json()).toMatchObject({ spans: 1 })
  })

  it.each([
    ['{', 'the body is not JSON: '],
    ['[]', 'the request: expected an object, got []'],
    ['{"resourceLogs":[]}', 'expected an OTLP trace request, which has resourceSpans, got {"resourceLogs":[]}'],
    ['{"resourceSpans":{}}', 'resourceSpans: expected a list, got {}'],
    [
      '{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":7}]}]}]}',
      'resourceSpans[0].scopeSpans[0].spans[0].traceId: expected 32 hex digits, got 7',
    ],
    [
      '{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"q6urq6urq6urq6urq6urqw=="}]}]}]}',
      'traceId: expected 32 hex digits, got "q6urq6urq6urq6urq6urqw=="',
    ],
    [
      '{"resourceSpans":[{"resource":{"attributes":[{"key":"a","value":{"intValue":"x"}}]}}]}',
      'resourceSpans[0].resource.attributes[0].value.intValue: expected a whole number, or one as a text, got "x"',
    ],
    ['{"resourceSpans":[null]}', 'resourceSpans[0]: expected an object, got null'],
  ])('answers 400 to %s', async (body, message) => {
    const response = await traces(body)
    expect(response.status).toBe(400)
    expect(response.headers.get('content-type')).toContain('application/json')
    expect(await response.json()).toEqual({ code: 3, message: expect.stringContaining(message) })
  })

  it('takes a request of nothing', async () => {
    const response = await traces({})
    expect([response.status, await response.json()]).toEqual([200, {}])
  })

  it('says what to do about a body that is too large or of another type', async () => {
    expect(await (await post('/v1/traces', Buffer.alloc(17_000_000))).json()).toMatchObject({
      message: 'the body is larger than 16000000 bytes; send smaller batches',
    })
    for (const body of ['x', ''])
      expect(await (await post('/v1/traces', body, { 'content-type': 'text/plain' })).json()).toMatchObject({
        message: 'this content-type is not supported; send application/x-protobuf or application/json',
      })
    const compare = async (body: string | Uint8Array<ArrayBuffer>, type: string) => {
      const response = await post('/api/compare', body, { 'content-type': type })
      return [response.status, ((await response.json()) as { error: { message: string } }).error.message]
    }
    expect(await compare('x', 'text/xml')).toEqual([415, expect.stringContaining('send application/json')])
    expect(await compare(Buffer.alloc(2_000_000), 'application/json')).toEqual([
      413,
      expect.stringMatching(/^the body is larger than \d+ bytes/),
    ])
  })

  it('answers 400 to broken gzip, 413 to a bomb, 415 to what it does not read', async () => {
    const gzip = { 'content-encoding': 'gzip' }
    expect((await post('/v1/traces', 'not gzip', gzip)).status).toBe(400)
    expect((await post('/v1/traces', gzipSync(Buffer.alloc(70_000_000)), gzip)).status).toBe(413)
    expect((await post('/v1/traces', Buffer.alloc(17_000_000))).status).toBe(413)
    expect((await post('/v1/traces', '{}', { 'content-encoding': 'br' })).status).toBe(415)
    expect((await post('/v1/traces', '{}', { 'content-type': 'text/plain' })).status).toBe(415)
  })
})

describe('POST /api/import', () => {
  const line = (...spans: unknown[]) => JSON.stringify(request(...spans))

  it('takes one request a line, names bad lines, and closes the ticks', async () => {
    const text = [line(span(), span()), 'nonsense}', '{"resourceMetrics":[]}', '', line(span())].join('\n')
    expect(await importText(text)).toEqual({
      spans: 3,
      evaluations: 0,
      requests: 2,
      before: 0,
      late: 0,
      notes: [],
      refusedCount: 2,
      refusedSpans: 0,
      refused: [
        { line: 2, why: expect.stringContaining('not JSON') },
        { line: 3, why: expect.stringContaining('resourceSpans') },
      ],
    })
    const known = await (await fetch(`${server.url}/api/known?service=${service}`)).json()
    expect(known).toMatchObject({ values: ['service.version=1.0.0'], requests: [3], open: { ticks: 0, spans: 0 } })
  })

  it('takes one request laid out over lines, gzip or not', async () => {
    const text = JSON.stringify(request(span(), span()), null, 2)
    expect(await importText(text)).toMatchObject({ spans: 2, requests: 1, refusedCount: 0 })
    expect(await importText(gzipSync(text))).toMatchObject({ spans: 2, requests: 1, refusedCount: 0, late: 0 })
    const { requests } = (await (await fetch(`${server.url}/api/known?service=${service}`)).json()) as {
      requests: number[]
    }
    expect(requests).toEqual([2])
  })

  it('stores what came before gzip broke off', async () => {
    const text = Array.from({ length: 2000 }, () => line(span())).join('\n')
    const answer = await importText(gzipSync(text).subarray(0, -2000))
    expect(answer.spans).toBeGreaterThan(100)
    expect(answer.refused).toEqual([{ line: answer.requests + 1, why: expect.stringContaining('broken gzip') }])
  })

  it('counts spans of another time as refused, and names their line once', async () => {
    const old = span({ startTimeUnixNano: '1' })
    expect(await importText([line(span(), old, old), line(old)].join('\n'))).toMatchObject({
      spans: 1,
      requests: 2,
      refusedCount: 2,
      refusedSpans: 3,
      refused: [
        { line: 1, why: expect.stringMatching(/^2 spans refused: .*spans\[1\]: starts at 1970/) },
        { line: 2, why: expect.stringMatching(/^1 span refused: /) },
      ],
    })
  })

  it('skips a byte order mark, of lines and of one request', async () => {
    expect(await importText(`\uFEFF${line(span())}\n${line(span())}`)).toMatchObject({ spans: 2, refusedCount: 0 })
    const text = JSON.stringify(request(span()), null, 2)
    expect(await importText(`\uFEFF${text}`)).toMatchObject({ spans: 1, refusedCount: 0 })
  })
})

describe('the owner of a directory', () => {
  it('is found through the address it leaves, which nobody else may read', async () => {
    const { mode } = await stat(join(directory, 'server.json'))
    expect(mode & 0o777).toBe(0o600)
    expect(await findServer(directory)).toEqual({ url: server.url, pid: process.pid })
  })

  it('is not found through a stale address', async () => {
    const other = await mkdtemp(join(tmpdir(), 'coalmine-stale-'))
    expect(await findServer(other)).toBeUndefined()
    await writeFile(join(other, 'server.json'), JSON.stringify({ url: 'http://127.0.0.1:9', pid: 1 }))
    expect(await findServer(other)).toBeUndefined()
    await writeFile(join(other, 'server.json'), JSON.stringify({ url: server.url, pid: process.pid + 1 }))
    expect(await findServer(other)).toBeUndefined()
    await rm(other, { recursive: true })
  })

  it('takes its address away when it closes, and comes back to all it had', async () => {
    await traces(request(span()))
    await server.close()
    await expect(readFile(join(directory, 'server.json'))).rejects.toThrow('ENOENT')
    server = await start({ token: 'secret' })
    expect((await doctor()).status).toBe(401)
    expect((await traces(request(span()))).status).toBe(401)
    const authorized = await fetch(`${server.url}/api/doctor?service=${service}`, {
      headers: { authorization: 'Bearer secret' },
    })
    expect(await authorized.json()).toMatchObject({ spans: 1 })
    expect(await findServer(directory)).toEqual({ url: server.url, pid: process.pid, token: 'secret' })
    await server.close()
    server = await start()
  })
})

it('names the port that is in use, and lets go of the store', async () => {
  await server.close()
  const taken = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => taken.once('listening', resolve))
  const { port } = taken.address() as { port: number }
  await expect(start({ port })).rejects.toMatchObject({
    kind: 'unavailable',
    message: `cannot listen on 127.0.0.1:${port}: the port is in use; stop what listens there, or choose another with --port`,
  })
  taken.close()
  server = await start()
  expect((await fetch(`${server.url}/healthz`)).status).toBe(200)
})

it('does not leave its address when it is told so', async () => {
  await server.close()
  server = await start({ announced: false })
  await expect(readFile(join(directory, 'server.json'))).rejects.toThrow('ENOENT')
  await server.close()
  server = await start()
})

it('lets go of port and store when it cannot leave its address', async () => {
  await server.close()
  const place = join(directory, 'server.json')
  await mkdir(place)
  const probe = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => probe.once('listening', resolve))
  const { port } = probe.address() as { port: number }
  await new Promise((resolve) => probe.close(resolve))
  await expect(start({ port })).rejects.toMatchObject({
    kind: 'unavailable',
    message: expect.stringContaining(`store ${directory}: cannot write the server's address into it`),
  })
  await rm(place, { recursive: true })
  server = await start({ port })
})

it('answers what it does not know with what it does', async () => {
  await traces(request(span()))
  const response = await doctor('nobody')
  expect(response.status).toBe(404)
  expect(await response.json()).toEqual({
    error: {
      kind: 'no-data',
      message: expect.stringContaining(`no spans of service "nobody". The store has seen`),
    },
  })
  expect((await fetch(`${server.url}/api/nothing`)).status).toBe(404)
})
