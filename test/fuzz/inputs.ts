import { keyValues, type OtlpLogs, type OtlpRequest, protobufOf, protobufOfLogs } from '../otlp.ts'

/** One body that is sent to the server, as JSON or as protobuf. */
export interface Input {
  readonly path: '/v1/traces' | '/v1/logs'
  readonly type: 'application/json' | 'application/x-protobuf'
  readonly body: Buffer<ArrayBuffer>
}

/** Gives the same numbers between 0 and 1 for the same seed. Mulberry32, by Tommy Ettinger. */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

/** A sound request, or one of which bytes were cut off, changed, taken out, put in or repeated; every tenth is noise alone. */
export function inputOf(random: () => number, nowMs: number): Input {
  const [path, request] = randomSound(random, nowMs)
  const type = random() < 0.5 ? 'application/json' : 'application/x-protobuf'
  let body: Buffer<ArrayBuffer> =
    type === 'application/json' ? Buffer.from(JSON.stringify(request)) : protobufBody(request)
  if (random() < 0.1) return { path, type, body: noise(random, Math.floor(random() * 400)) }
  for (let changes = Math.floor(random() * 4); changes > 0; changes--) body = changed(random, body)
  return { path, type, body }
}

// A third are log records.
function randomSound(random: () => number, nowMs: number): [Input['path'], OtlpRequest | OtlpLogs] {
  return random() < 0.33 ? ['/v1/logs', soundLogs(random, nowMs)] : ['/v1/traces', soundRequest(random, nowMs)]
}

/** A request as protobuf. */
export function protobufBody(request: OtlpRequest | OtlpLogs): Buffer<ArrayBuffer> {
  return 'resourceLogs' in request ? protobufOfLogs(request) : protobufOf(request)
}

/** A request of a few spans, with every kind of value. */
export function soundRequest(random: () => number, nowMs: number): OtlpRequest {
  const hex = hexOf(random)
  const start = BigInt(nowMs - Math.floor(random() * 60_000)) * 1_000_000n
  const spans = Array.from({ length: 1 + Math.floor(random() * 3) }, () => ({
    traceId: hex(32),
    spanId: hex(16),
    ...(random() < 0.5 && { parentSpanId: hex(16) }),
    name: ['GET /cart', 'SELECT', ''][Math.floor(random() * 3)]!,
    kind: Math.floor(random() * 7),
    startTimeUnixNano: String(start),
    endTimeUnixNano: String(start + BigInt(Math.floor(random() * 1e9))),
    attributes: [
      ...keyValues({ 'http.route': '/cart', 'service.version': '1.0.0', text: '🎉'.repeat(Math.floor(random() * 40)) }),
      { key: 'number', value: { doubleValue: random() * 1e6 } },
      { key: 'list', value: { arrayValue: { values: [{ intValue: '1' }, { boolValue: true }] } } },
      { key: 'map', value: { kvlistValue: { values: keyValues({ a: 'b' }) } } },
      { key: 'bytes', value: { bytesValue: 'AQID' } },
    ],
    status: { code: Math.floor(random() * 3), message: 'why' },
    events: [{ timeUnixNano: String(start), name: 'exception', attributes: keyValues({ 'exception.type': 'Error' }) }],
    links: [{ traceId: hex(32), spanId: hex(16), attributes: keyValues({ l: 'k' }) }],
  }))
  return {
    resourceSpans: [
      {
        resource: { attributes: keyValues({ 'service.name': 'fuzzed' }) },
        scopeSpans: [{ scope: { name: 'fuzz', version: '1' }, spans }],
      },
    ],
  }
}

/** A request of a few log records, evaluations of flags and others. */
export function soundLogs(random: () => number, nowMs: number): OtlpLogs {
  const hex = hexOf(random)
  const time = String(BigInt(nowMs - Math.floor(random() * 60_000)) * 1_000_000n)
  const logRecords = Array.from({ length: 1 + Math.floor(random() * 3) }, () => ({
    ...(random() < 0.5 ? { timeUnixNano: time } : { observedTimeUnixNano: time }),
    severityNumber: Math.floor(random() * 25),
    severityText: 'INFO',
    body: { kvlistValue: { values: keyValues({ why: '🎉'.repeat(Math.floor(random() * 40)) }) } },
    attributes: [
      ...keyValues({ 'feature_flag.key': 'fuzzed', 'feature_flag.result.variant': 'on' }),
      { key: 'list', value: { arrayValue: { values: [{ intValue: '1' }, { boolValue: true }] } } },
      ...(random() < 0.3 ? keyValues({ 'event.name': 'feature_flag.evaluation' }) : []),
    ],
    flags: Math.floor(random() * 512),
    ...(random() < 0.7 && { traceId: hex(32), spanId: hex(16) }),
    ...(random() < 0.7 && { eventName: 'feature_flag.evaluation' }),
  }))
  return {
    resourceLogs: [
      {
        resource: { attributes: keyValues({ 'service.name': 'fuzzed' }) },
        scopeLogs: [{ scope: { name: 'fuzz', version: '1', attributes: keyValues({ a: 'b' }) }, logRecords }],
      },
    ],
  }
}

const hexOf =
  (random: () => number) =>
  (digits: number): string =>
    Array.from({ length: digits }, () => Math.floor(random() * 16).toString(16)).join('')

function changed(random: () => number, body: Buffer<ArrayBuffer>): Buffer<ArrayBuffer> {
  const at = Math.floor(random() * body.length)
  const length = Math.floor(random() * Math.min(64, body.length - at))
  const [before, after] = [body.subarray(0, at), body.subarray(at + length)]
  switch (Math.floor(random() * 5)) {
    case 0:
      return Buffer.from(before)
    case 1: {
      const copy = Buffer.from(body)
      if (at < copy.length) copy[at] = Math.floor(random() * 256)
      return copy
    }
    case 2:
      return Buffer.concat([before, after])
    case 3:
      return Buffer.concat([before, noise(random, length), after])
    default:
      return Buffer.concat([before, body.subarray(at, at + length), body.subarray(at)])
  }
}

function noise(random: () => number, length: number): Buffer<ArrayBuffer> {
  return Buffer.from(Array.from({ length }, () => Math.floor(random() * 256)))
}
