import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect as connectHttp2 } from 'node:http2'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { gzipSync, constants as zlib, zstdCompressSync } from 'node:zlib'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { keyValues, protobufOf } from '../../../test/otlp.ts'
import { type RunningServer, startServer } from './server.ts'

let directory: string
let server: RunningServer

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'coalmine-http-'))
  server = await startServer({ store: directory, port: 0, grpcPort: 0, watermarkMs: 0 })
})
afterAll(async () => {
  await server.close()
  await rm(directory, { recursive: true, force: true })
})

let made = 0
const request = (service: string): Buffer<ArrayBuffer> =>
  protobufOf({
    resourceSpans: [
      {
        resource: { attributes: keyValues({ 'service.name': service }) },
        scopeSpans: [
          {
            scope: { name: '' },
            spans: [
              {
                traceId: String(++made).padStart(32, 'a'),
                spanId: String(made).padStart(16, 'b'),
                name: 'GET /cart',
                kind: 2,
                startTimeUnixNano: String(BigInt(Date.now()) * 1_000_000n),
                endTimeUnixNano: String(BigInt(Date.now()) * 1_000_000n + 1n),
              },
            ],
          },
        ],
      },
    ],
  })

const post = (body: Buffer<ArrayBuffer>, encoding: string, path = '/v1/traces'): Promise<Response> =>
  fetch(server.url + path, {
    method: 'POST',
    body,
    headers: { 'content-type': 'application/x-protobuf', 'content-encoding': encoding },
  })

const spansOf = async (service: string): Promise<number> =>
  ((await (await fetch(`${server.url}/api/doctor?service=${service}`)).json()) as { spans: number }).spans

/** What a server answers to bytes as they are. */
async function answerTo(bytes: string): Promise<{ head: string; body: string }> {
  const socket = connect(Number(new URL(server.url).port), '127.0.0.1')
  socket.write(bytes)
  const [head = '', body = ''] = (await text(socket)).split('\r\n\r\n')
  return { head, body }
}

it('takes zstd, as the Collector sends it, over HTTP and gRPC', async () => {
  expect((await post(zstdCompressSync(request('zstd')), 'zstd')).status).toBe(200)
  // Two messages of protobuf one after the other are one: the second frame is not to be acknowledged and dropped.
  const frames = Buffer.concat([zstdCompressSync(request('zstd')), zstdCompressSync(request('zstd'))])
  expect((await post(frames, 'ZSTD')).status).toBe(200)
  const packed = zstdCompressSync(request('zstd'))
  const prefix = Buffer.from([1, 0, 0, 0, 0])
  prefix.writeUInt32BE(packed.length, 1)
  const session = connectHttp2(server.grpcUrl!)
  const call = session.request({
    ':method': 'POST',
    ':path': '/opentelemetry.proto.collector.trace.v1.TraceService/Export',
    'content-type': 'application/grpc',
    'grpc-encoding': 'zstd',
  })
  call.end(Buffer.concat([prefix, packed]))
  call.resume()
  expect((await once(call, 'trailers'))[0]).toMatchObject({ 'grpc-status': '0' })
  session.close()
  await expect.poll(() => spansOf('zstd')).toBe(4)
})

it('takes gzip by its old name, and refuses what it cannot unpack', async () => {
  expect((await post(gzipSync(request('old')), 'x-gzip')).status).toBe(200)
  for (const encoding of ['br', 'gzip, gzip', 'snappy'])
    expect((await post(gzipSync(request('old')), encoding)).status).toBe(415)
  for (const body of [Buffer.from('no'), Buffer.alloc(0), zstdCompressSync(request('old')).subarray(0, -3)])
    expect((await post(body, 'zstd')).status).toBe(400)
  await expect.poll(() => spansOf('old')).toBe(1)
})

it('refuses frames of zstd that take much memory, or work, for little', async () => {
  const wide = zstdCompressSync(Buffer.alloc(12_000_000), { params: { [zlib.ZSTD_c_windowLog]: 24 } })
  expect(await (await post(wide, 'zstd')).text()).toContain('not zstd')
  const empty = zstdCompressSync(Buffer.alloc(0))
  expect((await post(Buffer.concat(Array.from({ length: 65 }, () => empty)), 'zstd')).status).toBe(413)
  expect((await post(zstdCompressSync(Buffer.alloc(16_000_001)), 'zstd')).status).toBe(413)
})

it('takes no offence at slashes that proxies and people add', async () => {
  for (const path of ['/v1/traces/', '//v1/traces', '/v1//traces'])
    expect((await post(gzipSync(request('slashes')), 'gzip', path)).status).toBe(200)
  for (const path of ['/healthz/', '/api/comparisons/', '/metrics/', '//api/known'])
    expect((await fetch(server.url + path)).status).toBe(200)
  await expect.poll(() => spansOf('slashes')).toBe(3)
})

it('says which methods a route takes', async () => {
  const ask = async (method: string, path: string) => {
    const response = await fetch(server.url + path, { method })
    return [response.status, response.headers.get('allow')]
  }
  expect(await ask('GET', '/v1/traces')).toEqual([405, 'POST'])
  expect(await ask('DELETE', '/api/comparisons?limit=1')).toEqual([405, 'GET, POST'])
  expect(await ask('POST', '/api/comparisons/abc')).toEqual([405, 'GET'])
  expect(await ask('OPTIONS', '/')).toEqual([405, 'GET'])
  expect(await ask('GET', '/v1/metrics')).toEqual([404, null])
})

it('answers in its own form what is no request, or no address', async () => {
  const host = `host: ${new URL(server.url).host}\r\n`
  const broken = {
    'NONSENSE\r\n\r\n': '400',
    [`GET /healthz HTTP/1.1\r\n${host}x: ${'a'.repeat(20_000)}\r\n\r\n`]: '431',
    [`GET /api/comparisons/%zz HTTP/1.1\r\n${host}connection: close\r\n\r\n`]: '400',
    [`GET /%E0%A4%A HTTP/1.1\r\n${host}connection: close\r\n\r\n`]: '400',
    [`POST /v1/traces HTTP/1.1\r\n${host}content-length: 2\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`]: '400',
  }
  for (const [bytes, status] of Object.entries(broken)) {
    const { head, body } = await answerTo(bytes)
    expect(head).toMatch(new RegExp(`^HTTP/1.1 ${status} [^]*connection: close`, 'i'))
    expect(JSON.parse(body)).toEqual({ error: { kind: expect.any(String), message: expect.any(String) } })
  }
})

it('answers HTTP/1.0, which names no host, where anybody may ask', async () => {
  expect((await answerTo('GET /healthz HTTP/1.0\r\n\r\n')).head).toMatch(/^HTTP\/1.1 200 /)
  expect((await answerTo('GET /api/known HTTP/1.0\r\n\r\n')).body).toContain('the request names no host')
})

it('shows the page of a service whose name is long', async () => {
  const url = `${server.url}/services/${encodeURIComponent('ü'.repeat(200))}/builds/${'v'.repeat(300)}`
  expect((await fetch(url)).status).toBe(200)
})
