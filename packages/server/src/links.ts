import { hostname } from 'node:os'
import type { FastifyRequest } from 'fastify'

/** Links to the server's page. */
export interface Links {
  /** The page of a comparison, as seen by the sender of a request. */
  readonly comparison: (id: string, request: FastifyRequest) => string
  /** The base URL as seen by the sender of a request, without a trailing slash. */
  readonly base: (request: FastifyRequest) => string
  /** The base URL without reference to a request, for messages. */
  readonly baseForAll: () => string
}

/**
 * Creates links with the configured base URL or else the server's own address. A server that listens on every
 * address has none of its own; links then use the address of the request.
 *
 * @param own returns the server's own URL, once it listens.
 */
export function newLinks(baseUrl: string | undefined, own: () => string): Links {
  const base = ({ headers }: FastifyRequest): string => {
    if (baseUrl !== undefined) return baseUrl.replace(/\/+$/, '')
    const url = new URL(own())
    const isEverywhere = url.hostname === '0.0.0.0' || url.hostname === '[::]'
    if (isEverywhere && headers.host !== undefined && isHost(headers.host)) return `${url.protocol}//${headers.host}`
    return url.origin
  }
  const baseForAll = (): string => {
    if (baseUrl !== undefined) return baseUrl.replace(/\/+$/, '')
    const url = new URL(own())
    if (url.hostname === '0.0.0.0' || url.hostname === '[::]') url.hostname = hostname()
    return url.origin
  }
  return { base, baseForAll, comparison: (id, request) => `${base(request)}/comparisons/${id}` }
}

/**
 * The path of a base URL, under which a proxy keeps the server: without a trailing slash, empty if there is none.
 *
 * @example pathOf('https://example.com/tools/coalmine/') // '/tools/coalmine'
 */
export function pathOf(baseUrl: string | undefined): string {
  return baseUrl === undefined ? '' : new URL(baseUrl).pathname.replace(/\/+$/, '')
}

/** A request's URL without the path of the base URL: some proxies pass it on, and others take it off. */
export function withoutPath(url: string, path: string): string {
  if (path === '' || !url.startsWith(path)) return url
  const rest = url.slice(path.length)
  if (rest.startsWith('/')) return rest
  return rest === '' || rest.startsWith('?') ? `/${rest}` : url
}

const isHost = (text: string): boolean => /^(\[[\da-f:.]+\]|[\w.-]+)(:\d{1,5})?$/i.test(text)
