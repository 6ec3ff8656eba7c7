import type { FastifyInstance } from 'fastify'
import { signatureHeaders } from '../changes/signatures.ts'
import { type ForeignRules, refuseForeignHosts, refuseForeignPages } from '../foreign.ts'
import { type Access, mustBeAllowed } from './access.ts'
import { secretOf } from './cookie.ts'
import { rightFor } from './rights.ts'

/** What a server lets nobody do. */
export interface Guard extends ForeignRules {
  readonly access: Access
  /** Whether browsers come over TLS, here or at a proxy. */
  readonly isSecure: boolean
  /** Whether only this machine reaches the server, and no token is asked for. */
  readonly isLoopbackAlone: boolean
}

/** Lets in who may do what they ask: each route asks for a right, and every route does that does not say otherwise. */
export function guard(app: FastifyInstance, { access, isSecure, isLoopbackAlone, baseUrl }: Guard): void {
  app.decorateRequest('callerName', null)
  app.addHook('onRequest', async (request) => {
    const { method, headers, routeOptions } = request
    if (isProbe(routeOptions.url)) return
    refuseForeignPages(method, headers, { baseUrl })
    if (isLoopbackAlone) refuseForeignHosts(headers, { baseUrl })
    const right = routeOptions.config.right ?? rightFor(method, routeOptions.url)
    if (
      right === 'none' ||
      (routeOptions.config.isSigned && signatureHeaders.some((header) => headers[header] !== undefined))
    )
      return
    const secret = headers.authorization === undefined ? secretOf(headers, isSecure) : undefined
    const caller = secret === undefined ? access.bearer(headers.authorization) : access.sessions.holder(secret)
    mustBeAllowed(caller, right, headers.authorization)
    request.callerName = caller.name
  })
}

const isProbe = (path: string | undefined): boolean => path === '/healthz' || path === '/readyz'
