import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type RunningServer, startServer } from '@coalmine/server'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { fuzz } from '../fuzz/fuzz.ts'
import {
  type AnyValue,
  type KeyValue,
  keyValues,
  type OtlpLogs,
  type OtlpRequest,
  protobufOf,
  protobufOfLogs,
} from '../otlp.ts'

it('stores or refuses 2 000 inputs, most of them broken, and makes no wrong row', async () => {
  const { stored, refused, others, soundSent, soundStored, wrongRows } = await fuzz(7, 2_000)
  expect(others).toEqual([])
  expect(stored + refused).toBe(2_000)
  expect(refused).toBeGreaterThan(500)
  expect(soundSent).toBeGreaterThan(40)
  expect([soundStored, wrongRows]).toEqual([soundSent, 0])
})

describe('a request that is out to do harm', () => {
  let directory: string
  let server: RunningServer
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'coalmine-hostile-'))
    server = await startServer({ store: directory, port: 0, watermarkMs: 0 })
  })
  afterAll(async () => {
    await server.close()
    await rm(directory, { recursive: true, force: true })
  })

  const requestOf = (service: string, attributes: KeyValue[], changes: object = {}): OtlpRequest => {
    const start = BigInt(Date.now()) * 1_000_000n
    const span = {
      traceId: 'ab'.repeat(16),
      spanId: 'cd'.repeat(8),
      name: 'GET',
      kind: 2,
      startTimeUnixNano: String(start),
      endTimeUnixNano: String(start + 1n),
      attributes,
      ...changes,
    }
    const resource = { attributes: keyValues({ 'service.name': service }) }
    return { resourceSpans: [{ resource, scopeSpans: [{ scope: { name: '' }, spans: [span] }] }] }
  }
  const nested = (depth: number): AnyValue =>
    depth === 0 ? { stringValue: 'x' } : { arrayValue: { values: [nested(depth - 1)] } }
  const attribute = (value: AnyValue): KeyValue[] => [{ key: 'k', value }]
  const at = (year: number) => ({ startTimeUnixNano: String(BigInt(Date.UTC(year, 0)) * 1_000_000n) })

  const cases: readonly [what: string, request: OtlpRequest, status: number, spans: number][] = [
    ['values nested 20 deep', requestOf('nested-20', attribute(nested(20))), 200, 1],
    ['values nested 1 000 deep', requestOf('nested-1000', attribute(nested(1_000))), 400, 0],
    ['an attribute of 10 MB', requestOf('large', attribute({ stringValue: 'x'.repeat(10_000_000) })), 200, 1],
    [
      '100 000 attributes',
      requestOf(
        'many',
        Array.from({ length: 100_000 }, (_, n) => ({ key: `k${n}`, value: { intValue: '1' } })),
      ),
      200,
      1,
    ],
    ['a span of 1970', requestOf('past', [], at(1970)), 200, 0],
    ['a span of 2262', requestOf('future', [], at(2262)), 200, 0],
    ['the same attribute twice', requestOf('twice', [...keyValues({ a: '1' }), ...keyValues({ a: '2' })]), 200, 1],
  ]

  describe.each([
    ['JSON', 'application/json', (request: OtlpRequest) => Buffer.from(JSON.stringify(request))],
    ['protobuf', 'application/x-protobuf', protobufOf],
  ] as const)('%s', (encoding, type, bytesOf) => {
    it.each(cases)('%s', async (_what, request, status, spans) => {
      const [{ resource }] = request.resourceSpans as [OtlpRequest['resourceSpans'][number]]
      const [name] = resource.attributes as [{ key: string; value: { stringValue: string } }]
      const service = `${name.value.stringValue}-${encoding}`
      name.value.stringValue = service
      const response = await post(bytesOf(request), type)
      name.value.stringValue = service.slice(0, -encoding.length - 1)
      expect(response.status).toBe(status)
      expect(await spansOf(service)).toBe(spans)
    })
  })

  it('lists nested 100 000 deep where a request should be are refused', async () => {
    const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`
    for (const body of [deep, `{"resourceSpans":[${deep}]}`, `{"resourceSpans":[{"resource":${deep}}]}`])
      expect((await post(Buffer.from(body), 'application/json')).status).toBe(400)
  })

  it('texts that are not UTF-8 are stored, and what others send beside them is whole', async () => {
    const body = protobufOf(requestOf('bytes', keyValues({ text: 'AAAA' })))
    body.fill(0xff, body.indexOf('AAAA'), body.indexOf('AAAA') + 4)
    const responses = await Promise.all([
      post(body, 'application/x-protobuf'),
      post(protobufOf(requestOf('beside', [])), 'application/x-protobuf'),
    ])
    expect(responses.map(({ status }) => status)).toEqual([200, 200])
    expect([await spansOf('bytes'), await spansOf('beside')]).toEqual([1, 1])
  })

  it('log records are stored or refused as well, and what others send beside them is whole', async () => {
    const logsOf = (service: string, attributes: KeyValue[]): OtlpLogs => {
      const record = {
        timeUnixNano: String(BigInt(Date.now()) * 1_000_000n),
        eventName: 'feature_flag.evaluation',
        attributes: [...keyValues({ 'feature_flag.key': 'f' }), ...attributes],
      }
      const resource = { attributes: keyValues({ 'service.name': service }) }
      return { resourceLogs: [{ resource, scopeLogs: [{ scope: { name: '' }, logRecords: [record] }] }] }
    }
    const broken = protobufOfLogs(logsOf('log-bytes', keyValues({ text: 'AAAA' })))
    broken.fill(0xff, broken.indexOf('AAAA'), broken.indexOf('AAAA') + 4)
    const many = Array.from({ length: 100_000 }, (_, n) => ({ key: `k${n}`, value: { intValue: '1' } }))
    const odd = { 'a"b\\c\n\0': '\ud83d', "'": "'); DROP TABLE otel_logs; --" }
    const sent: readonly [service: string, body: Buffer<ArrayBuffer>, type: string, status: number][] = [
      ['log-bytes', broken, 'application/x-protobuf', 200],
      ['log-odd', Buffer.from(JSON.stringify(logsOf('log-odd', keyValues(odd)))), 'application/json', 200],
      ['log-many', protobufOfLogs(logsOf('log-many', many)), 'application/x-protobuf', 200],
      [
        'log-large',
        protobufOfLogs(logsOf('log-large', keyValues({ text: 'x'.repeat(10_000_000) }))),
        'application/x-protobuf',
        200,
      ],
      ['log-20', protobufOfLogs(logsOf('log-20', attribute(nested(20)))), 'application/x-protobuf', 200],
      ['log-1000', protobufOfLogs(logsOf('log-1000', attribute(nested(1_000)))), 'application/x-protobuf', 400],
      ['log-beside', protobufOfLogs(logsOf('log-beside', [])), 'application/x-protobuf', 200],
    ]
    const responses = await Promise.all(sent.map(([, body, type]) => post(body, type, '/v1/logs')))
    expect(responses.map(({ status }) => status)).toEqual(sent.map(([, , , status]) => status))
    for (const [service, , , status] of sent) {
      const response = await fetch(`${server.url}/api/doctor?service=${service}`)
      const { evaluations = [] } = (await response.json()) as { evaluations?: { evaluations: number }[] }
      expect([service, ...evaluations.map((one) => one.evaluations)]).toEqual([service, ...(status === 200 ? [1] : [])])
    }
    const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`
    for (const body of [deep, `{"resourceLogs":[${deep}]}`])
      expect((await post(Buffer.from(body), 'application/json', '/v1/logs')).status).toBe(400)
  })

  it('the same span a hundred times is counted once', async () => {
    const body = protobufOf(requestOf('repeated', keyValues({ 'service.version': '1' })))
    await Promise.all(Array.from({ length: 100 }, () => post(body, 'application/x-protobuf')))
    const counted = async (): Promise<number | undefined> => {
      const known = await (await fetch(`${server.url}/api/known?service=repeated`)).json()
      return (known as { requests: number[] }).requests[0]
    }
    await expect.poll(counted).toBe(1)
  })

  const post = (body: Buffer<ArrayBuffer>, type: string, path = '/v1/traces'): Promise<Response> =>
    fetch(server.url + path, { method: 'POST', body, headers: { 'content-type': type } })

  async function spansOf(service: string): Promise<number> {
    const response = await fetch(`${server.url}/api/doctor?service=${service}`)
    return response.status === 404 ? 0 : ((await response.json()) as { spans: number }).spans
  }
})
