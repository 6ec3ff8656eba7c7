import type { IncomingHttpHeaders } from 'node:http'
import { sessionMs } from './sessions.ts'

// Browsers accept a cookie with this prefix only over HTTPS, and only for exactly this host.
const secureName = '__Host-coalmine'
const plainName = 'coalmine'

/** The header that gives a browser its session cookie: hidden from scripts, and never sent on behalf of other sites. */
export function sessionCookie(secret: string, isSecure: boolean): string {
  return cookie(secret, isSecure, sessionMs / 1_000)
}

/** The header that removes the session cookie. */
export function noCookie(isSecure: boolean): string {
  return cookie('', isSecure, 0)
}

/**
 * The session secret of a request. Requests started by another site, links included, have none: `SameSite` asks browsers for
 * the same, but treats another port of this host as the same site.
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
