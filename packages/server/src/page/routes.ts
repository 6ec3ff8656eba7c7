import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { FastifyInstance, FastifyReply } from 'fastify'
import { ServerError } from '../errors.ts'
import { type PageFiles, readPage } from './files.ts'

const compressed = promisify(gzip)

/** No resources from other origins, no inline scripts or styles, and no embedding in other pages. */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

/** The paths of pages; all serve the same file, which routes by itself. */
const pagePaths = [
  '/',
  '/compare',
  '/comparisons/:id',
  '/services/:name',
  '/services/:name/builds/:build',
  '/rollouts',
  '/rollouts/:id',
  '/tests',
  '/status',
]

/** What a page has to know of its server. */
export interface PageOptions {
  readonly version: string
  /** The path under which a proxy keeps the server; empty if it has the whole host. */
  readonly base: string
}

/**
 * Serves the page, which anybody may load: it requests its data separately, with a token if the server requires one. Files
 * with content hashes in their names are cached by browsers for good; the page itself is requested each time.
 * Answers of the API name the server's version, so that a page that was loaded before an update notices it.
 */
export function registerPage(app: FastifyInstance, { version, base }: PageOptions): void {
  app.addHook('onSend', async ({ url }, reply) => {
    if (url.startsWith('/api/')) reply.header('x-coalmine-version', version)
  })
  let reading: ReturnType<typeof readPage> | undefined
  const files = async () => {
    reading ??= readPage()
    const page = await reading
    if (page) return page
    reading = undefined
    throw new ServerError('no-data', 'the page was not built: npm run build makes it; the API is at /api', {
      status: 404,
    })
  }
  const open = { config: { right: 'none' } } as const
  for (const path of pagePaths)
    app.get(path, open, async (_, reply) => {
      const index = placed(await files(), { version, base })
      return protectedBy(reply)
        .header('content-security-policy', policy)
        .header('cache-control', 'no-cache')
        .type('text/html; charset=utf-8')
        .send(index)
    })
  const smaller = new Map<string, Buffer>()
  app.get('/assets/:name', open, async ({ url, headers }, reply) => {
    const { pathname } = new URL(url, 'http://page')
    const asset = (await files()).assets.get(pathname)
    if (!asset) throw new ServerError('no-data', `${pathname}: there is no such file`, { status: 404 })
    protectedBy(reply)
      .header('cache-control', 'public, max-age=31536000, immutable')
      .header('vary', 'accept-encoding')
      .type(asset.type)
    if (!/\bgzip\b/.test(String(headers['accept-encoding'] ?? ''))) return reply.send(asset.body)
    const body = smaller.get(pathname) ?? (await compressed(asset.body))
    smaller.set(pathname, body)
    return reply.header('content-encoding', 'gzip').send(body)
  })
}

/** The page's file with the paths of its assets as browsers reach them. */
function placed({ index }: PageFiles, { version, base }: PageOptions): string {
  const meta = (name: string, content: string): string =>
    `<meta name="coalmine-${name}" content="${content.replaceAll('&', '&amp;').replaceAll('"', '&quot;')}" />`
  return index
    .replaceAll('="/assets/', () => `="${base.replaceAll('&', '&amp;')}/assets/`)
    .replace('<title>', () => `${meta('base', base)}${meta('version', version)}<title>`)
}

function protectedBy(reply: FastifyReply): FastifyReply {
  return reply
    .header('x-content-type-options', 'nosniff')
    .header('referrer-policy', 'no-referrer')
    .header('cross-origin-opener-policy', 'same-origin')
    .header('cross-origin-resource-policy', 'same-origin')
}
