import type { FastifyInstance } from 'fastify'
import { signatureHeaders } from '../changes/signatures.ts'
import { type ForeignRules, refuseForeignHosts, refuseForeignPages } from '../foreign.ts'
import { type Access, mustBeAllowed } from './access.ts'
import { type CookieRules, secretOf } from './cookie.ts'
import { rightFor } from './rights.ts'

/** Rules for guarding a server. */
export interface Guard extends ForeignRules {
  readonly access: Access
  readonly cookie: CookieRules
  /** Whether the server is reachable only from this machine and requires no token. */
  readonly isLoopbackAlone: boolean
}

/** Admits requests whose caller has the right that the route requires. Every route requires one unless it opts out. */
export function guard(app: FastifyInstance, { access, cookie, isLoopbackAlone, baseUrl }: Guard): void {
  app.decorateRequest('callerName', null)
  app.addHook('onRequest', async (request) => {
    const { method, headers, routeOptions } = request
    if (isProbe(routeOptions.url)) return
    refuseForeignPages(method, headers, { baseUrl })
    if (isLoopbackAlone) refuseForeignHosts(headers, { baseUrl })
    const right = routeOptions.config.right ?? rightFor(method, routeOptions.url)
    const isSigned = routeOptions.config.isSigned && signatureHeaders.some((header) => headers[header] !== undefined)
    if (right === 'none' || (isSigned && headers.authorization === undefined)) return
    const secret = headers.authorization === undefined ? secretOf(headers, cookie) : undefined
    const caller = secret === undefined ? access.bearer(headers.authorization) : access.sessions.holder(secret)
    mustBeAllowed(caller, right, headers.authorization)
    request.callerName = caller.name
  })
}

const isProbe = (path: string | undefined): boolean => path === '/healthz' || path === '/readyz'
