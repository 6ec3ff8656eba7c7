import type { FastifyInstance } from 'fastify'
import { ServerError } from '../errors.ts'
import type { Access } from './access.ts'
import { type CookieRules, noCookie, secretOf, sessionCookie } from './cookie.ts'
import { allRights, type Right } from './rights.ts'

/** The answer of `GET /api/login`: whether the server requires a token, and who is logged in. */
export interface LoginAnswer {
  readonly asks: boolean
  readonly name: string | null
  /** Empty if a token is required and nobody is logged in. */
  readonly rights: readonly Right[]
}

const open = { config: { right: 'none' } } as const

/**
 * `POST /api/login` exchanges a token for a session cookie, so that the token is in no URL and out of reach of scripts;
 * `POST /api/logout` ends the session; `GET /api/login` returns who is logged in.
 */
export function registerLogin(app: FastifyInstance, access: Access, cookie: CookieRules): void {
  app.post('/api/login', open, async ({ body }, reply) => {
    const { token } = Object(body) as Record<string, unknown>
    if (typeof token !== 'string' || token === '') throw new ServerError('usage', 'token: expected the token as text')
    if (access.asks) {
      const holder = access.holder(token)
      if (!holder)
        throw new ServerError('unavailable', 'this server does not know that token: see what it was started with', {
          status: 401,
          limit: 'token',
        })
      reply.header('set-cookie', sessionCookie(access.sessions.begin(holder), cookie))
    }
    return reply.code(204).send()
  })
  app.post('/api/logout', open, async ({ headers }, reply) => {
    const secret = secretOf(headers, cookie)
    if (secret !== undefined) access.sessions.end(secret)
    return reply.code(204).header('set-cookie', noCookie(cookie)).send()
  })
  app.get('/api/login', open, async ({ headers }): Promise<LoginAnswer> => {
    if (!access.asks) return { asks: false, name: null, rights: allRights }
    const secret = secretOf(headers, cookie)
    const holder =
      access.bearer(headers.authorization) ?? (secret === undefined ? undefined : access.sessions.holder(secret))
    return { asks: true, name: holder?.name ?? null, rights: holder?.rights ?? [] }
  })
}
