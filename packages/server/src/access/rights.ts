/** What a token may do: send spans and log records, read what is known, or judge and start, which is to read too. */
export type Right = 'ingest' | 'read' | 'judge'

/** All of them, in the order in which they are told. */
export const allRights: readonly Right[] = ['ingest', 'read', 'judge']

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The right that a route asks for where it is not the one that its method tells; `none` lets everybody in. */
    readonly right?: Right | 'none'
    /** Whoever signs the body needs no token: the route looks at the signature itself. */
    readonly isSigned?: boolean
  }
  interface FastifyRequest {
    /** The name of whoever asks; null where tokens have no names, or none is asked for. */
    callerName: string | null
  }
}

/**
 * The right that a route asks for, unless it says so itself: reading for what changes nothing, sending spans for OTLP and
 * imports, judging for the rest. A route that does not exist is for whoever may read: nobody else is told so.
 *
 * @param path as the route was registered, and not as it was asked: `/%61pi` is `/api` to the router.
 * @example rightFor('POST', '/api/comparisons') // 'judge'
 */
export function rightFor(method: string, path: string | undefined): Right {
  if (path?.startsWith('/v1/') || path?.startsWith('/api/import')) return 'ingest'
  return method === 'GET' || method === 'HEAD' || path === undefined ? 'read' : 'judge'
}

/** Whether rights are enough for one of them. */
export function includes(rights: readonly Right[], right: Right): boolean {
  return rights.includes(right) || (right === 'read' && rights.includes('judge'))
}
