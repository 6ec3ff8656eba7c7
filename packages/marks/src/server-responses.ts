import { subscribe } from 'node:diagnostics_channel'
import type { Closing } from './ending.ts'
import type { Work } from './work.ts'

/** What Node's HTTP server publishes of a request just before it hands it to whoever listens. */
interface Dispatched {
  readonly request: { readonly headers: object }
  readonly response: Closing
}

/** The request that was handed over last. */
export interface Arriving extends Dispatched {
  /** What began first after that. */
  work: Work | undefined
}

const watching = Symbol.for('coalmine.server.responses')
const shared = globalThis as { [watching]?: { arriving?: Arriving | undefined } }

/**
 * Has Node's HTTP servers tell `arrivingWith` of each request. A second call does nothing.
 *
 * @example watchServerResponses()
 */
export function watchServerResponses(): void {
  if (shared[watching]) return
  const last: { arriving?: Arriving | undefined } = {}
  shared[watching] = last
  subscribe('http.server.request.start', (message) => {
    const { request, response } = message as Dispatched
    last.arriving = { request, response, work: undefined }
  })
}

/**
 * Says that this work began, from headers or with a span. Of two instrumentations that make a span of each request, as
 * Sentry does beside OpenTelemetry, the outer one's work begins before the inner one reads the request's own headers.
 *
 * @example beginArriving(work) // arrivingWith(req.headers)?.work is work
 */
export function beginArriving(work: Work): void {
  const arriving = shared[watching]?.arriving
  if (arriving) arriving.work ??= work
}

/**
 * The request that has these headers; undefined where that is not the one that a server of node:http handed over last.
 *
 * @example arrivingWith(req.headers)?.response // res, in what an instrumentation runs before the application's listener
 */
export function arrivingWith(headers: unknown): Arriving | undefined {
  const arriving = shared[watching]?.arriving
  return arriving?.request.headers === headers ? arriving : undefined
}
