import { randomBytes } from 'node:crypto'
import { tickMs } from '../../packages/comparator/src/tick.ts'
import { randomOf } from '../../packages/comparator/test/slices.ts'

export interface Requests {
  readonly service: string
  readonly version: string
  readonly route: string
  /** Start of the traffic, milliseconds since 1970. */
  readonly from: number
  readonly seconds: number
  readonly perSecond: number
  readonly medianMs: number
  readonly errorShare?: number
  readonly test?: boolean
  readonly flags?: Readonly<Record<string, string>>
  /** One for each version, unless it is named. */
  readonly instance?: string
  /** More attributes of every span. */
  readonly attributes?: Readonly<Record<string, string>>
  readonly seed: number
}

/**
 * The start of a tick some milliseconds ago: traffic that begins with it has its first requests of all cohorts in one
 * tick, so that counts are the same whenever a test runs.
 */
export const tickAgo = (milliseconds: number): number => Math.floor((Date.now() - milliseconds) / tickMs) * tickMs

/** Compares the two builds of the service `shop` that the tests make spans of. */
export const compareShop: readonly string[] =
  'compare --service shop --stable service.version=1.9.0 --canary service.version=2.0.0'.split(' ')

/** SERVER spans of seeded traffic as OTLP JSON requests, a second of traffic each: one line of a Collector's file. */
export function otlpLines(requests: Requests): string[] {
  const { service, version, from, seconds } = requests
  const random = randomOf(requests.seed)
  return Array.from({ length: seconds }, (_, second) => {
    const spans = Array.from({ length: requests.perSecond }, () => span(requests, from + second * 1000, random))
    return JSON.stringify({
      resourceSpans: [
        {
          resource: {
            attributes: attributes({
              'service.name': service,
              'service.version': version,
              'service.instance.id': requests.instance ?? `${service}-${version}`,
              'telemetry.sdk.name': 'opentelemetry',
              'telemetry.sdk.language': 'nodejs',
              'telemetry.sdk.version': '3.1.1',
            }),
          },
          scopeSpans: [{ scope: { name: 'test' }, spans }],
        },
      ],
    })
  })
}

function span(requests: Requests, second: number, random: () => number): object {
  const { route, version, medianMs, errorShare = 0, test = false, flags = {}, attributes: more = {} } = requests
  const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
  const start = BigInt(Math.floor((second + random() * 1000) * 1000)) * 1000n
  const failed = random() < errorShare
  const [method, path] = route.split(' ') as [string, string]
  return {
    traceId: randomBytes(16).toString('hex'),
    spanId: randomBytes(8).toString('hex'),
    name: route,
    kind: 2,
    startTimeUnixNano: String(start),
    endTimeUnixNano: String(start + BigInt(Math.round(medianMs * Math.exp(0.5 * normal) * 1e6))),
    attributes: attributes({
      'http.request.method': method,
      'http.route': path,
      'http.response.status_code': failed ? 500 : 200,
      'service.version': version,
      ...more,
      ...(test ? { 'coalmine.test': true } : {}),
      ...Object.fromEntries(Object.entries(flags).map(([flag, variant]) => [`coalmine.flag.${flag}`, variant])),
    }),
    status: failed ? { code: 2 } : {},
  }
}

function attributes(values: Readonly<Record<string, string | number | boolean>>): object[] {
  return Object.entries(values).map(([key, value]) => ({
    key,
    value:
      typeof value === 'string'
        ? { stringValue: value }
        : typeof value === 'number'
          ? { intValue: String(value) }
          : { boolValue: value },
  }))
}
