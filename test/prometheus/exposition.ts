// How span metrics are exposed: classic histograms as text, native ones as Prometheus' protobuf.
import { bounds, type Counted, type Process } from './service.ts'

export const family = 'traces_span_metrics_duration_milliseconds'
export const counter = 'traces_span_metrics_calls_total'
export const nativeFamily = 'http_server_request_duration_seconds'

/** The connector's histogram; with a time in seconds as OpenMetrics has it, for a backfill. */
export function classicText(
  { version, counted }: Process,
  more: Record<string, string> = {},
  seconds?: number,
): string {
  const at = seconds === undefined ? '' : ` ${seconds}`
  return counted
    .flatMap((one) => {
      const labels = Object.entries({
        ...more,
        service_name: 'storefront',
        service_version: version,
        span_name: one.operation,
        span_kind: 'SPAN_KIND_SERVER',
        status_code: one.failed ? 'STATUS_CODE_ERROR' : 'STATUS_CODE_UNSET',
      }).map(([name, value]) => `${name}="${value}"`)
      let below = 0
      const buckets = one.classic.map((count, index) => {
        below += count
        return `${family}_bucket{${labels.join(',')},le="${bounds[index] ?? '+Inf'}"} ${below}${at}`
      })
      return [
        ...buckets,
        `${family}_sum{${labels.join(',')}} ${(1000 * one.sum).toFixed(3)}${at}`,
        `${family}_count{${labels.join(',')}} ${one.count}${at}`,
        `${counter}{${labels.join(',')}} ${one.count}${at}`,
      ]
    })
    .join('\n')
}

/** A histogram by the conventions of HTTP servers, of schema 3: io.prometheus.client.MetricFamily, delimited. */
export function nativeProtobuf({ version, counted }: Process): Buffer {
  const family = message([
    text(1, nativeFamily),
    varint(3, 4),
    ...counted.map((one) =>
      bytes(
        4,
        message([
          ...labelsOf(one, version).map(([name, value]) => bytes(1, message([text(1, name), text(2, value)]))),
          bytes(7, histogram(one)),
        ]),
      ),
    ),
  ])
  return Buffer.concat([unsigned(family.length), family])
}

function labelsOf({ operation, failed }: Counted, version: string): [string, string][] {
  const [method, route] = operation.split(' ') as [string, string]
  return [
    ['service_name', 'storefront'],
    ['service_version', version],
    ['http_request_method', method],
    ['http_route', route],
    ['http_response_status_code', failed ? '503' : '200'],
  ]
}

function histogram({ count, sum, native }: Counted): Buffer {
  const indices = [...native.keys()].sort((a, b) => a - b)
  const spans: Buffer[] = []
  const deltas: Buffer[] = []
  let [next, previous] = [0, 0]
  for (let at = 0; at < indices.length; ) {
    let length = 1
    while (indices[at + length] === indices[at]! + length) length += 1
    // Prometheus' index 1 is (1, base], OpenTelemetry's is 0.
    spans.push(bytes(12, message([varint(1, zigzag(indices[at]! + 1 - next)), varint(2, length)])))
    next = indices[at]! + 1 + length
    for (const index of indices.slice(at, at + length)) {
      deltas.push(varint(13, zigzag(native.get(index)! - previous)))
      previous = native.get(index)!
    }
    at += length
  }
  return message([
    varint(1, count),
    double(2, sum),
    varint(5, zigzag(3)),
    double(6, 2 ** -128),
    varint(7, 0),
    ...spans,
    ...deltas,
  ])
}

function message(fields: readonly Buffer[]): Buffer {
  return Buffer.concat(fields)
}

function varint(field: number, value: number): Buffer {
  return Buffer.concat([unsigned(field * 8), unsigned(value)])
}

function bytes(field: number, content: Buffer): Buffer {
  return Buffer.concat([unsigned(field * 8 + 2), unsigned(content.length), content])
}

function text(field: number, content: string): Buffer {
  return bytes(field, Buffer.from(content))
}

function double(field: number, value: number): Buffer {
  const content = Buffer.alloc(8)
  content.writeDoubleLE(value)
  return Buffer.concat([unsigned(field * 8 + 1), content])
}

function zigzag(value: number): number {
  return value < 0 ? -2 * value - 1 : 2 * value
}

function unsigned(value: number): Buffer {
  const content: number[] = []
  let rest = value
  while (rest > 127) {
    content.push((rest % 128) + 128)
    rest = Math.floor(rest / 128)
  }
  return Buffer.from([...content, rest])
}
