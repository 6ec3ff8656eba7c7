import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { request as httpsRequest } from 'node:https'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { credentials, type ServiceError, status } from '@grpc/grpc-js'
import { SpanKind } from '@opentelemetry/api'
import { OTLPTraceExporter as GrpcExporter } from '@opentelemetry/exporter-trace-otlp-grpc'
import { OTLPTraceExporter as JsonExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { OTLPTraceExporter as ProtobufExporter } from '@opentelemetry/exporter-trace-otlp-proto'
import { BatchSpanProcessor, type SpanExporter, TracerProvider } from '@opentelemetry/sdk-trace'
import { afterEach, describe, expect, it } from 'vitest'
import { keyValues, protobufOf } from '../../../../test/otlp.ts'
import { callExport } from '../../test/grpc-call.ts'
import { findServer } from '../owner.ts'
import { type RunningServer, type ServerOptions, startServer } from '../server.ts'

const tls = {
  cert: await readFile(new URL('../../../../test/tls/cert.pem', import.meta.url)),
  key: await readFile(new URL('../../../../test/tls/key.pem', import.meta.url)),
}

let server: RunningServer
let directory: string

async function start(options: Partial<ServerOptions> = {}): Promise<void> {
  directory = await mkdtemp(join(tmpdir(), 'coalmine-transports-'))
  server = await startServer({ store: directory, port: 0, grpcPort: 0, watermarkMs: 0, ...options })
}

afterEach(async () => {
  await server?.close()
  await rm(directory, { recursive: true, force: true })
})

const requestOf = (count: number, attributes: Readonly<Record<string, string>> = {}): Buffer<ArrayBuffer> => {
  const now = BigInt(Date.now()) * 1_000_000n
  const spans = Array.from({ length: count }, (_, index) => ({
    traceId: `ab${String(index).padStart(30, '0')}`,
    spanId: `cd${String(index).padStart(14, '0')}`,
    name: 'GET /cart',
    kind: 2,
    startTimeUnixNano: String(now),
    endTimeUnixNano: String(now + 1n),
    attributes: keyValues(attributes),
  }))
  return protobufOf({
    resourceSpans: [
      { resource: { attributes: keyValues({ 'service.name': 'cart' }) }, scopeSpans: [{ scope: { name: '' }, spans }] },
    ],
  })
}

const call = (body: Buffer, metadata?: Readonly<Record<string, string>>): Promise<Buffer | ServiceError> =>
  callExport(server.grpcUrl!, 'opentelemetry.proto.collector.trace.v1.TraceService', body, metadata)

const doctor = async (): Promise<{ spans?: number; builds?: readonly string[] }> =>
  (await fetch(`${server.url}/api/doctor?service=cart`)).json() as Promise<{ spans?: number }>

describe('what the exporters of OpenTelemetry JS send', () => {
  const exporters: Record<string, () => SpanExporter> = {
    'HTTP, JSON': () => new JsonExporter({ url: `${server.url}/v1/traces` }),
    'HTTP, protobuf': () => new ProtobufExporter({ url: `${server.url}/v1/traces` }),
    gRPC: () => new GrpcExporter({ url: server.grpcUrl! }),
  }
  it.each(Object.keys(exporters))('%s', async (name) => {
    await start()
    const provider = new TracerProvider({
      spanProcessors: [new BatchSpanProcessor({ exporter: exporters[name]!() })],
    })
    const tracer = provider.getTracer('test')
    for (let n = 0; n < 600; n++)
      tracer.startSpan('GET', { kind: SpanKind.SERVER, attributes: { 'service.version': '1.0.0' } }).end()
    await provider.shutdown()
    const { services } = (await (await fetch(`${server.url}/api/known`)).json()) as { services: string[] }
    expect(services).toHaveLength(1)
    const found = await fetch(`${server.url}/api/doctor?service=${encodeURIComponent(services[0]!)}`)
    expect(await found.json()).toMatchObject({ spans: 600, requests: 600, builds: ['1.0.0'] })
  })
})

describe('OTLP/gRPC', () => {
  it('acknowledges spans that are stored, and tells which were not', async () => {
    await start()
    expect(await call(requestOf(3))).toEqual(Buffer.alloc(0))
    expect(await doctor()).toMatchObject({ spans: 3 })
    const old = await call(protobufOf({ resourceSpans: [] }))
    expect(old).toEqual(Buffer.alloc(0))
  })

  it('refuses what is no request, and stays up', async () => {
    await start()
    expect(await call(Buffer.from([0x0a, 5]))).toMatchObject({
      code: status.INVALID_ARGUMENT,
      details: expect.stringContaining('not protobuf: the message is cut off'),
    })
    expect(await call(requestOf(1))).toEqual(Buffer.alloc(0))
  })

  it('asks for the token', async () => {
    await start({ token: 'secret' })
    expect(await call(requestOf(1))).toMatchObject({ code: status.UNAUTHENTICATED })
    expect(await call(requestOf(1), { authorization: 'Bearer wrong' })).toMatchObject({ code: status.UNAUTHENTICATED })
    expect(await call(requestOf(1), { authorization: 'Bearer secret' })).toEqual(Buffer.alloc(0))
  })

  it('asks to come back while too much waits', async () => {
    await start({ maxQueuedBytes: 1_000 })
    const answers = await Promise.all(Array.from({ length: 12 }, () => call(requestOf(20))))
    const busy = answers.filter((answer) => !Buffer.isBuffer(answer)) as ServiceError[]
    expect(busy.length).toBeGreaterThan(0)
    for (const { code, metadata } of busy) {
      expect(code).toBe(status.RESOURCE_EXHAUSTED)
      const [details] = metadata.get('grpc-status-details-bin')
      expect(details!.toString()).toContain('type.googleapis.com/google.rpc.RetryInfo')
    }
    expect(await call(requestOf(1))).toEqual(Buffer.alloc(0))
  })

  it('says which port is taken', async () => {
    await start()
    const { port } = new URL(server.grpcUrl!)
    const other = await mkdtemp(join(tmpdir(), 'coalmine-transports-'))
    await server.close()
    const blocker = createServer().listen(Number(port), '127.0.0.1')
    try {
      await expect(startServer({ store: other, port: 0, grpcPort: Number(port) })).rejects.toMatchObject({
        kind: 'unavailable',
        message: expect.stringContaining(`cannot listen on 127.0.0.1:${port} for OTLP/gRPC`),
      })
    } finally {
      blocker.close()
      await rm(other, { recursive: true, force: true })
    }
  })
})

describe('acknowledging', () => {
  it('refuses while the disk is full, and asks to come back, also what would only be queued', async () => {
    await start({ minFreeBytes: 2 ** 60, ack: 'queued' })
    const why = /its disk has \d+ MB free, and nothing is written below 1152921504606 MB; free some/
    await expectRefused(why, 'full')
    expect(await (await fetch(`${server.url}/metrics`)).text()).toContain(
      '\ncoalmine_ingest_requests_total{outcome="full"} 2\n',
    )
    // What was kept out is not lost, and what is there can be read.
    expect(await (await fetch(`${server.url}/api/known`)).json()).toMatchObject({ services: [] })
    await server.close()
    server = await startServer({ store: directory, port: 0, grpcPort: 0, watermarkMs: 0, minFreeBytes: 0 })
    expect(await call(requestOf(1))).toEqual(Buffer.alloc(0))
    expect((await fetch(`${server.url}/readyz`)).status).toBe(200)
  })

  it('refuses what the engine does not store, and asks to come back', async () => {
    const told: string[] = []
    await start({ warn: (message) => told.push(message) })
    expect(await call(requestOf(1))).toEqual(Buffer.alloc(0))
    await rm(directory, { recursive: true })
    await expectRefused(/no such file or directory|.RowBinary doesn.t exist/, 'failing')
    expect(await call(requestOf(1))).toMatchObject({ code: status.UNAVAILABLE })
    await expect.poll(() => told.join('\n')).toMatch(/^spans are refused: .*\nticks cannot be closed/)
    expect(told).toHaveLength(2)
  })

  async function expectRefused(why: RegExp, health: string): Promise<void> {
    const response = await fetch(`${server.url}/v1/traces`, {
      method: 'POST',
      body: requestOf(1),
      headers: { 'content-type': 'application/x-protobuf' },
    })
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '2'])
    expect(await response.text()).toMatch(why)
    const refused = (await call(requestOf(1))) as ServiceError
    expect([refused.code, refused.details]).toEqual([status.UNAVAILABLE, expect.stringMatching(why)])
    const [details] = refused.metadata.get('grpc-status-details-bin')
    expect(details!.toString()).toContain('type.googleapis.com/google.rpc.RetryInfo')
    const [alive, ready] = await Promise.all(['healthz', 'readyz'].map((path) => fetch(`${server.url}/${path}`)))
    expect([alive!.status, ready!.status]).toEqual([200, 503])
    expect(await ready!.json()).toMatchObject({ status: health, why: expect.any(String) })
  }

  it('waits for the engine unless told otherwise', async () => {
    await start({ ack: 'queued' })
    expect(await call(requestOf(1))).toEqual(Buffer.alloc(0))
    await expect.poll(async () => (await doctor()).spans).toBe(1)
  })
})

describe('TLS', () => {
  it('encrypts both protocols, and local commands still find the server', async () => {
    await start({ tls })
    expect([server.url, server.grpcUrl]).toEqual([expect.stringMatching(/^https:/), expect.stringMatching(/^https:/)])
    expect(await healthOverTls()).toBe(200)
    const exporter = new GrpcExporter({
      url: server.grpcUrl!.replace('127.0.0.1', 'localhost'),
      credentials: credentials.createSsl(tls.cert),
    })
    const provider = new TracerProvider({ spanProcessors: [new BatchSpanProcessor({ exporter })] })
    provider.getTracer('test').startSpan('GET').end()
    await provider.shutdown()
    const owner = (await findServer(directory))!
    const { services } = (await (await fetch(`${owner.url}/api/known`)).json()) as { services: string[] }
    expect(services).toHaveLength(1)
  })

  it('names files that are no certificate', async () => {
    await start()
    await expect(
      startServer({ store: join(directory, 'x'), port: 0, tls: { cert: Buffer.from('x'), key: tls.key } }),
    ).rejects.toMatchObject({ kind: 'usage', message: expect.stringContaining('not a certificate and its key in PEM') })
  })

  function healthOverTls(): Promise<number | undefined> {
    return new Promise((resolve, reject) => {
      httpsRequest(`${server.url}/healthz`, { ca: tls.cert }, (response) => {
        response.resume()
        resolve(response.statusCode)
      })
        .on('error', reject)
        .end()
    })
  }
})
