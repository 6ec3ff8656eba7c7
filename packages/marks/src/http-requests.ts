import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { sayOnce } from './say-once.ts'

/** An outgoing node:http request whose headers have not been sent yet. */
export interface HttpRequest {
  readonly protocol: string
  readonly host: string
  readonly method?: string
  readonly path?: string
  readonly socketPath?: string | null
  getHeader(name: string): unknown
  setHeader(name: string, value: string): unknown
  removeHeader(name: string): void
}

/** Node's internal method that writes a request's headers before its first bytes are sent. */
interface Sender {
  _implicitHeader?(this: HttpRequest): void
}

/**
 * Calls `see` with each outgoing node:http or node:https request while its headers can still be set. Node 22.12, 23.2 and
 * newer publish requests early enough; in older versions they are intercepted where the headers are written.
 *
 * @returns a function that stops the calls
 * @example onHttpRequest((request) => request.setHeader('baggage', 'tenant=7'))
 */
export function onHttpRequest(see: (request: HttpRequest) => void, node: string = process.versions.node): () => void {
  if (!publishesInTime(node)) return beforeHeaders(see)
  const onCreated = (message: unknown): void => see((message as { request: HttpRequest }).request)
  subscribe('http.client.request.created', onCreated)
  return () => {
    unsubscribe('http.client.request.created', onCreated)
  }
}

function publishesInTime(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  return major > 23 || (major === 23 && minor >= 2) || (major === 22 && minor >= 12)
}

/** Does not import the module, because an instrumentation loaded later must be the first to see it. */
function beforeHeaders(see: (request: HttpRequest) => void): () => void {
  const sender = process.getBuiltinModule('node:http').ClientRequest.prototype as Sender
  const original = sender._implicitHeader
  if (!original) {
    sayOnce('this version of Node cannot add headers to requests of node:http, so marks are sent only with fetch')
    return () => {}
  }
  let stopped = false
  const seeing = function (this: HttpRequest): void {
    if (!stopped) see(this)
    original.call(this)
  }
  sender._implicitHeader = seeing
  return () => {
    stopped = true
    if (sender._implicitHeader === seeing) sender._implicitHeader = original
  }
}
