/** What a token may do: send spans and log records, only read, or judge and start comparisons, which includes reading. */
export type Right = 'ingest' | 'read' | 'judge'

/** All rights, in the order in which they are listed. */
export const allRights: readonly Right[] = ['ingest', 'read', 'judge']

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The right that a route requires, if not the default for its method; `none` admits everybody. */
    readonly right?: Right | 'none'
    /** A signed body needs no token: the route checks the signature itself. */
    readonly isSigned?: boolean
  }
  interface FastifyRequest {
    /** The caller's name; null if tokens have no names or none is required. */
    callerName: string | null
  }
}

/**
 * The default right that a route requires: `read` for routes that change nothing, `ingest` for OTLP and
 * imports, `judge` for the rest. An unknown route requires `read`, so that others do not learn that it does not exist.
 *
 * @param path the path as registered, not as requested: the router takes `/%61pi` for `/api`.
 * @example rightFor('POST', '/api/comparisons') // 'judge'
 */
export function rightFor(method: string, path: string | undefined): Right {
  if (path?.startsWith('/v1/') || path?.startsWith('/api/import')) return 'ingest'
  return method === 'GET' || method === 'HEAD' || path === undefined ? 'read' : 'judge'
}

/** Whether some rights include another one. */
export function includes(rights: readonly Right[], right: Right): boolean {
  return rights.includes(right) || (right === 'read' && rights.includes('judge'))
}
