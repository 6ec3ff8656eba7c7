import { randomOf } from '../../packages/stats/src/random.ts'

/** Requests of two builds of one service, some of them slow, some of them failing. */
export interface Traffic {
  readonly service: string
  readonly startMs: number
  readonly seconds: number
  /** Requests of each build, of each operation, a second. */
  readonly rate: number
  readonly operations: readonly string[]
  /** How many times as long the canary takes at the first operation. */
  readonly slower?: number
  /** What share of the canary's requests fails at the first operation. */
  readonly failing?: number
  /** Attributes of every request, such as hostile ones. */
  readonly attributes?: Readonly<Record<string, string>>
  readonly versions?: readonly [string, string]
  /** A service that is asked once in each trace, and fails one request of the canary in ten. */
  readonly downstream?: string
  readonly seed?: number
}

const text = (key: string, value: string) => ({ key, value: { stringValue: value } })

/** The bodies of OTLP requests that bring the traffic: one where it is little, else minute by minute, of hours in larger parts. */
export function* otlpOf(traffic: Traffic): Generator<object> {
  const { service, startMs, seconds, rate, operations, slower = 1, failing = 0, attributes = {}, seed = 1 } = traffic
  const versions = traffic.versions ?? ['1.0.0', '2.0.0']
  const random = randomOf(seed)
  const hex = (bytes: number): string =>
    Array.from({ length: bytes }, () =>
      Math.floor(random() * 256)
        .toString(16)
        .padStart(2, '0'),
    ).join('')
  // Each body waits for the engine, and who looks between two of them judges what has come so far: there are few.
  const perSecond = rate * operations.length * versions.length
  const step = Math.max(seconds > 3_600 ? 600 : 60, Math.floor(8_000 / perSecond))
  for (let from = 0; from < seconds; from += step) {
    const until = Math.min(seconds, from + step)
    const resourceSpans = versions.map((version, arm) => ({
      resource: {
        attributes: [
          text('service.name', service),
          text('service.version', version),
          text('service.instance.id', `${version}-a`),
        ],
      },
      scopeSpans: [
        {
          spans: operations.flatMap((operation, place) =>
            Array.from({ length: Math.round((until - from) * rate) }, () => {
              const [method = 'GET', route = '/'] = operation.split(/ (.*)/)
              const isHit = arm === 1 && place === 0
              const many = random() < 0.3
              const usual = 20 * Math.exp(0.4 * (random() + random() + random() - 1.5) * 2)
              const ms = usual * (isHit && many ? slower : 1)
              const failed = random() < (isHit ? failing : 0.002)
              const at = startMs + (from + random() * (until - from)) * 1000
              const nanos = (time: number): string => String(BigInt(Math.round(time * 1000)) * 1000n)
              const [traceId, spanId] = [hex(16), hex(8)]
              const query = { name: isHit && many ? 'SELECT prices' : 'SELECT products', kind: 3 }
              return [
                {
                  traceId,
                  spanId,
                  name: operation,
                  kind: 2,
                  startTimeUnixNano: nanos(at),
                  endTimeUnixNano: nanos(at + ms),
                  ...(failed && { status: { code: 2 } }),
                  attributes: [
                    text('http.request.method', method),
                    text('http.route', route),
                    text('checkout.items', many ? 'many' : 'few'),
                    text('user.id', `u${Math.floor(random() * 200)}`),
                    ...(failed ? [text('error.type', arm === 1 ? 'PriceMissing' : 'Timeout')] : []),
                    ...Object.entries(attributes).map(([key, value]) => text(key, value)),
                  ],
                },
                {
                  traceId,
                  spanId: hex(8),
                  parentSpanId: spanId,
                  ...query,
                  startTimeUnixNano: nanos(at + 2),
                  endTimeUnixNano: nanos(at + Math.max(3, ms - 4)),
                  attributes: [text('db.query.summary', query.name)],
                },
              ]
            }).flat(),
          ),
        },
      ],
    }))
    yield { resourceSpans: [...resourceSpans, ...answeredBy(traffic.downstream, resourceSpans, hex)] }
  }
}

interface Sent {
  readonly scopeSpans: readonly { readonly spans: readonly SentSpan[] }[]
}
interface SentSpan {
  readonly kind: number
  readonly traceId: string
  readonly spanId: string
  readonly startTimeUnixNano: string
  readonly endTimeUnixNano: string
}

/** What another service answers in the traces of both builds. */
function answeredBy(service: string | undefined, sent: readonly Sent[], hex: (bytes: number) => string): object[] {
  if (service === undefined) return []
  return sent.map(({ scopeSpans }, arm) => ({
    resource: { attributes: [text('service.name', service), text('service.version', '7.1.0')] },
    scopeSpans: scopeSpans.map(({ spans }) => ({
      spans: spans
        .filter(({ kind }) => kind === 2)
        .map(({ traceId, spanId, startTimeUnixNano, endTimeUnixNano }, at) => ({
          traceId,
          spanId: hex(8),
          parentSpanId: spanId,
          name: 'GET /stock/{id}',
          kind: 2,
          startTimeUnixNano: String(BigInt(startTimeUnixNano) + 1_000_000n),
          endTimeUnixNano,
          ...(arm === 1 && at % 10 === 0 && { status: { code: 2 } }),
        })),
    })),
  }))
}

/** Sends the traffic to a server. */
export async function send(url: string, traffic: Traffic, token?: string): Promise<void> {
  for (const body of otlpOf(traffic)) {
    const response = await fetch(`${url}/v1/traces`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) },
      body: JSON.stringify(body),
    })
    if (!response.ok) throw new Error(`spans were refused: ${response.status} ${await response.text()}`)
  }
}

/** Fifty operations of a shop. */
export const fiftyOperations: readonly string[] = Array.from(
  { length: 50 },
  (_, at) => `${['GET', 'POST', 'PUT'][at % 3]} /api/v1/section-${Math.floor(at / 5)}/thing-${at}`,
)
