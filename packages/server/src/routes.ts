import type { IncomingMessage } from 'node:http'
import fastify, { type FastifyInstance, type FastifyReply } from 'fastify'
import type { Access } from './access/access.ts'
import { guard } from './access/guard.ts'
import { registerLogin } from './access/login.ts'
import { registerBackFill } from './back-fill.ts'
import { answerBrokenRequest } from './broken-requests.ts'
import { registerBudgets } from './budgets/routes.ts'
import { registerChanges } from './changes/routes.ts'
import type { WebhookSecrets } from './changes/signatures.ts'
import { registerCompare } from './compare/compare.ts'
import type { Comparisons } from './comparisons/comparisons.ts'
import { registerComparisons } from './comparisons/routes.ts'
import type { Context } from './context.ts'
import { registerDora } from './dora/routes.ts'
import { answerable, type ErrorBody, ServerError, type Takes } from './errors.ts'
import type { FlagVerdicts } from './flags/flag-verdicts.ts'
import { registerFlags } from './flags/routes.ts'
import { isLoopback } from './foreign.ts'
import { registerGates } from './gates/register-gates.ts'
import { registerHealth } from './health.ts'
import { registerImport } from './import/import.ts'
import { registerDoctor, registerKnown, registerServices, registerStore, registerTests } from './insight.ts'
import { registerKayenta } from './kayenta.ts'
import { methodsFor } from './known-routes.ts'
import { type Links, pathOf, withoutPath } from './links.ts'
import { registerNotifications } from './notify/routes.ts'
import { registerOpenApi } from './openapi.ts'
import { registerPage } from './page/routes.ts'
import { registerOtlp } from './receive/http.ts'
import { registerCalibrate } from './replay/calibrate.ts'
import { registerPlan } from './replay/plan.ts'
import type { Rollouts } from './rollouts/rollouts.ts'
import { registerRollouts } from './rollouts/routes.ts'
import { registerTestRuns } from './test-runs/routes.ts'
import type { TestRuns } from './test-runs/test-runs.ts'
import type { TlsFiles } from './tls.ts'
import { registerViews } from './views/routes.ts'
import type { Views } from './views/views.ts'

const connectionsLookedAtMs = 5_000
// Names of services and builds are parts of paths; the bound on headers holds for those too.
const longestParameter = 16_384

/** The running parts of a server that its routes serve. */
export interface Parts {
  readonly comparisons: Comparisons
  readonly views: Views
  readonly rollouts: Rollouts
  readonly flagVerdicts: FlagVerdicts
  readonly runs: TestRuns
}

/** How requests get in. */
export interface Doors {
  readonly access: Access
  readonly links: Links
  readonly tls: TlsFiles | undefined
  readonly host: string
  readonly baseUrl: string | undefined
  readonly secrets: WebhookSecrets
  /** Collects each route. */
  readonly answered: string[]
}

/** Registers everything that a server answers over HTTP. */
export async function routes(
  context: Context,
  { comparisons, views, rollouts, flagVerdicts, runs }: Parts,
  { access, links, tls, host, baseUrl, secrets, answered }: Doors,
): Promise<FastifyInstance> {
  const { limits, metrics } = context
  const path = pathOf(baseUrl)
  const timing = { headersTimeout: limits.patienceMs, connectionsCheckingInterval: connectionsLookedAtMs }
  const app = fastify({
    forceCloseConnections: 'idle',
    ...(tls ? { https: { ...tls, ...timing, handshakeTimeout: limits.patienceMs } } : { http: timing, https: null }),
    schemaController: withoutSchemas,
    // Proxies that add a prefix, and people who join an address and a path, send more slashes than there are.
    routerOptions: { ignoreTrailingSlash: true, ignoreDuplicateSlashes: true, maxParamLength: longestParameter },
    frameworkErrors: (error, _request, reply) => refuse(error, reply, metrics),
    clientErrorHandler: answerBrokenRequest,
    rewriteUrl: ({ url = '/' }: IncomingMessage) => withoutPath(url, path),
  })
  app.server.maxConnections = limits.connections
  app.server.on('drop', () => metrics.limited('http', 'connections'))
  app.server.on('clientError', ({ code }: NodeJS.ErrnoException) => {
    if (code === 'ERR_HTTP_REQUEST_TIMEOUT') metrics.limited('http', 'slow')
  })
  // Browsers send forms and plain text across sites without a preflight request, but not JSON.
  app.removeContentTypeParser('text/plain')
  app.setErrorHandler(async (error, { routeOptions }, reply) =>
    refuse(error, reply, metrics, { types: ['application/json'], bytes: routeOptions.bodyLimit }),
  )
  app.setNotFoundHandler(async ({ method, url }, reply) => {
    const methods = methodsFor(url, answered)
    if (methods.length === 0)
      throw new ServerError('usage', `${method} ${url}: there is no such route`, { status: 404 })
    reply.header('allow', methods.join(', '))
    throw new ServerError('usage', `${method} ${url}: this route takes ${methods.join(' and ')}`, { status: 405 })
  })
  app.addHook('onRoute', ({ method, url }) => {
    for (const one of [method].flat()) if (one !== 'HEAD') answered.push(`${one} ${url}`)
  })
  registerHealth(app, context)
  const isSecure = tls !== undefined || baseUrl?.startsWith('https:') === true
  const cookie = { isSecure, path }
  guard(app, { access, cookie, isLoopbackAlone: !access.asks && isLoopback(host), baseUrl })
  // A client that was answered before the end of its request has this long to end it.
  app.addHook('onResponse', async ({ raw }) => {
    if (!raw.complete) setTimeout(() => raw.destroy(), limits.patienceMs).unref()
  })
  await registerOtlp(app, context)
  await registerImport(app, context)
  registerCompare(app, context)
  registerLogin(app, access, cookie)
  registerPage(app, { version: context.version, base: path })
  registerComparisons(app, comparisons, links, limits.followers)
  registerViews(app, context, comparisons, views)
  registerNotifications(app, context)
  registerRollouts(app, rollouts, links)
  registerGates(app, context, comparisons, links)
  registerKayenta(app, context)
  registerPlan(app, context)
  registerCalibrate(app, context)
  registerDoctor(app, context)
  registerKnown(app, context)
  registerServices(app, context)
  registerStore(app, context)
  registerTests(app, context)
  registerChanges(app, context, { secrets, flagVerdicts })
  registerTestRuns(app, context, runs)
  registerDora(app, context)
  registerFlags(app, context, flagVerdicts)
  registerBudgets(app, context)
  registerBackFill(app, context)
  registerOpenApi(app, links)
  return app
}

function refuse(error: unknown, reply: FastifyReply, metrics: Context['metrics'], takes?: Takes): FastifyReply {
  const { status, kind, message, limit } = answerable(error, takes)
  if (limit) metrics.limited('http', limit)
  const body: ErrorBody = { error: { kind, message } }
  return reply.code(status).send(body)
}

// No route has a schema, and the schema compilers take as long to load as the rest of the framework.
const withoutSchemas = { compilersFactory: { buildValidator: noSchemas, buildSerializer: noSchemas } }

function noSchemas(): never {
  throw new Error('routes have no schemas here')
}
