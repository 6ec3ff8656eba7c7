import type { IncomingHttpHeaders } from 'node:http'
import { sessionMs } from './sessions.ts'

// Browsers accept cookies with these prefixes only over HTTPS, and the first only for exactly this host and all of its paths.
const hostName = '__Host-coalmine'
const pathName = '__Secure-coalmine'
const plainName = 'coalmine'

/** How browsers reach the server. */
export interface CookieRules {
  /** Whether they connect over TLS, here or at a proxy. */
  readonly isSecure: boolean
  /** The path under which a proxy keeps the server; empty if it has the whole host. Other services of the host get no cookie of ours. */
  readonly path: string
}

/** The header that gives a browser its session cookie: hidden from scripts, and never sent on behalf of other sites. */
export function sessionCookie(secret: string, rules: CookieRules): string {
  return cookie(secret, rules, sessionMs / 1_000)
}

/** The header that removes the session cookie. */
export function noCookie(rules: CookieRules): string {
  return cookie('', rules, 0)
}

/**
 * The session secret of a request. Requests started by another site, links included, have none: `SameSite` asks browsers for
 * the same, but treats another port of this host as the same site.
 */
export function secretOf(headers: IncomingHttpHeaders, rules: CookieRules): string | undefined {
  const site = headers['sec-fetch-site']
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return undefined
  const name = nameOf(rules)
  for (const pair of (headers.cookie ?? '').split(';')) {
    const [key, value] = pair.trim().split('=', 2)
    if (key === name && value) return value
  }
  return undefined
}

function cookie(value: string, rules: CookieRules, seconds: number): string {
  const { isSecure, path } = rules
  return `${nameOf(rules)}=${value}; Path=${path || '/'}; Max-Age=${seconds}; HttpOnly; SameSite=Strict${isSecure ? '; Secure' : ''}`
}

function nameOf({ isSecure, path }: CookieRules): string {
  if (!isSecure) return plainName
  return path === '' ? hostName : pathName
}
