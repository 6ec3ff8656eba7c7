import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { sendBaggage, wholeMembers } from './baggage.ts'
import type { Build } from './build.ts'
import { detectBuild } from './detect-build.ts'
import { type HttpRequest, onHttpRequest } from './http-requests.ts'
import { markerOf, type SigningOptions } from './marker-of.ts'
import { sayOutlivedCall } from './outlived.ts'
import { sayOnce } from './say-once.ts'
import { keepCallersOfUndici } from './undici-callers.ts'
import { currentWork } from './work.ts'

/** Which marks to send, and to which hosts. */
export interface SendOptions {
  /** Hosts: `inventory`, `inventory:8080` with a port, or `.internal.example` for a domain and its subdomains. */
  readonly to: readonly string[]
  /** Flags whose variants are sent. None by default. */
  readonly flags?: readonly string[]
  /** The build to name as the caller. Default: `detectBuild()`. */
  readonly build?: Build
  /** Signs the test traffic that this service originates, for services that require signatures. */
  readonly sign?: SigningOptions
}

/**
 * Sends the current request's marks as W3C baggage with outgoing HTTP requests to allowed hosts, made with node:http, fetch
 * or undici. The actual destination host counts, also after a redirect.
 *
 * @returns a function that stops sending
 * @example const stop = sendMarks({ to: ['inventory:8080'], flags: ['new-pricing'] })
 */
export function sendMarks(options: SendOptions): () => void {
  const { to, flags = [], build = detectBuild(), sign } = options
  const isAllowed = hostFilter(to)
  const baggageFor = (host: string): string | undefined => {
    const work = isAllowed(host) ? currentWork() : undefined
    if (work?.over) sayOutlivedCall(work, host)
    if (!work || work.over) return undefined
    return sendBaggage(work.marks, build, flags, markerOf(work.marks, sign))
  }
  const onHttp = (request: HttpRequest): void => {
    quietly(() => {
      const ours = baggageFor(hostOf(request))
      if (ours === undefined) return
      const theirs = request.getHeader('baggage')
      request.setHeader('baggage', theirs === undefined ? ours : joined(ours, String(theirs)))
    })
  }
  keepCallersOfUndici()
  const onUndici = (message: unknown): void => {
    // The first request of a copy of undici finds no pool full.
    keepCallersOfUndici()
    const { request } = message as { request: UndiciRequest }
    quietly(() => {
      const ours = baggageFor(new URL(String(request.origin)).host)
      if (ours !== undefined) addFirst(request, ours)
    })
  }
  const stopHttp = onHttpRequest(onHttp)
  subscribe('undici:request:create', onUndici)
  return () => {
    stopHttp()
    unsubscribe('undici:request:create', onUndici)
  }
}

/** The host and, if known, its port. The port comes from the Host header unless that names another host. */
function hostOf(request: HttpRequest): string {
  if (request.socketPath) return ''
  const host = request.host.includes(':') ? `[${request.host}]` : request.host
  const header = String(request.getHeader('host') ?? '')
  return header.startsWith(`${host}:`) ? header : host
}

function hostFilter(allowed: readonly string[]): (host: string) => boolean {
  const entries = allowed.map((entry) => entry.trim().toLowerCase()).filter((entry) => entry !== '' && entry !== '.')
  return (host) => {
    const full = host.toLowerCase()
    const name = full.replace(/:\d+$/, '')
    return entries.some((entry) =>
      entry.startsWith('.') ? name.endsWith(entry) || name === entry.slice(1) : entry === full || entry === name,
    )
  }
}

/** Our entries first, then as many whole members of the application's baggage as the W3C limit allows. */
function joined(ours: string, theirs: string): string {
  return wholeMembers(`${ours},${theirs}`).replace(/,$/, '')
}

/** Prepends to undici's list of alternating names and values if it has one; otherwise adds a header line. */
function addFirst(request: UndiciRequest, ours: string): void {
  const { headers } = request
  const at = Array.isArray(headers)
    ? headers.findIndex((name, i) => i % 2 === 0 && /^baggage$/i.test(String(name)))
    : -1
  if (Array.isArray(headers) && at >= 0) headers[at + 1] = joined(ours, String(headers[at + 1]))
  else request.addHeader('baggage', ours)
}

function quietly(send: () => void): void {
  try {
    send()
  } catch (error) {
    sayOnce("a request's marks could not be sent; it goes on without them", error)
  }
}

interface UndiciRequest {
  readonly origin: unknown
  readonly headers?: unknown
  addHeader(name: string, value: string): unknown
}
