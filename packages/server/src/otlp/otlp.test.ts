import { newSpanBatch, type SpanBatch } from '@coalmine/store'
import { describe, expect, it } from 'vitest'
import { type AnyValue, keyValues, type OtlpRequest, protobufOf } from '../../../../test/otlp.ts'
import { decodeJson } from './otlp-json.ts'
import { decodeProtobuf } from './otlp-protobuf.ts'
import { exportResponse, statusResponse } from './otlp-response.ts'
import { timeWindow } from './refusals.ts'

const testNow = Date.UTC(2026, 10, 20, 12)
const window = timeWindow(testNow, 14)
const startNs = BigInt(testNow) * 1_000_000n

const values: AnyValue[] = [
  { stringValue: 'plain' },
  { stringValue: 'Zürich 東京 🎉' },
  { stringValue: '' },
  { stringValue: 'long '.repeat(100) },
  { boolValue: true },
  { boolValue: false },
  { intValue: '200' },
  { intValue: '-9223372036854775808' },
  { doubleValue: 0.1 },
  { doubleValue: -1e300 },
  { bytesValue: 'AQID' },
  { arrayValue: { values: [{ stringValue: 'a' }, { intValue: '1' }, { arrayValue: { values: [] } }] } },
  { kvlistValue: { values: [{ key: 'k', value: { kvlistValue: { values: keyValues({ a: 'b' }) } } }] } },
]

const full: OtlpRequest = {
  resourceSpans: [
    {
      resource: { attributes: keyValues({ 'service.name': 'storefront', 'service.version': '1.0.0' }) },
      scopeSpans: [
        {
          scope: { name: 'http', version: '1.2.3' },
          spans: values.map((value, index) => ({
            traceId: 'AB'.repeat(15) + index.toString(16).padStart(2, '0'),
            spanId: 'cd'.repeat(8),
            parentSpanId: index % 2 === 0 ? '0'.repeat(16) : 'ef'.repeat(8),
            traceState: 'a=b',
            name: 'GET /cart',
            kind: index % 7,
            startTimeUnixNano: String(startNs + BigInt(index)),
            endTimeUnixNano: String(startNs + 20_000_000n),
            attributes: [{ key: 'value', value }, ...keyValues({ 'http.route': '/cart' })],
            status: { code: index % 3, message: 'why' },
            events: [{ timeUnixNano: String(startNs), name: 'exception', attributes: keyValues({ type: 'Error' }) }],
            links: [
              {
                traceId: '12'.repeat(16),
                spanId: '34'.repeat(8),
                traceState: 'c=d',
                attributes: keyValues({ l: 'k' }),
              },
            ],
          })),
        },
        { scope: { name: '' }, spans: [] },
      ],
    },
    {
      resource: { attributes: [] },
      scopeSpans: [
        {
          scope: { name: 'x' },
          spans: [
            {
              traceId: '01'.repeat(16),
              spanId: '02'.repeat(8),
              name: '',
              kind: 1,
              startTimeUnixNano: String(startNs),
              endTimeUnixNano: String(startNs - 5n),
            },
          ],
        },
      ],
    },
  ],
}

const rowsOf = ({ rows }: SpanBatch): string => rows.bytes.toString('latin1', 0, rows.length)

describe('protobuf and JSON', () => {
  it('of one request make the same rows', () => {
    const [json, protobuf] = [newSpanBatch(), newSpanBatch()]
    expect(decodeJson(json, full, window)).toEqual({ count: 0, why: undefined })
    expect(decodeProtobuf(protobuf, protobufOf(full), window)).toEqual({ count: 0, why: undefined })
    expect(rowsOf(protobuf)).toBe(rowsOf(json))
    expect(protobuf.arrivals).toEqual(json.arrivals)
    expect([...json.arrivals.keys()]).toEqual(['storefront', 'unknown_service'])
    expect(json.spans).toBe(values.length + 1)
  })

  it('refuse the same spans', () => {
    const early = structuredClone(full)
    early.resourceSpans[0]!.scopeSpans[0]!.spans[3]!.startTimeUnixNano = '1'
    early.resourceSpans[0]!.scopeSpans[0]!.spans[4]!.spanId = '0'.repeat(16)
    const [json, protobuf] = [newSpanBatch(), newSpanBatch()]
    const refusals = decodeJson(json, early, window)
    expect(refusals).toMatchObject({ count: 2, why: expect.stringContaining('spans[3]: starts at 1970') })
    expect(decodeProtobuf(protobuf, protobufOf(early), window)).toEqual(refusals)
    expect(rowsOf(protobuf)).toBe(rowsOf(json))
  })

  it('refuse a span without ids alone, and take a link to nothing', () => {
    const bare = structuredClone(full)
    const { spans } = bare.resourceSpans[0]!.scopeSpans[0]!
    spans[1]!.traceId = ''
    spans[2]!.spanId = ''
    spans[3]!.links![0]!.traceId = ''
    spans[3]!.links![0]!.spanId = ''
    const [json, protobuf] = [newSpanBatch(), newSpanBatch()]
    const refusals = decodeJson(json, bare, window)
    expect(refusals).toEqual({ count: 2, why: 'resourceSpans[0].scopeSpans[0].spans[1]: it has no trace id' })
    expect(decodeProtobuf(protobuf, protobufOf(bare), window)).toEqual(refusals)
    expect(rowsOf(protobuf)).toBe(rowsOf(json))
    Reflect.deleteProperty(spans[1]!, 'traceId')
    expect(decodeJson(newSpanBatch(), bare, window)).toEqual(refusals)
    spans[1]!.traceId = 'abcd'
    expect(() => decodeJson(newSpanBatch(), bare, window)).toThrow('spans[1].traceId: expected 32 hex digits')
    expect(() => decodeProtobuf(newSpanBatch(), protobufOf(bare), window)).toThrow(
      'spans[1]: traceId: expected 16 bytes',
    )
  })
})

describe('protobuf', () => {
  const decode = (bytes: Buffer) => decodeProtobuf(newSpanBatch(), bytes, window)

  it('that is cut off anywhere is malformed, or has fewer spans', () => {
    const bytes = protobufOf(full)
    let malformed = 0
    for (let length = 0; length < bytes.length; length++) {
      try {
        decode(bytes.subarray(0, length))
      } catch (error) {
        expect(error).toMatchObject({ kind: 'malformed', message: expect.stringMatching(/not protobuf|expected/) })
        malformed++
      }
    }
    expect(malformed).toBeGreaterThan(bytes.length - 3)
  })

  it('with any byte changed is read or malformed, nothing else', () => {
    const bytes = protobufOf(full)
    let seed = 7
    for (let round = 0; round < 20_000; round++) {
      seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648
      const changed = Buffer.from(bytes)
      changed[seed % bytes.length] = (seed >>> 8) & 255
      try {
        decode(changed)
      } catch (error) {
        expect(error).toMatchObject({ kind: 'malformed' })
      }
    }
  })

  it('names the field that is wrong', () => {
    const wrong = structuredClone(full)
    wrong.resourceSpans[0]!.scopeSpans[0]!.spans[2]!.traceId = 'abcd'
    expect(() => decode(protobufOf(wrong))).toThrow(
      'resourceSpans[0].scopeSpans[0].spans[2]: traceId: expected 16 bytes, got 2',
    )
  })

  it('is not nested without end', () => {
    let value: AnyValue = { stringValue: 'deep' }
    for (let depth = 0; depth < 40; depth++) value = { arrayValue: { values: [value] } }
    const deep = structuredClone(full)
    deep.resourceSpans[0]!.scopeSpans[0]!.spans[0]!.attributes = [{ key: 'deep', value }]
    expect(() => decode(protobufOf(deep))).toThrow('nested more than 32 deep')
    expect(() => decodeJson(newSpanBatch(), deep, window)).toThrow('nested at most 32 deep')
  })
})

describe('answers', () => {
  it('are protobuf to protobuf', () => {
    expect(exportResponse('application/x-protobuf', { count: 0, why: undefined }, 'rejectedSpans')).toHaveLength(0)
    const partial = exportResponse('application/x-protobuf', { count: 300, why: 'no' }, 'rejectedSpans')
    expect(partial.toString('hex')).toBe('0a0708ac0212026e6f')
    expect(statusResponse('application/x-protobuf', 3, 'bad').toString('hex')).toBe('08031203626164')
  })
})
