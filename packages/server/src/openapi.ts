import { readFile } from 'node:fs/promises'
import type { FastifyInstance } from 'fastify'
import type { Links } from './links.ts'

/**
 * `GET /api/openapi.json`: the server's API as an OpenAPI 3.1 document. It is generated from the types of the sources (`npm run
 * declarations`); the server's own URL is added here.
 */
export function registerOpenApi(app: FastifyInstance, links: Links): void {
  let read: Promise<object> | undefined
  app.get('/api/openapi.json', { config: { right: 'none' } }, async (request) => {
    read ??= readFile(new URL('../openapi.json', import.meta.url), 'utf8').then((text) => JSON.parse(text) as object)
    return { ...(await read), servers: [{ url: links.base(request) }] }
  })
}
