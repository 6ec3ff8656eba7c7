import type { IncomingHttpHeaders } from 'node:http'
import { isIP } from 'node:net'
import { ServerError } from './errors.ts'

/** Origins that are allowed besides the server's own address. */
export interface ForeignRules {
  /** The URL at which browsers reach the server, behind a proxy that may send another host. */
  readonly baseUrl?: string | undefined
}

/**
 * Throws a ServerError with status 403 for a request that another site's page makes a browser send: it would come
 * from this machine, whoever wrote the page. Following a link is allowed, as the answer stays in the browser.
 * https://developer.mozilla.org/docs/Web/HTTP/Reference/Headers/Sec-Fetch-Site
 */
export function refuseForeignPages(method: string, headers: IncomingHttpHeaders, { baseUrl }: ForeignRules = {}): void {
  const site = headers['sec-fetch-site']
  const follows =
    method === 'GET' && headers['sec-fetch-mode'] === 'navigate' && headers['sec-fetch-dest'] === 'document'
  if (site !== undefined && site !== 'same-origin' && site !== 'none' && !follows)
    throw foreign('this request came from a page of another site, and those are not answered')
  const { origin } = headers
  if (origin === undefined || (baseUrl !== undefined && origin === new URL(baseUrl).origin)) return
  if (hostOf(origin) !== headers.host)
    throw foreign(`origin ${origin} is not this server's, and requests from other sites are not answered`)
}

/**
 * Throws a ServerError with status 403 for a host that is not this machine's (DNS rebinding): a foreign name that was made to
 * point here, so that a page can read the answers. Only for servers that are unreachable for others and require no token.
 */
export function refuseForeignHosts({ host = '' }: IncomingHttpHeaders, { baseUrl }: ForeignRules = {}): void {
  const name = host.replace(/:\d+$/, '')
  if (isLoopback(name) || (baseUrl !== undefined && host === new URL(baseUrl).host)) return
  throw foreign(
    `${host === '' ? 'the request names no host, which might be another' : `host ${host} is not this machine's`}: a server without a token answers only to localhost, 127.0.0.1 and [::1]; start it with --token`,
  )
}

/** Whether a host is this machine, as seen from itself. */
export function isLoopback(host: string): boolean {
  const name = host.toLowerCase().replace(/^\[(.*)\]$/, '$1')
  if (name === 'localhost' || name.endsWith('.localhost') || name === '::1') return true
  return isIP(name) === 4 && name.startsWith('127.')
}

const hostOf = (origin: string): string | undefined => (URL.canParse(origin) ? new URL(origin).host : undefined)

const foreign = (message: string): ServerError => new ServerError('usage', message, { status: 403, limit: 'origin' })
