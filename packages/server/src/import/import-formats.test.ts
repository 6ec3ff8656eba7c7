import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { keyValues, type OtlpLogs, type OtlpRequest, protobufOf, protobufOfLogs } from '../../../../test/otlp.ts'
import { type RunningServer, startServer } from '../server.ts'
import type { ImportAnswer } from './import.ts'

let directory: string
let server: RunningServer
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'coalmine-formats-'))
  server = await startServer({ store: directory, port: 0 })
})
afterAll(async () => {
  await server.close()
  await rm(directory, { recursive: true, force: true })
})

const startMs = Date.now() - 60_000

function requestOf(service: string, spans: number): OtlpRequest {
  const start = BigInt(startMs) * 1_000_000n
  return {
    resourceSpans: [
      {
        resource: { attributes: keyValues({ 'service.name': service, 'service.version': '1.0.0' }) },
        scopeSpans: [
          {
            scope: { name: '' },
            spans: Array.from({ length: spans }, (_, n) => ({
              traceId: (n + 1).toString(16).padStart(32, '0'),
              spanId: (n + 1).toString(16).padStart(16, '0'),
              name: 'GET /cart',
              kind: 2,
              startTimeUnixNano: String(start),
              endTimeUnixNano: String(start + 1n),
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

async function imported(body: Buffer): Promise<ImportAnswer> {
  const headers = { 'content-type': 'application/octet-stream' }
  const response = await fetch(`${server.url}/api/import`, { method: 'POST', body: new Uint8Array(body), headers })
  expect(response.status).toBe(200)
  return (await response.json()) as ImportAnswer
}

const known = async (service: string): Promise<unknown> =>
  (await fetch(`${server.url}/api/known?service=${service}`)).json()

describe('OTLP as protobuf', () => {
  it('is one request', async () => {
    const answer = await imported(protobufOf(requestOf('one', 1_000)))
    expect(answer).toMatchObject({ spans: 1_000, requests: 1, refusedCount: 0 })
    expect(await known('one')).toMatchObject({ values: ['service.version=1.0.0'], requests: [1_000] })
  })

  it.each([1, 2, 5, 100, 2_000])('is messages behind their lengths, of %i spans, gzip or not', async (spans) => {
    const service = `messages-${spans}`
    const message = behindLength(protobufOf(requestOf(service, spans)))
    expect(await imported(Buffer.concat([message, message]))).toMatchObject({ spans: 2 * spans, requests: 2 })
    expect(await imported(gzipSync(Buffer.concat([message])))).toMatchObject({ spans, refusedCount: 0 })
    expect(await known(service)).toMatchObject({ requests: [spans] })
  })

  it('names the message that is broken, and takes the others whole', async () => {
    const sound = protobufOf(requestOf('beside', 3))
    const broken = Buffer.concat([protobufOf(requestOf('beside', 50)), Buffer.from([0x0a, 0x7f])])
    const file = Buffer.concat([behindLength(sound), behindLength(broken), behindLength(sound)])
    expect(await imported(file)).toMatchObject({
      spans: 6,
      requests: 2,
      refusedCount: 1,
      refused: [{ line: 2, why: expect.stringContaining('cut off') }],
    })
    expect(await imported(file.subarray(0, -5))).toMatchObject({
      spans: 3,
      refused: [{ line: 2 }, { line: 3, why: expect.stringContaining('is cut off') }],
    })
  })
})

it('JSON that begins with an empty line is still JSON', async () => {
  const text = JSON.stringify(requestOf('empty-line', 2))
  expect(await imported(Buffer.from(`\n${text}`))).toMatchObject({ spans: 2, refusedCount: 0 })
  expect(await imported(Buffer.from(`\n\n  ${text}\n`))).toMatchObject({ spans: 2, refusedCount: 0 })
})

describe('traces as Jaeger gives them', () => {
  const tag = (key: string, value: unknown) => ({ key, type: typeof value, value })
  const trace = {
    traceID: 'abc123',
    spans: [
      {
        traceID: 'abc123',
        spanID: '1f',
        operationName: 'GET /cart',
        references: [],
        startTime: startMs * 1_000,
        duration: 25_000,
        tags: [
          tag('span.kind', 'server'),
          tag('http.route', '/cart'),
          tag('http.request.method', 'GET'),
          tag('http.response.status_code', 500),
          tag('error', true),
        ],
        logs: [{ timestamp: startMs * 1_000, fields: [tag('event', 'exception'), tag('exception.type', 'Error')] }],
        processID: 'p1',
      },
      {
        traceID: 'abc123',
        spanID: '20',
        operationName: 'SELECT',
        references: [{ refType: 'CHILD_OF', traceID: 'abc123', spanID: '1f' }],
        startTime: startMs * 1_000,
        duration: 5_000,
        tags: [tag('span.kind', 'client')],
        logs: [],
        processID: 'p1',
      },
    ],
    processes: { p1: { serviceName: 'jaeger', tags: [tag('service.version', '1.0.0')] } },
  }

  it('are requests and their spans', async () => {
    const file = JSON.stringify({ data: [trace], total: 0, limit: 0, offset: 0, errors: null }, null, 2)
    expect(await imported(Buffer.from(file))).toMatchObject({ spans: 2, requests: 1, refusedCount: 0 })
    expect(await known('jaeger')).toMatchObject({ values: ['service.version=1.0.0'], requests: [1] })
    const doctor = await (await fetch(`${server.url}/api/doctor?service=jaeger`)).json()
    expect(doctor).toMatchObject({ spans: 2, requests: 1, operations: [{ operation: 'GET /cart', requests: 1 }] })
  })

  it.each([
    [{ ...trace, spans: [{ ...trace.spans[0], traceID: 'xyz' }] }, 'data[0].spans[0].traceID: expected up to 32 hex'],
    [
      { ...trace, spans: [{ ...trace.spans[0], startTime: 'now' }] },
      'data[0].spans[0].startTime: expected whole micro',
    ],
    [{ ...trace, processes: [] }, 'data[0].processes: expected an object'],
  ])('name the field that is wrong', async (wrong, why) => {
    const answer = await imported(Buffer.from(JSON.stringify({ data: [wrong] })))
    expect(answer).toMatchObject({ spans: 0, refused: [{ line: 1, why: expect.stringContaining(why) }] })
  })
})

it('a long line is taken as fast as a short one', async () => {
  const text = JSON.stringify(requestOf('long-line', 6_000))
  expect(text.length).toBeGreaterThan(1_000_000)
  expect(await imported(Buffer.from(text))).toMatchObject({ spans: 6_000, refusedCount: 0 })
})

describe('log records', () => {
  const logsOf = (service: string, timeMs = startMs): OtlpLogs => ({
    resourceLogs: [
      {
        resource: { attributes: keyValues({ 'service.name': service }) },
        scopeLogs: [
          {
            scope: { name: '' },
            logRecords: [
              {
                timeUnixNano: String(BigInt(timeMs) * 1_000_000n),
                eventName: 'feature_flag.evaluation',
                attributes: keyValues({ 'feature_flag.key': 'new-pricing' }),
              },
              { timeUnixNano: String(BigInt(startMs) * 1_000_000n), body: { stringValue: 'another' } },
            ],
          },
        ],
      },
    ],
  })
  const answer = {
    spans: 2,
    evaluations: 2,
    requests: 4,
    refusedCount: 1,
    refusedSpans: 0,
    refused: [{ line: 4, why: expect.stringMatching(/^1 log record refused: .*logRecords\[0\]: is of 1970/) }],
    notes: ['3 log records are left out: not flag evaluations'],
  }
  const evaluations = async (service: string): Promise<unknown> => {
    const response = await fetch(`${server.url}/api/doctor?service=${service}`)
    return ((await response.json()) as { evaluations: unknown }).evaluations
  }

  it('may stand among the spans of a file of JSON', async () => {
    const lines = [logsOf('mixed'), requestOf('mixed', 2), logsOf('mixed'), logsOf('mixed', 0)]
    const body = Buffer.from(lines.map((line) => JSON.stringify(line)).join('\n'))
    expect(await imported(body)).toMatchObject(answer)
    expect(await evaluations('mixed')).toMatchObject([{ flag: 'new-pricing', evaluations: 2 }])
  })

  it('may stand among those of protobuf', async () => {
    const messages = [logsOf('packed'), logsOf('packed'), logsOf('packed', 0)].map(protobufOfLogs)
    messages.splice(2, 0, protobufOf(requestOf('packed', 2)))
    expect(await imported(Buffer.concat(messages.map(behindLength)))).toMatchObject(answer)
    expect(await evaluations('packed')).toMatchObject([{ flag: 'new-pricing', evaluations: 2 }])
  })
})
