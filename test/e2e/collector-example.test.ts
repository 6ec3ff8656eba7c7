import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { type RunningServer, startServer } from '@coalmine/server'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { keyValues, type OtlpSpan, protobufOf, protobufOfLogs } from '../otlp.ts'

interface Settings {
  readonly [key: string]: unknown
}
interface Config {
  readonly receivers: Settings
  readonly processors: Settings
  readonly exporters: Settings
  readonly service: {
    readonly pipelines: Readonly<Record<'traces' | 'logs', Readonly<Record<string, readonly string[]>>>>
  }
}

const text = readFileSync(new URL('../../examples/collector/collector.yaml', import.meta.url), 'utf8')
const config = parse(text) as Config

// The keys that the Collector's documents name, of the components in the file. An unknown one keeps it from starting.
const retries = [
  'enabled',
  'initial_interval',
  'max_interval',
  'max_elapsed_time',
  'randomization_factor',
  'multiplier',
]
const queue = [
  'enabled',
  'num_consumers',
  'queue_size',
  'storage',
  'block_on_overflow',
  'sizer',
  'wait_for_result',
  'batch',
]
const documented: Readonly<Record<string, readonly string[]>> = {
  otlp: ['protocols'],
  memory_limiter: ['check_interval', 'limit_mib', 'spike_limit_mib', 'limit_percentage', 'spike_limit_percentage'],
  filter: ['error_mode', 'traces', 'metrics', 'logs'],
  batch: ['timeout', 'send_batch_size', 'send_batch_max_size', 'metadata_keys', 'metadata_cardinality_limit'],
  otlphttp: [
    'endpoint',
    'traces_endpoint',
    'logs_endpoint',
    'compression',
    'encoding',
    'headers',
    'timeout',
    'tls',
    'retry_on_failure',
    'sending_queue',
  ],
  clickhouse: [
    ...[
      'endpoint',
      'username',
      'password',
      'database',
      'traces_table_name',
      'logs_table_name',
      'ttl',
      'timeout',
      'compress',
    ],
    ...[
      'async_insert',
      'cluster_name',
      'table_engine',
      'connection_params',
      'tls',
      'retry_on_failure',
      'sending_queue',
    ],
  ],
  retry_on_failure: retries,
  sending_queue: queue,
}

const keysOf = (settings: unknown): string[] => Object.keys((settings ?? {}) as Settings)
const typeOf = (id: string): string => id.split('/')[0]!
const all: Settings = { ...config.receivers, ...config.processors, ...config.exporters }
const exporter = config.exporters['otlphttp/coalmine'] as {
  readonly endpoint: string
  readonly compression: string
}

describe('the Collector example', () => {
  it.each(Object.keys(all))('gives %s no setting that is not documented', (id) => {
    const settings = all[id] as Settings
    expect(documented[typeOf(id)]).toEqual(expect.arrayContaining(keysOf(settings)))
    for (const part of ['retry_on_failure', 'sending_queue'])
      expect(documented[part]).toEqual(expect.arrayContaining(keysOf(settings[part])))
  })

  it.each(['traces', 'logs'] as const)('uses each component once, in a pipeline of %s', (signal) => {
    const { receivers, processors, exporters, ...others } = config.service.pipelines[signal]
    expect(others).toEqual({})
    const ofSignal = keysOf(config.processors).filter((id) => signal === 'logs' || typeOf(id) !== 'filter')
    expect([receivers, processors, exporters]).toEqual([keysOf(config.receivers), ofSignal, keysOf(config.exporters)])
    // The one that refuses is first, the one that waits is last.
    expect([processors![0], processors!.at(-1)]).toEqual(['memory_limiter', 'batch'])
  })

  it('sends where "coalmine serve" listens, listens elsewhere itself, and is quicker than the watermark', () => {
    const help = readFileSync(new URL('./help/serve.golden.txt', import.meta.url), 'utf8').replace(/\s+/g, ' ')
    const port = /--port <port> .*?\(default: (\d+)/.exec(help)![1]
    // The exporter adds /v1/traces and /v1/logs.
    expect(exporter.endpoint).toBe(`http://127.0.0.1:${port}`)
    const { protocols } = config.receivers['otlp'] as { protocols: Record<string, { endpoint: string }> }
    for (const { endpoint } of Object.values(protocols)) expect(endpoint).toMatch(/:1431[78]$/)
    const watermark = Number(/--watermark .*?\(default: (\d+)s\)/.exec(help)![1])
    expect(Number.parseFloat((config.processors['batch'] as { timeout: string }).timeout)).toBeLessThan(watermark)
  })
})

describe("the Collector's OTLP/HTTP exporter", () => {
  const directory = mkdtempSync(join(tmpdir(), 'coalmine-collector-example-'))
  let server: RunningServer
  beforeAll(async () => {
    server = await startServer({ store: directory, port: 0, watermarkMs: 60_000, maxQueuedBytes: 20_000 })
  })
  afterAll(async () => {
    await server.close()
    rmSync(directory, { recursive: true, force: true })
  })

  const now = BigInt(Date.now()) * 1_000_000n
  let made = 0
  const spansFrom = (startNs: bigint, count: number): OtlpSpan[] =>
    Array.from({ length: count }, () => ({
      traceId: String(++made).padStart(32, '0'),
      spanId: String(made).padStart(16, '0'),
      name: 'GET /cart',
      kind: 2,
      startTimeUnixNano: String(startNs),
      endTimeUnixNano: String(startNs + 1_000_000n),
      attributes: keyValues({ 'coalmine.flags': 'new-pricing=on' }),
    }))

  // Its batches hold the spans of several services.
  const batchOf = (...spans: readonly OtlpSpan[][]): Buffer<ArrayBuffer> =>
    protobufOf({
      resourceSpans: spans.map((each, index) => ({
        resource: { attributes: keyValues({ 'service.name': `service-${index}`, 'service.version': '1.0.0' }) },
        scopeSpans: [{ scope: { name: 'http' }, spans: each }],
      })),
    })

  const post = (body: Buffer<ArrayBuffer>, path = '/v1/traces'): Promise<Response> =>
    fetch(server.url + path, {
      method: 'POST',
      body: gzipSync(body),
      headers: {
        'content-type': 'application/x-protobuf',
        'content-encoding': exporter.compression,
        'user-agent': 'OpenTelemetry Collector Contrib/0.165.0 (linux/amd64)',
      },
    })

  /** As it does: 429, 502, 503 and 504 are sent again, after what Retry-After says; anything else is final. */
  async function sendAsExporter(
    body: Buffer<ArrayBuffer>,
  ): Promise<{ readonly tries: number; readonly answer: Response }> {
    for (let tries = 1; ; tries++) {
      const answer = await post(body)
      if (![429, 502, 503, 504].includes(answer.status)) return { tries, answer }
      const seconds = Number(answer.headers.get('retry-after'))
      expect(seconds).toBeGreaterThan(0)
      // Not as patient, so that the test is quick.
      await setTimeout(seconds * 50)
    }
  }

  const spansStored = async (service: string): Promise<unknown> => {
    const answer = await fetch(`${server.url}/api/doctor?service=${service}`)
    return ((await answer.json()) as { spans: number }).spans
  }

  it('has all its batches stored once, though it is asked to come back', async () => {
    const sent = await Promise.all(
      Array.from({ length: 8 }, () => sendAsExporter(batchOf(spansFrom(now, 30), spansFrom(now, 20)))),
    )
    expect(sent.map(({ answer }) => answer.status)).toEqual(Array(8).fill(200))
    expect(Math.max(...sent.map(({ tries }) => tries))).toBeGreaterThan(1)
    // An empty message is a success in full.
    for (const { answer } of sent) expect((await answer.arrayBuffer()).byteLength).toBe(0)
    expect([await spansStored('service-0'), await spansStored('service-1')]).toEqual([8 * 30, 8 * 20])
  })

  it('has log records stored beside them', async () => {
    const record = {
      timeUnixNano: String(now),
      eventName: 'feature_flag.evaluation',
      attributes: keyValues({ 'feature_flag.key': 'new-pricing' }),
    }
    const resource = { attributes: keyValues({ 'service.name': 'service-0' }) }
    const scopeLogs = [{ scope: { name: '' }, logRecords: [record, record] }]
    const answer = await post(protobufOfLogs({ resourceLogs: [{ resource, scopeLogs }] }), '/v1/logs')
    expect([answer.status, (await answer.arrayBuffer()).byteLength]).toEqual([200, 0])
    const facts = await fetch(`${server.url}/api/doctor?service=service-0`)
    expect(await facts.json()).toMatchObject({
      evaluations: [{ flag: 'new-pricing', evaluations: 2, onSpans: true }],
    })
  })

  it('is told of spans that were not stored, which it drops and logs', async () => {
    const { answer } = await sendAsExporter(batchOf(spansFrom(now, 3), spansFrom(1n, 2)))
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'application/x-protobuf'])
    const message = Buffer.from(await answer.arrayBuffer())
    // ExportTracePartialSuccess: two rejected, and why.
    expect([...message.subarray(2, 4)]).toEqual([0x08, 2])
    expect(message.toString()).toContain('older than what the store keeps')
    expect(await spansStored('service-0')).toBe(8 * 30 + 3)
  })
})
