import type { OutgoingHeaders } from './forwarded.ts'

/** A request of undici or fetch, before it is sent. */
export interface UndiciRequest {
  readonly origin: unknown
  readonly method?: string
  readonly path?: string
  /** Alternating names and values; before undici 6, lines of text. */
  headers?: unknown
  addHeader(name: string, value: string): unknown
}

/**
 * The headers of a request of undici or fetch, which has no methods to change them.
 *
 * @example undiciHeaders(request).set('baggage', 'tenant=7')
 */
export function undiciHeaders(request: UndiciRequest): OutgoingHeaders {
  const { headers } = request
  if (!Array.isArray(headers)) return lines(request)
  const indexOf = (name: string): number =>
    headers.findIndex((each, i) => i % 2 === 0 && String(each).toLowerCase() === name)
  return {
    get: (name) => {
      const at = indexOf(name)
      return at < 0 ? undefined : String(headers[at + 1])
    },
    set: (name, value) => {
      const at = indexOf(name)
      if (at < 0) request.addHeader(name, value)
      else headers[at + 1] = value
    },
    remove: (name) => {
      for (let at = indexOf(name); at >= 0; at = indexOf(name)) headers.splice(at, 2)
    },
  }
}

function lines(request: UndiciRequest): OutgoingHeaders {
  const line = (name: string): RegExp => new RegExp(`^${name}: *(.*)\\r\\n`, 'im')
  const remove = (name: string): void => {
    if (typeof request.headers === 'string') request.headers = request.headers.replace(line(name), '')
  }
  return {
    get: (name) => line(name).exec(String(request.headers ?? ''))?.[1],
    set: (name, value) => {
      remove(name)
      request.addHeader(name, value)
    },
    remove,
  }
}
