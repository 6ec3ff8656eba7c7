import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { sendBaggage } from './baggage.ts'
import type { Build } from './build.ts'
import { type Destination, destinationOf, hostFilter } from './destinations.ts'
import { detectBuild } from './detect-build.ts'
import { type OutgoingHeaders, setBaggage } from './forwarded.ts'
import { type HttpRequest, onHttpRequest } from './http-requests.ts'
import { markerOf, type SigningOptions } from './marker-of.ts'
import { sayOutlivedCall } from './outlived.ts'
import { sayOnce } from './say-once.ts'
import { keepCallersOfUndici } from './undici-callers.ts'
import { type UndiciRequest, undiciHeaders } from './undici-headers.ts'
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
 * or undici. The actual destination host counts, also after a redirect and behind a forward proxy. No other host gets any, nor
 * those that the request itself came with, when its headers are forwarded.
 *
 * @returns a function that stops sending
 * @example const stop = sendMarks({ to: ['inventory:8080'], flags: ['new-pricing'] })
 */
export function sendMarks(options: SendOptions): () => void {
  const { to, flags = [], build = detectBuild(), sign } = options
  const isAllowed = hostFilter(to)
  const send = (headers: OutgoingHeaders, goesTo: () => Destination | undefined): void => {
    const work = currentWork()
    if (!work || work.isOutside) return
    const destination = goesTo()
    const isListed = destination !== undefined && isAllowed(destination)
    if (work.over && isListed) sayOutlivedCall(work, destination.name)
    const ours = isListed && !work.over ? sendBaggage(work.marks, build, flags, markerOf(work.marks, sign)) : undefined
    if (setBaggage(headers, work.marks, ours, isListed)) {
      sayOnce(
        `a request forwarded its caller's test marker to a host that marks are not sent to, so the marker was removed: name the host in sendMarks or COALMINE_SEND_TO if it is yours`,
        destination?.name,
      )
    }
  }
  const onHttp = (request: HttpRequest): void => {
    quietly(() => send(httpHeaders(request), () => destinationOf(request, originOf(request))))
  }
  keepCallersOfUndici()
  const onUndici = (message: unknown): void => {
    // The first request of a copy of undici finds no pool full.
    keepCallersOfUndici()
    const { request } = message as { request: UndiciRequest }
    quietly(() => send(undiciHeaders(request), () => destinationOf(request, String(request.origin))))
  }
  const stopHttp = onHttpRequest(onHttp)
  subscribe('undici:request:create', onUndici)
  return () => {
    stopHttp()
    unsubscribe('undici:request:create', onUndici)
  }
}

function httpHeaders(request: HttpRequest): OutgoingHeaders {
  return {
    get: (name) => {
      const value = request.getHeader(name)
      return value === undefined ? undefined : String(value)
    },
    set: (name, value) => void request.setHeader(name, value),
    remove: (name) => request.removeHeader(name),
  }
}

/** Where the request is sent. Its port comes from the Host header unless that names another host. */
function originOf(request: HttpRequest): string {
  if (request.socketPath) return ''
  const host = request.host.includes(':') ? `[${request.host}]` : request.host
  const header = String(request.getHeader('host') ?? '')
  return `${request.protocol}//${header.startsWith(`${host}:`) ? header : host}`
}

function quietly(send: () => void): void {
  try {
    send()
  } catch (error) {
    sayOnce("a request's marks could not be sent; it goes on without them", error)
  }
}
