import { newSpanBatch, type SpanBatch } from '../src/ingest/span-batch.ts'
import { addSpan, type Span } from '../src/ingest/span-row.ts'

/** The day of which spans are here: of days long past the engine keeps none. */
const yesterday = new Date(Date.now() - 86_400_000).toISOString().slice(0, 10)

/** When the spans of a test start, unless they say otherwise: milliseconds since 1970. */
export const firstStart: number = Date.parse(`${yesterday}T12:00:00Z`)

/** A text of 20 November 2026, of yesterday. */
export const ofYesterday = (text: string): string => text.replaceAll('2026-11-20', yesterday)

let serial = 0

/** A request of its own trace, `GET /cart` of the storefront's build 1.0.0, with what a test changes. */
export function spanOf(changes: Partial<Omit<Span, 'startNs'>> & { atMs?: number } = {}): Span {
  serial++
  const { atMs = 0, ...rest } = changes
  return {
    service: 'storefront',
    resource: {},
    scopeName: 'test',
    scopeVersion: '',
    traceId: serial.toString(16).padStart(32, '0'),
    spanId: serial.toString(16).padStart(16, '0'),
    parentSpanId: '',
    traceState: '',
    name: 'GET',
    kind: 'Server',
    startNs: BigInt(Math.round((firstStart + atMs) * 1000)) * 1000n,
    durationNs: 20_000_000n,
    attributes: { 'http.route': '/cart', 'http.request.method': 'GET', 'service.version': '1.0.0' },
    status: 'Unset',
    statusMessage: '',
    events: [],
    links: [],
    ...rest,
  }
}

export function batchOf(...spans: readonly Span[]): SpanBatch {
  const batch = newSpanBatch()
  for (const one of spans) addSpan(batch, one)
  return batch
}
