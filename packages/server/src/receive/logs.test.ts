import { mkdtemp, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { deflateSync, gzipSync } from 'node:zlib'
import { recordEvaluation } from '@coalmine/flags'
import { type ServiceError, status } from '@grpc/grpc-js'
import { logs } from '@opentelemetry/api'
import { OTLPLogExporter as GrpcExporter } from '@opentelemetry/exporter-logs-otlp-grpc'
import { OTLPLogExporter as JsonExporter } from '@opentelemetry/exporter-logs-otlp-http'
import { OTLPLogExporter as ProtobufExporter } from '@opentelemetry/exporter-logs-otlp-proto'
import { BatchLogRecordProcessor, LoggerProvider, type LogRecordExporter } from '@opentelemetry/sdk-logs'
import { afterEach, describe, expect, it } from 'vitest'
import { keyValues, type OtlpLogRecord, type OtlpLogs, protobufOf, protobufOfLogs } from '../../../../test/otlp.ts'
import { callExport } from '../../test/grpc-call.ts'
import { type RunningServer, type ServerOptions, startServer } from '../server.ts'

// Its package exports it as an enum, which nothing else here needs.
type Compression = NonNullable<NonNullable<ConstructorParameters<typeof JsonExporter>[0]>['compression']>

let server: RunningServer
let directory: string

async function start(options: Partial<ServerOptions> = {}): Promise<void> {
  directory = await mkdtemp(join(tmpdir(), 'coalmine-logs-'))
  server = await startServer({ store: directory, port: 0, grpcPort: 0, watermarkMs: 0, ...options })
}

afterEach(async () => {
  logs.disable()
  await server?.close()
  await rm(directory, { recursive: true, force: true })
})

const evaluation = (changes: OtlpLogRecord = {}): OtlpLogRecord => ({
  timeUnixNano: String(BigInt(Date.now()) * 1_000_000n),
  eventName: 'feature_flag.evaluation',
  attributes: keyValues({ 'feature_flag.key': 'new-pricing' }),
  ...changes,
})

const logsOf = (...logRecords: OtlpLogRecord[]): OtlpLogs => ({
  resourceLogs: [
    {
      resource: { attributes: keyValues({ 'service.name': 'cart' }) },
      scopeLogs: [{ scope: { name: 'test' }, logRecords }],
    },
  ],
})

const call = (body: Buffer, metadata?: Readonly<Record<string, string>>): Promise<Buffer | ServiceError> =>
  callExport(server.grpcUrl!, 'opentelemetry.proto.collector.logs.v1.LogsService', body, metadata)

const post = (body: string | Buffer<ArrayBuffer>, type: string, headers: Record<string, string> = {}) =>
  fetch(`${server.url}/v1/logs`, { method: 'POST', body, headers: { 'content-type': type, ...headers } })

const postJson = (body: unknown, headers?: Record<string, string>) =>
  post(JSON.stringify(body), 'application/json', headers)

const protobufType = 'application/x-protobuf'

interface Facts {
  spans: number
  evaluations: { flag: string; evaluations: number }[]
}

const doctor = async (service = 'cart'): Promise<Facts> =>
  (await fetch(`${server.url}/api/doctor?service=${service}`)).json() as Promise<Facts>

const metrics = async (): Promise<string> => (await fetch(`${server.url}/metrics`)).text()

describe('what the exporters of OpenTelemetry JS send', () => {
  const exporters: Record<string, () => LogRecordExporter> = {
    'HTTP, JSON': () => new JsonExporter({ url: `${server.url}/v1/logs` }),
    'HTTP, JSON, gzip': () => new JsonExporter({ url: `${server.url}/v1/logs`, compression: 'gzip' as Compression }),
    'HTTP, protobuf': () => new ProtobufExporter({ url: `${server.url}/v1/logs` }),
    gRPC: () => new GrpcExporter({ url: server.grpcUrl! }),
  }
  it.each(Object.keys(exporters))('%s', async (name) => {
    await start()
    const provider = new LoggerProvider({
      processors: [new BatchLogRecordProcessor({ exporter: exporters[name]!() })],
    })
    logs.setGlobalLoggerProvider(provider)
    for (let n = 0; n < 600; n++)
      recordEvaluation({ key: 'new-pricing', variant: 'on', reason: 'split', provider: 'unleash' })
    recordEvaluation({ key: 'gone', value: false, reason: 'error', errorType: 'flag_not_found' })
    logs.getLogger('app').emit({ body: 'no evaluation', attributes: { 'feature_flag.key': 'x' } })
    await provider.shutdown()
    expect(await doctor(encodeURIComponent(`unknown_service:${process.argv0}`))).toMatchObject({
      spans: 0,
      evaluations: [
        { flag: 'new-pricing', evaluations: 600, providers: ['unleash'], reasons: ['split'], errors: 0 },
        { flag: 'gone', evaluations: 1, errors: 1, errorTypes: ['flag_not_found'] },
      ],
    })
  })
})

describe('POST /v1/logs', () => {
  it('takes both encodings, packed or not, and tells what it refuses', async () => {
    await start()
    const old = evaluation({ timeUnixNano: '1' })
    expect(await (await postJson(logsOf(evaluation()))).json()).toEqual({})
    expect((await post(protobufOfLogs(logsOf(evaluation())), protobufType)).status).toBe(200)
    const [json, protobuf] = [Buffer.from(JSON.stringify(logsOf(evaluation()))), protobufOfLogs(logsOf(evaluation()))]
    const packed = [
      await post(gzipSync(json), 'application/json', { 'content-encoding': 'gzip' }),
      await post(deflateSync(protobuf), protobufType, { 'content-encoding': 'deflate' }),
    ]
    expect(packed.map(({ status: code }) => code)).toEqual([200, 200])
    expect(await (await postJson(logsOf(old, evaluation(), { body: { stringValue: 'other' } }))).json()).toEqual({
      partialSuccess: {
        rejectedLogRecords: '1',
        errorMessage: expect.stringContaining('logRecords[0]: is of 1970-01-01'),
      },
    })
    expect((await doctor()).evaluations).toMatchObject([{ flag: 'new-pricing', evaluations: 5 }])
    const told = await metrics()
    for (const line of [
      'coalmine_ingest_log_requests_total{outcome="stored"} 5',
      'coalmine_ingest_log_records_total{outcome="stored"} 5',
      'coalmine_ingest_log_records_total{outcome="refused"} 1',
      'coalmine_ingest_log_records_total{outcome="ignored"} 1',
    ])
      expect(told).toContain(`\n${line}\n`)
  })

  it('refuses what is no request of log records, and stays up', async () => {
    await start()
    const spans = await postJson({ resourceSpans: [] })
    expect([spans.status, await spans.text()]).toEqual([400, expect.stringContaining('expected an OTLP logs request')])
    expect((await post('{', 'application/json')).status).toBe(400)
    expect((await post(Buffer.from([0x0a, 5]), protobufType)).status).toBe(400)
    expect((await post('x', 'text/plain')).status).toBe(415)
    expect(await metrics()).toContain('\ncoalmine_ingest_log_requests_total{outcome="malformed"} 3\n')
    expect((await postJson(logsOf(evaluation()))).status).toBe(200)
  })

  it('asks for the token', async () => {
    await start({ token: 'secret' })
    expect((await postJson(logsOf(evaluation()))).status).toBe(401)
    expect((await postJson(logsOf(evaluation()), { authorization: 'Bearer secret' })).status).toBe(200)
  })
})

describe('acknowledging', () => {
  it('is of records that the engine has: they are there after a restart', async () => {
    await start()
    expect(await call(protobufOfLogs(logsOf(evaluation(), evaluation())))).toEqual(Buffer.alloc(0))
    await server.close()
    server = await startServer({ store: directory, port: 0, grpcPort: 0 })
    expect((await doctor()).evaluations).toMatchObject([{ flag: 'new-pricing', evaluations: 2 }])
  })

  it('does not wait for the engine where it need not', async () => {
    await start({ ack: 'queued' })
    expect((await postJson(logsOf(evaluation()))).status).toBe(200)
    await expect.poll(async () => (await doctor()).evaluations?.length).toBe(1)
    expect(await metrics()).toContain('\ncoalmine_ingest_log_requests_total{outcome="queued"} 1\n')
  })

  it('asks to come back while too much waits', async () => {
    await start({ maxQueuedBytes: 1_000 })
    const body = protobufOfLogs(logsOf(...Array.from({ length: 20 }, () => evaluation())))
    const answers = await Promise.all(Array.from({ length: 12 }, () => call(body)))
    const busy = answers.filter((answer) => !Buffer.isBuffer(answer)) as ServiceError[]
    expect(busy.length).toBeGreaterThan(0)
    for (const { code, metadata } of busy) {
      expect(code).toBe(status.RESOURCE_EXHAUSTED)
      expect(metadata.get('grpc-status-details-bin')[0]!.toString()).toContain('google.rpc.RetryInfo')
    }
    const posted = await Promise.all(Array.from({ length: 12 }, () => post(body, protobufType)))
    const told = posted.filter(({ status: code }) => code !== 200)
    expect(told.map(({ status: code, headers }) => [code, headers.get('retry-after')])).toContainEqual([429, '2'])
    // Spans have a bound of their own.
    const spans = await fetch(`${server.url}/v1/traces`, {
      method: 'POST',
      body: protobufOf({ resourceSpans: [] }),
      headers: { 'content-type': protobufType },
    })
    expect(spans.status).toBe(200)
  })

  it('refuses while the disk is full, and asks to come back, also what would only be queued', async () => {
    await start({ minFreeBytes: 2 ** 60, ack: 'queued' })
    const refused = await postJson(logsOf(evaluation()))
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '2'])
    expect(await refused.text()).toMatch(/its disk has \d+ MB free/)
    expect(await call(protobufOfLogs(logsOf(evaluation())))).toMatchObject({ code: status.UNAVAILABLE })
    expect(await metrics()).toContain('\ncoalmine_ingest_log_requests_total{outcome="full"} 2\n')
    // What is left out anyway needs no room.
    expect((await postJson(logsOf({ body: { stringValue: 'other' } }))).status).toBe(200)
  })

  it('refuses what the engine does not store, and says so', async () => {
    const told: string[] = []
    await start({ warn: (message) => told.push(message) })
    // The engine of a process has one directory, whoever opens it.
    const { Session } = createRequire(import.meta.url)('chdb') as typeof import('chdb')
    const session = new Session(directory)
    session.query('DROP TABLE otel_logs')
    session.close()
    expect((await postJson(logsOf(evaluation()))).status).toBe(503)
    const ready = await fetch(`${server.url}/readyz`)
    // Spans are taken all the same.
    expect([ready.status, await ready.json()]).toEqual([
      200,
      expect.objectContaining({ status: 'failing', refuses: 'log records', why: expect.any(String) }),
    ])
    await expect.poll(() => told.join('\n')).toContain('log records are refused: ')
  })
})
