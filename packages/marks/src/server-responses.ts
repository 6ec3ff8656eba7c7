import { subscribe } from 'node:diagnostics_channel'
import type { Closing } from './ending.ts'
import type { Work } from './work.ts'

/** The message that Node's HTTP server publishes for a request just before it calls the listeners. */
interface Dispatched {
  readonly request: { readonly headers: object }
  readonly response: Closing
}

/** The most recently dispatched request. */
export interface Arriving extends Dispatched {
  /** The first work that began after the dispatch. */
  work: Work | undefined
}

const watching = Symbol.for('coalmine.server.responses')
const shared = globalThis as { [watching]?: { arriving?: Arriving | undefined } }

/**
 * Subscribes to the requests of Node's HTTP servers, for `arrivingWith`. Further calls do nothing.
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
 * Records that this work began, from headers or with a span. If two instrumentations create a span for each request, as
 * Sentry does beside OpenTelemetry, the outer one's work begins before the inner one reads the request's headers.
 *
 * @example beginArriving(work) // arrivingWith(req.headers)?.work is work
 */
export function beginArriving(work: Work): void {
  const arriving = shared[watching]?.arriving
  if (arriving) arriving.work ??= work
}

/**
 * Returns the request with these headers, or undefined if it is not the one that node:http dispatched last.
 *
 * @example arrivingWith(req.headers)?.response // res, in what an instrumentation runs before the application's listener
 */
export function arrivingWith(headers: unknown): Arriving | undefined {
  const arriving = shared[watching]?.arriving
  return arriving?.request.headers === headers ? arriving : undefined
}
