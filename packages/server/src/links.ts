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

const isHost = (text: string): boolean => /^(\[[\da-f:.]+\]|[\w.-]+)(:\d{1,5})?$/i.test(text)
