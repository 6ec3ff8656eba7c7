import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { keyValues, type OtlpRequest, protobufOf } from '../../../../test/otlp.ts'
import { type RunningServer, startServer } from '../server.ts'
import type { ImportAnswer } from './import.ts'

let directory: string
let server: RunningServer
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'coalmine-dialects-'))
  server = await startServer({ store: directory, port: 0 })
})
afterAll(async () => {
  await server.close()
  await rm(directory, { recursive: true, force: true })
})

const startMs = Date.now() - 60_000
const ns = (ms: number): string => `${startMs + ms}000000`

async function imported(body: Buffer | string): Promise<ImportAnswer> {
  const headers = { 'content-type': 'application/octet-stream' }
  const bytes = new Uint8Array(Buffer.from(body))
  const response = await fetch(`${server.url}/api/import`, { method: 'POST', body: bytes, headers })
  expect(response.status).toBe(200)
  return (await response.json()) as ImportAnswer
}

const importedJson = (...values: readonly unknown[]): Promise<ImportAnswer> =>
  imported(values.map((value) => JSON.stringify(value)).join('\n'))

const doctor = async (service: string): Promise<Record<string, unknown>> =>
  (await (await fetch(`${server.url}/api/doctor?service=${service}`)).json()) as Record<string, unknown>

const idOf = (n: number, digits: number): string => n.toString(16).padStart(digits, '0')

function requestOf(service: string, first: number, spans: number): OtlpRequest {
  return {
    resourceSpans: [
      {
        resource: { attributes: keyValues({ 'service.name': service, 'service.version': '1.0.0' }) },
        scopeSpans: [
          {
            scope: { name: '' },
            spans: Array.from({ length: spans }, (_, n) => ({
              traceId: idOf(first + n, 32),
              spanId: idOf(first + n, 16),
              name: 'GET /cart',
              kind: 2,
              startTimeUnixNano: ns(0),
              endTimeUnixNano: ns(20),
            })),
          },
        ],
      },
    ],
  }
}

const behindLength = (message: Buffer): Buffer => {
  const length = Buffer.alloc(4)
  length.writeUInt32BE(message.length)
  return Buffer.concat([length, message])
}

describe('zstd of the file exporter', () => {
  const jsonOf = (service: string, first: number): Buffer =>
    Buffer.from(`${JSON.stringify(requestOf(service, first, 3))}\n`)

  it.each([
    ['lines of JSON in one stream', () => zstdCompressSync(Buffer.concat([jsonOf('z', 1), jsonOf('z', 10)]))],
    [
      'a frame at each flush',
      () => Buffer.concat([jsonOf('z', 1), Buffer.alloc(0), jsonOf('z', 10)].map((each) => zstdCompressSync(each))),
    ],
    [
      'a frame that ends within a line',
      () => {
        const both = Buffer.concat([jsonOf('z', 1), jsonOf('z', 10)])
        return Buffer.concat([both.subarray(0, 100), both.subarray(100)].map((each) => zstdCompressSync(each)))
      },
    ],
    [
      'protobuf behind lengths, in one stream',
      () => zstdCompressSync(Buffer.concat([1, 10].map((first) => behindLength(protobufOf(requestOf('z', first, 3)))))),
    ],
    [
      'messages of JSON behind lengths, each packed',
      () => Buffer.concat([1, 10].map((first) => behindLength(zstdCompressSync(jsonOf('z', first))))),
    ],
    [
      'messages of protobuf behind lengths, each packed',
      () => Buffer.concat([1, 10].map((first) => behindLength(zstdCompressSync(protobufOf(requestOf('z', first, 3)))))),
    ],
    [
      'messages packed each, in gzip',
      () => gzipSync(Buffer.concat([1, 10].map((first) => behindLength(zstdCompressSync(jsonOf('z', first)))))),
    ],
  ])('%s', async (_, file) => {
    expect(await imported(file())).toMatchObject({ spans: 6, requests: 2, refusedCount: 0 })
  })

  it('that is cut off keeps what came before, and says so', async () => {
    const file = Buffer.concat([jsonOf('z', 1), jsonOf('z', 10)].map((each) => zstdCompressSync(each)))
    for (const cut of [3, 40, 100]) {
      expect(await imported(file.subarray(0, -cut))).toMatchObject({
        spans: 3,
        refused: [{ line: 2, why: expect.stringContaining('broken zstd: the file is cut off') }],
      })
    }
  })

  it('that ends in something else says so', async () => {
    const file = Buffer.concat([zstdCompressSync(jsonOf('z', 1)), Buffer.from('garbage')])
    expect(await imported(file)).toMatchObject({
      spans: 3,
      refused: [{ why: 'broken zstd: something else follows a frame' }],
    })
  })

  it('one broken message beside others is named', async () => {
    const broken = Buffer.concat([Buffer.from([0x28, 0xb5, 0x2f, 0xfd]), Buffer.from('garbage')])
    const file = [zstdCompressSync(jsonOf('z', 1)), broken, zstdCompressSync(jsonOf('z', 10))].map(behindLength)
    expect(await imported(Buffer.concat(file))).toMatchObject({
      spans: 6,
      refused: [{ line: 2, why: expect.stringContaining('broken zstd') }],
    })
  })
})

describe('OTLP as JSON, otherwise spelled', () => {
  const base64 = (hex: string): string => Buffer.from(hex, 'hex').toString('base64')
  const span = (trace: string, id: string, parent?: string) => ({
    traceId: base64(trace),
    spanId: base64(id),
    ...(parent === undefined ? {} : { parentSpanId: base64(parent) }),
    name: 'GET /cart',
    kind: parent === undefined ? 'SPAN_KIND_SERVER' : 'SPAN_KIND_CLIENT',
    startTimeUnixNano: ns(0),
    endTimeUnixNano: ns(20),
    links: [{ traceId: base64(trace), spanId: base64(id) }],
    status: { code: 'STATUS_CODE_ERROR' },
  })
  const trace = '000102030405060708090a0b0c0d0e0f'
  const spans = [span(trace, '0001020304050607'), span(trace, '08090a0b0c0d0e0f', '0001020304050607')]
  const resource = (service: string) => ({ attributes: keyValues({ 'service.name': service, 'service.version': '2' }) })

  it.each([
    ['tempo-batches', (of: string) => ({ batches: [{ resource: resource(of), scopeSpans: [{ spans }] }] })],
    ['tempo-ids', (of: string) => ({ resourceSpans: [{ resource: resource(of), scopeSpans: [{ spans }] }] })],
    [
      'tempo-v2',
      (of: string) => ({
        trace: { resourceSpans: [{ resource: resource(of), scopeSpans: [{ spans }] }] },
        metrics: {},
      }),
    ],
    [
      'tempo-old',
      (of: string) => ({
        batches: [
          {
            resource: resource(of),
            instrumentationLibrarySpans: [{ instrumentationLibrary: { name: 'http' }, spans }],
          },
        ],
      }),
    ],
    [
      'snake',
      (of: string) => ({
        resource_spans: [
          {
            resource: {
              attributes: [
                { key: 'service.name', value: { string_value: of } },
                { key: 'service.version', value: { string_value: '2' } },
              ],
            },
            scope_spans: [
              {
                spans: spans.map((one) => ({
                  trace_id: one.traceId,
                  span_id: one.spanId,
                  parent_span_id: one.parentSpanId,
                  name: one.name,
                  kind: one.kind,
                  start_time_unix_nano: one.startTimeUnixNano,
                  end_time_unix_nano: one.endTimeUnixNano,
                  attributes: [{ key: 'app.cart_id', value: { int_value: '7' } }],
                  status: one.status,
                })),
              },
            ],
          },
        ],
      }),
    ],
  ])('%s', async (service, request) => {
    expect(await importedJson(request(service))).toMatchObject({ spans: 2, refusedCount: 0 })
    expect(await doctor(service)).toMatchObject({ spans: 2, requests: 1, builds: ['2'] })
  })

  it.each([
    ['one line', JSON.stringify([requestOf('list', 1, 3), requestOf('list', 10, 3)])],
    ['laid out', JSON.stringify([requestOf('list', 1, 3), requestOf('list', 10, 3)], null, 2)],
    ['a line each', `[${JSON.stringify(requestOf('list', 1, 3))}\n,${JSON.stringify(requestOf('list', 10, 3))}]`],
    ['behind an empty line', `\n\n\n[${JSON.stringify(requestOf('list', 1, 6))}]`],
  ])('a list of requests, %s', async (_, text) => {
    expect(await imported(text)).toMatchObject({ spans: 6, requests: 1, refusedCount: 0 })
  })

  it('a list goes in whole or not at all, and says which item is wrong', async () => {
    expect(await importedJson([requestOf('half', 1, 3), { resourceSpans: 7 }])).toMatchObject({
      spans: 0,
      refused: [{ line: 1, why: '[1]: resourceSpans: expected a list, got 7' }],
    })
  })
})

describe('Jaeger', () => {
  const spanOf = (service: string, id: string) => ({
    traceID: 'abc123',
    spanID: id,
    operationName: 'GET /cart',
    references: [],
    startTime: startMs * 1_000,
    duration: 25_000,
    tags: [{ key: 'span.kind', type: 'string', value: 'server' }],
    process: { serviceName: service, tags: [] },
  })

  it.each([
    ['a trace without data', [{ traceID: 'abc123', spans: [spanOf('jaeger', '1'), spanOf('jaeger', '2')] }]],
    [
      'a list of traces',
      [
        [
          { traceID: 'abc123', spans: [spanOf('jaeger', '1')] },
          { traceID: 'd', spans: [spanOf('jaeger', '2')] },
        ],
      ],
    ],
    ['spans as Elasticsearch has them', [spanOf('jaeger', '1'), spanOf('jaeger', '2')]],
  ])('%s', async (_, lines) => {
    expect(await importedJson(...lines)).toMatchObject({ spans: 2, refusedCount: 0 })
  })

  it('names the field of a trace without data', async () => {
    expect(
      await importedJson({ traceID: 'abc', spans: [{ ...spanOf('jaeger', '1'), startTime: 'now' }] }),
    ).toMatchObject({
      refused: [{ why: 'spans[0].startTime: expected whole microseconds, got "now"' }],
    })
  })
})

describe('Zipkin', () => {
  const zipkinSpan = (service: string, id: string, more: object = {}) => ({
    traceId: '4d1e00c0db9010db86154a4ba6e91385',
    id,
    name: 'get /cart',
    timestamp: startMs * 1_000,
    duration: 20_700,
    localEndpoint: { serviceName: service, ipv4: '10.0.0.1' },
    ...more,
  })

  it.each([
    ['spans', (spans: unknown[]) => JSON.stringify(spans)],
    ['laid out', (spans: unknown[]) => JSON.stringify(spans, null, 2)],
    ['traces', (spans: unknown[]) => JSON.stringify([spans.slice(0, 1), spans.slice(1)])],
    ['a span a line', (spans: unknown[]) => spans.map((span) => JSON.stringify(span)).join('\n')],
  ])('%s', async (kind, written) => {
    const service = `zipkin-${kind.replaceAll(' ', '-')}`
    const spans = [
      zipkinSpan(service, '4d1e00c0db9010db', {
        kind: 'SERVER',
        tags: { 'http.method': 'GET', 'http.route': '/cart', 'service.version': '2.0.0', error: 'timeout' },
        annotations: [{ timestamp: startMs * 1_000, value: 'cache.miss' }],
      }),
      zipkinSpan(service, '5d1e00c0db9010db', { kind: 'CLIENT', parentId: '4d1e00c0db9010db' }),
    ]
    expect(await imported(written(spans))).toMatchObject({ spans: 2, refusedCount: 0 })
    expect(await doctor(service)).toMatchObject({
      spans: 2,
      requests: 1,
      builds: ['2.0.0'],
      operations: [{ operation: 'GET /cart', requests: 1 }],
    })
  })

  it('keeps a server that shares the id of its caller apart from it', async () => {
    const client = zipkinSpan('caller', '6d1e00c0db9010db', { kind: 'CLIENT' })
    const shared = zipkinSpan('callee', '6d1e00c0db9010db', { kind: 'SERVER', shared: true })
    expect(await importedJson([client, shared])).toMatchObject({ spans: 2, refusedCount: 0 })
    expect(await doctor('callee')).toMatchObject({ spans: 1, requests: 1 })
  })

  it.each([
    [{ id: 'xyz' }, '[0].id: expected up to 16 hex digits, got "xyz"'],
    [{ timestamp: '2026' }, '[0].timestamp: expected whole microseconds, got "2026"'],
    [{ binaryAnnotations: [] }, 'this is Zipkin v1 JSON, which cannot be read'],
  ])('says what is wrong: %j', async (wrong, why) => {
    expect(await importedJson([zipkinSpan('wrong', '1', wrong)])).toMatchObject({
      spans: 0,
      refused: [{ line: 1, why: expect.stringContaining(why) }],
    })
  })
})

describe('what is not read is refused by its name', () => {
  it.each([
    [{ traces: [{ traceID: '1', rootServiceName: 'shop' }] }, "this is Tempo's answer to a search", '/api/traces/'],
    [{ data: null, errors: [{ code: 404 }] }, "this is Jaeger's answer that it found nothing", '/api/traces?service='],
    [{ resourceMetrics: [] }, 'this is OTLP metrics', '--prometheus'],
    [{ status: 'success', data: { resultType: 'matrix' } }, 'an answer from Prometheus', '--prometheus'],
    [{ hits: { hits: [] } }, 'an answer from Elasticsearch', "jq -c '.hits.hits[]._source'"],
    [[[{ trace_id: 1, span_id: 2, resource: 'GET' }]], 'Datadog spans', 'receivers: [datadog]'],
    [{ Traces: [{ Segments: [] }] }, 'AWS X-Ray segments', 'receivers: [awsxray]'],
    [{ traceEvents: [] }, 'a Chrome trace', 'import'],
  ])('%j', async (json, name, instead) => {
    const { spans, refused } = await importedJson(json)
    expect({ spans, refused }).toMatchObject({ spans: 0, refused: [{ line: 1, why: expect.stringContaining(name) }] })
    expect(refused[0]!.why).toContain(instead)
  })

  it.each([
    ['a zip archive', Buffer.from('PK\x03\x04\x14\0, , ,')],
    ['xz', Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0, 0])],
    ['bzip2', Buffer.from('BZh91AY&SY')],
    ['lz4', Buffer.from([0x04, 0x22, 0x4d, 0x18, 0x40])],
    ['UTF-16 text', Buffer.from('\uFEFF{"resourceSpans":[]}', 'utf16le')],
    ['a SQLite database', Buffer.from('SQLite format 3\0')],
  ])('%s', async (name, bytes) => {
    const { spans, refused, refusedCount } = await imported(bytes)
    expect({ spans, refusedCount }).toEqual({ spans: 0, refusedCount: 1 })
    expect(refused[0]!.why).toContain(`this is ${name}, which cannot be read`)
  })
})

describe('bytes of no known format are malformed', () => {
  const noise = Buffer.from(Array.from({ length: 300 }, (_, n) => (n * 167 + 13) % 256))
  it.each([
    ['noise', noise],
    ['commas', Buffer.concat([Buffer.from([1, 2]), Buffer.from(',,;,\n'), noise])],
    ['tabs', Buffer.from('\x89PNG\r\t\n\x1a,')],
    ['a zero first', Buffer.concat([Buffer.from([0, 0, 0, 9]), noise])],
    ['zeros', Buffer.alloc(100)],
    ['a field of protobuf first', Buffer.concat([Buffer.from([0x0a]), noise])],
    ['gzip first', Buffer.concat([Buffer.from([0x1f, 0x8b]), noise])],
    ['zstd first', Buffer.concat([Buffer.from([0x28, 0xb5, 0x2f, 0xfd]), noise])],
    ['zstd behind a length first', Buffer.concat([Buffer.from([0, 0, 0, 9, 0x28, 0xb5, 0x2f, 0xfd]), noise])],
    ['prose', Buffer.from('Dear reader, this is a letter.\nIt has, as letters have, commas.\n')],
    ['a log', Buffer.from('2026-11-29 10:00:00,123 INFO started\n2026-11-29 10:00:01,4 INFO a, b\n')],
    ['a word', Buffer.from('hello\n')],
    ['a number', Buffer.from('7')],
  ])('%s', async (_, bytes) => {
    const answer = await imported(bytes)
    expect(answer.spans).toBe(0)
    expect(answer.refusedCount).toBeGreaterThan(0)
  })
})
