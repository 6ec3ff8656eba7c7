import { hostname } from 'node:os'
import type { FastifyRequest } from 'fastify'

/** Where people find what the server tells of. */
export interface Links {
  /** The page of a comparison, for whoever sent a request. */
  readonly comparison: (id: string, request: FastifyRequest) => string
  /** Where the server is for whoever sent a request, without a slash at its end. */
  readonly base: (request: FastifyRequest) => string
  /** Where the server is for people whom nobody's request leads there: for messages. */
  readonly baseForAll: () => string
}

/**
 * Links to the server's page: at the URL that it was told to be reached at, else at its own address. One that listens on every
 * address has none of its own, and is where the request found it.
 *
 * @param own gives the server's own URL, once it listens.
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
