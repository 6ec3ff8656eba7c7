import { subscribe } from 'node:diagnostics_channel'
import type { Closing } from './ending.ts'

/** What Node's HTTP server publishes of a request just before it hands it to whoever listens. */
interface Dispatched {
  readonly request: { readonly headers: object }
  readonly response: Closing
}

const watching = Symbol.for('coalmine.server.responses')
const shared = globalThis as { [watching]?: { dispatched?: Dispatched | undefined } }

/**
 * Has Node's HTTP servers tell `responseTo` of each request. A second call does nothing.
 *
 * @example watchServerResponses()
 */
export function watchServerResponses(): void {
  if (shared[watching]) return
  const last: { dispatched?: Dispatched | undefined } = {}
  shared[watching] = last
  subscribe('http.server.request.start', (message) => {
    last.dispatched = message as Dispatched
  })
}

/**
 * The response to the request that has these headers; undefined where that is not the one that a server of node:http
 * is about to hand over.
 *
 * @example responseTo(req.headers) // res, in what an instrumentation runs before the application's listener
 */
export function responseTo(headers: unknown): Closing | undefined {
  const last = shared[watching]
  const found = last?.dispatched
  if (found?.request.headers !== headers) return undefined
  if (last) last.dispatched = undefined
  return found?.response
}
