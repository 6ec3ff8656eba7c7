import type { IncomingHttpHeaders } from 'node:http'
import { sessionMs } from './sessions.ts'

// Browsers take a cookie of this prefix from HTTPS alone, for the whole host and no other.
const secureName = '__Host-coalmine'
const plainName = 'coalmine'

/** The header that gives a browser its session: no script sees it, and no other site can make the browser send it. */
export function sessionCookie(secret: string, isSecure: boolean): string {
  return cookie(secret, isSecure, sessionMs / 1_000)
}

/** The header that takes it away again. */
export function noCookie(isSecure: boolean): string {
  return cookie('', isSecure, 0)
}

/**
 * The session's secret that a request came with. A request that another site began, a link included, has none: `SameSite` says
 * the same to browsers, but counts another port of this host as the same site.
 */
export function secretOf(headers: IncomingHttpHeaders, isSecure: boolean): string | undefined {
  const site = headers['sec-fetch-site']
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return undefined
  const name = isSecure ? secureName : plainName
  for (const pair of (headers.cookie ?? '').split(';')) {
    const [key, value] = pair.trim().split('=', 2)
    if (key === name && value) return value
  }
  return undefined
}

function cookie(value: string, isSecure: boolean, seconds: number): string {
  const name = isSecure ? secureName : plainName
  return `${name}=${value}; Path=/; Max-Age=${seconds}; HttpOnly; SameSite=Strict${isSecure ? '; Secure' : ''}`
}
