import { newSpanBatch, type SpanBatch } from '@coalmine/store'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeText } from '../decode.ts'
import { addPlainOtlp } from './plain-otlp.ts'

const window = { oldestNs: 1_000n, newestNs: 2_000_000_000_000_000_000n }

/** What the runtime's own parser makes of it; undefined where something of it is refused. */
function parsed(json: string): SpanBatch | undefined {
  const batch = newSpanBatch()
  try {
    return decodeText({ batch, records: [], ignored: 0 }, json, window).count === 0 ? batch : undefined
  } catch {
    return undefined
  }
}

const contentOf = ({ rows, spans, arrivals }: SpanBatch): unknown => ({
  rows: rows.bytes.toString('hex', 0, rows.length),
  spans,
  arrivals: [...arrivals].map(([service, ticks]) => [service, ...ticks]),
})

function plain(json: string): SpanBatch | undefined {
  const batch = newSpanBatch()
  const isPlain = addPlainOtlp(batch, Buffer.from(json), window)
  if (!isPlain) expect(batch).toMatchObject({ spans: 0, rows: { length: 0 } })
  return isPlain ? batch : undefined
}

const text = (value: string) => ({ stringValue: value })
const span = {
  traceId: '0af7651916cd43dd8448eb211c80319c',
  spanId: 'b7ad6b7169203331',
  name: 'GET /cart',
  kind: 2,
  startTimeUnixNano: '1700000000000000001',
  endTimeUnixNano: '1700000000020000001',
  attributes: [{ key: 'http.route', value: text('/cart') }],
  status: {},
}
const service = { key: 'service.name', value: text('shop') }
const requestOf = (changes: object, resource: object = { attributes: [service] }): object => ({
  resourceSpans: [
    { resource, scopeSpans: [{ scope: { name: 'http', version: '1' }, spans: [{ ...span, ...changes }] }] },
  ],
})

describe('a plain OTLP request', () => {
  it.each<[string, object]>([
    ['nothing but what is needed', {}],
    ['a parent', { parentSpanId: 'b7ad6b7169203332' }],
    ['no parent, said so', { parentSpanId: '' }],
    [
      'numbers and truths',
      {
        attributes: [
          { key: 'n', value: { intValue: '200' } },
          { key: 'm', value: { intValue: 7 } },
          { key: 't', value: { boolValue: true } },
        ],
      },
    ],
    ['an error', { status: { code: 2, message: 'no such cart' } }],
    ['a kind that is newer than this', { kind: 9 }],
    [
      'events',
      {
        events: [
          {
            timeUnixNano: '1700000000000000002',
            name: 'exception',
            attributes: [{ key: 'exception.type', value: text('TypeError') }],
            droppedAttributesCount: 0,
          },
        ],
      },
    ],
    [
      'what is not stored',
      { flags: 257, droppedAttributesCount: 0, droppedEventsCount: 0, droppedLinksCount: 0, links: [] },
    ],
    ['a trace state, and letters from elsewhere', { traceState: 'ot=th:8', name: 'GET /café' }],
    ['a long value', { attributes: [{ key: 'db.query.text', value: text('SELECT '.repeat(60)) }] }],
    ['an end before its start', { endTimeUnixNano: '1600000000000000001' }],
  ])('has %s, and becomes the rows that parsing it makes', (_, changes) => {
    const json = JSON.stringify(requestOf(changes))
    const batch = plain(json)
    expect(batch && contentOf(batch)).toEqual(contentOf(parsed(json)!))
  })

  it.each<[string, string]>([
    ['escapes', JSON.stringify(requestOf({ name: 'a "b"' }))],
    [
      'a list as a value',
      JSON.stringify(requestOf({ attributes: [{ key: 'l', value: { arrayValue: { values: [] } } }] })),
    ],
    ['a key twice', JSON.stringify(requestOf({ attributes: [service, service] }))],
    ['a key that is a number', JSON.stringify(requestOf({ attributes: [{ key: '1', value: text('x') }] }))],
    ['a field twice', JSON.stringify(requestOf({})).replace('"kind":2', '"kind":2,"kind":3')],
    ['ids in base64', JSON.stringify(requestOf({ traceId: 'CvdlGRbNQ92ESOshHIAxnA==' }))],
    ['ids in capitals', JSON.stringify(requestOf({ spanId: 'B7AD6B7169203331' }))],
    ['an id of zeros', JSON.stringify(requestOf({ spanId: '0'.repeat(16) }))],
    ['links', JSON.stringify(requestOf({ links: [{ traceId: span.traceId, spanId: span.spanId }] }))],
    ['a time that is not kept', JSON.stringify(requestOf({ startTimeUnixNano: '1' }))],
    ['a number for a time', JSON.stringify(requestOf({ startTimeUnixNano: 1_700_000_000_000 }))],
    ['a name for a kind', JSON.stringify(requestOf({ kind: 'SPAN_KIND_SERVER' }))],
    ['fields of somebody', JSON.stringify(requestOf({ mine: 1 }))],
    [
      'a service that is a number',
      JSON.stringify(requestOf({}, { attributes: [{ key: 'service.name', value: { intValue: 5 } }] })),
    ],
    ['other signals', '{"resourceLogs":[]}'],
    ['nothing', '{}'],
    ['no end', JSON.stringify(requestOf({})).slice(0, -2)],
    ['something behind its end', `${JSON.stringify(requestOf({}))}]`],
    ['a comma too many', JSON.stringify(requestOf({})).replace('"status":{}', '"status":{},')],
    ['a zero before a number', JSON.stringify(requestOf({})).replace('"kind":2', '"kind":02')],
    ['bytes that are no text', JSON.stringify(requestOf({})).replace('GET', '\uD800')],
  ])('is none that has %s: nothing of it is added', (_, json) => {
    const bytes = Buffer.from(json)
    // An unpaired surrogate has no bytes in UTF-8: these are its three in what some write instead.
    const broken = json.includes('\uD800') ? Buffer.from(json.replace('\uD800', 'xyz'), 'latin1') : bytes
    if (broken !== bytes) broken.write('\xed\xa0\x80', broken.indexOf('xyz'), 'latin1')
    const batch = newSpanBatch()
    expect(addPlainOtlp(batch, broken, window)).toBe(false)
    expect(batch).toMatchObject({ spans: 0, rows: { length: 0 } })
  })

  it('becomes the rows that parsing makes, whatever it has, or is left to the parser', () => {
    const odd = <T>(usual: fc.Arbitrary<T>, ...others: readonly fc.Arbitrary<unknown>[]): fc.Arbitrary<unknown> =>
      fc.oneof({ weight: 40, arbitrary: usual as fc.Arbitrary<unknown> }, ...others)
    const some = <T extends object>(fields: { readonly [K in keyof T]: fc.Arbitrary<T[K]> }) =>
      fc.record(fields as { [K in keyof T]: fc.Arbitrary<T[K]> }, { requiredKeys: [] })
    const word = odd(fc.constantFrom('service.name', 'http.route', '', 'é', 'a b', '}]'), fc.string())
    const digits = (most: bigint) => fc.bigInt({ min: 0n, max: most }).map(String)
    const value = odd(
      fc.oneof(
        word.map((one) => ({ stringValue: one })),
        some({ intValue: digits(10n ** 16n) }),
        some({ boolValue: fc.boolean() }),
      ),
      fc.constantFrom({}, null, { doubleValue: 0.5 }, { stringValue: null }, { intValue: 1e21 }, { intValue: -0 }),
    )
    const attribute = fc.record({ key: word, value })
    const attributes = odd(
      fc.uniqueArray(attribute, { maxLength: 3, selector: ({ key }) => key }),
      fc.array(attribute, { maxLength: 3 }),
    )
    const hex = (length: number) =>
      odd(fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: length, maxLength: length }), word)
    const time = odd(digits(2n * 10n ** 18n), digits(2n ** 65n), fc.nat())
    const changes = some({
      parentSpanId: hex(16),
      traceState: word,
      name: word,
      kind: odd(fc.nat(6), fc.constantFrom('SPAN_KIND_SERVER', null, 2.5)),
      startTimeUnixNano: time,
      endTimeUnixNano: time,
      attributes,
      status: some({ code: fc.nat(3), message: word }),
      events: fc.array(some({ timeUnixNano: time, name: word, attributes }), { maxLength: 2 }),
      flags: fc.nat(),
    })
    const spans = fc.array(
      fc.tuple(hex(32), hex(16), changes).map(([traceId, spanId, more]) => ({ ...span, traceId, spanId, ...more })),
      { minLength: 1, maxLength: 2 },
    )
    const scopeSpans = fc.array(some({ scope: some({ name: word, version: word }), spans }), {
      minLength: 1,
      maxLength: 2,
    })
    const request = fc.record({
      resourceSpans: fc.array(some({ resource: some({ attributes }), scopeSpans }), { minLength: 1, maxLength: 2 }),
    })
    let taken = 0
    fc.assert(
      fc.property(request, (value) => {
        const json = JSON.stringify(value)
        const batch = plain(json)
        if (!batch) return
        taken += batch.spans
        expect(contentOf(batch)).toEqual(contentOf(parsed(json)!))
      }),
      { numRuns: 3_000, seed: 1 },
    )
    expect(taken).toBeGreaterThan(100)
  })
})
