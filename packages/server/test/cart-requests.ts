import { randomBytes } from 'node:crypto'
import { keyValues, type OtlpRequest } from '../../../test/otlp.ts'

/** Requests of one process, one after the other. */
export interface CartRequests {
  /** The marks of the resource, among them its service and build. */
  readonly marks: Readonly<Record<string, string>>
  /** When the first begins, in milliseconds since 1970. */
  readonly startMs: number
  readonly everyMs: number
  readonly count: number
  /** Which share of them fails. */
  readonly failing?: number
}

/** OTLP of requests for a cart that take 20 to 30 ms each. */
export function cartRequests({
  marks,
  startMs,
  everyMs,
  count,
  failing = 0,
}: CartRequests): OtlpRequest['resourceSpans'][number] {
  const spans = Array.from({ length: count }, (_, index) => {
    const at = BigInt(startMs + index * everyMs) * 1_000_000n
    return {
      traceId: randomBytes(16).toString('hex'),
      spanId: randomBytes(8).toString('hex'),
      name: 'GET /cart',
      kind: 2,
      startTimeUnixNano: String(at),
      endTimeUnixNano: String(at + BigInt(20 + ((index * 7) % 11)) * 1_000_000n),
      // Spread evenly over each hundred.
      ...((index * 37) % 100 < failing * 100 && { status: { code: 2 } }),
      attributes: keyValues({ 'http.route': '/cart', 'http.request.method': 'GET' }),
    }
  })
  return { resource: { attributes: keyValues(marks) }, scopeSpans: [{ scope: { name: 'test' }, spans }] }
}
