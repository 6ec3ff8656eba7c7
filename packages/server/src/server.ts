import { once } from 'node:events'
import { createServer, type Server as HttpServer } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { type FlagRules, type Slo, usualFlagRules } from '@coalmine/comparator'
import { isRemote, openStore, type Store, StoreError, type StoreOptions } from '@coalmine/store'
import fastify, { type FastifyInstance } from 'fastify'
import { type Access, newAccess } from './access/access.ts'
import { guard } from './access/guard.ts'
import { registerLogin } from './access/login.ts'
import { registerBackFill } from './back-fill.ts'
import { newBudgetWatch } from './budgets/budget-watch.ts'
import { registerBudgets } from './budgets/routes.ts'
import { newDeployWatch } from './changes/deploy-watch.ts'
import { registerChanges } from './changes/routes.ts'
import { registerCompare } from './compare/compare.ts'
import { type Comparisons, newComparisons } from './comparisons/comparisons.ts'
import { registerComparisons } from './comparisons/routes.ts'
import { type Ack, type Context, unmeasured } from './context.ts'
import { newDecoder } from './decoding/decoder.ts'
import { registerDora } from './dora/routes.ts'
import { drain } from './drain.ts'
import { answerable, type ErrorBody, heldStatus, ServerError } from './errors.ts'
import { registerFlags } from './flags/routes.ts'
import { isLoopback } from './foreign.ts'
import { registerGates } from './gates/register-gates.ts'
import { newTicker, registerHealth } from './health.ts'
import { registerImport } from './import/import.ts'
import { registerDoctor, registerKnown, registerStore, registerTests } from './insight.ts'
import { registerKayenta } from './kayenta.ts'
import { type Links, newLinks } from './links.ts'
import type { Metrics } from './metrics.ts'
import { noNotify } from './notify/notify.ts'
import { registerNotifications } from './notify/routes.ts'
import type { NotifyOptions, RunningNotify } from './notify/start-notify.ts'
import { registerOpenApi } from './openapi.ts'
import { findServer, leaveAddress, removeAddress } from './owner.ts'
import { registerPage } from './page/routes.ts'
import { newAdmission } from './receive/admission.ts'
import { newClocks } from './receive/clocks.ts'
import type { RunningGrpc } from './receive/grpc.ts'
import { registerOtlp } from './receive/http.ts'
import { defaultLimits, type Limits } from './receive/limits.ts'
import { newRecentLimits } from './receive/recent-limits.ts'
import { registerCalibrate } from './replay/calibrate.ts'
import { registerPlan } from './replay/plan.ts'
import { newRollouts, type Rollouts } from './rollouts/rollouts.ts'
import { registerRollouts } from './rollouts/routes.ts'
import type { RolloutOptions } from './rollouts/setup.ts'
import { checkTls, type TlsFiles } from './tls.ts'
import { newTurns } from './turns.ts'
import { registerViews } from './views/routes.ts'
import { newViews, type Views } from './views/views.ts'

/** How a server is started. Times are milliseconds, sizes bytes. */
export type ServerOptions = {
  /** A directory, or the URL of a ClickHouse server. */
  readonly store: string
  readonly host?: string
  /** 0 takes any that is free. */
  readonly port?: number
  /** What clients must send as `authorization: Bearer ...`. */
  readonly token?: string
  /** A file of tokens with names and rights instead, which is read again when it changes. */
  readonly tokensFile?: string
  /** Where browsers and pipelines reach the server, when it is behind a proxy. */
  readonly baseUrl?: string
  /** With what GitHub signs the webhooks that it sends to `/api/changes`. */
  readonly githubSecret?: string | undefined
  /** Where OTLP/gRPC is taken, 0 for any port that is free; nowhere when left out. */
  readonly grpcPort?: number
  /** Both protocols are encrypted with it; in the clear when left out. */
  readonly tls?: TlsFiles
  /** Acknowledge spans when the engine has them (the default), or when they wait for it. */
  readonly ack?: Ack
  /** How long `close` waits for requests that are under way before it closes their connections; 10 s unless told otherwise. */
  readonly drainMs?: number
  /** What senders may make the server hold, and how long they may take, where it is not as usual. */
  readonly limits?: Partial<Limits>
  /** How long comparisons that run wait between two looks; 5 s, a tick, unless told otherwise. */
  readonly lookEveryMs?: number
  /** Who is told of comparisons; nobody where left out. */
  readonly notify?: NotifyOptions
  /** How rollouts are planned, and what moves canaries; none runs where left out. */
  readonly rollout?: RolloutOptions
  /** Leaves the address in the directory, so that commands on it find this server; true unless told otherwise. */
  readonly announced?: boolean
  /** Knows the comparisons that have run in the store, also where it is not announced; it goes on with none then. */
  readonly knowsComparisons?: boolean
  /** Objectives whose error budgets it counts, tells of at `/metrics`, and raises alerts of. */
  readonly slos?: readonly Slo[]
  /** When flags can go, and whose they are; as usual where left out. */
  readonly flagRules?: FlagRules | undefined
  /** Told of trouble that no client is told of, such as a tick that did not close. */
  readonly warn?: (message: string) => void
} & Pick<
  StoreOptions,
  'traces' | 'readOnly' | 'watermarkMs' | 'retentionDays' | 'maxQueuedBytes' | 'minFreeBytes' | 'fsync' | 'now'
>

/** A server that listens. */
export interface RunningServer {
  readonly url: string
  /** Where OTLP/gRPC is taken. */
  readonly grpcUrl?: string
  /** What it answers over HTTP, such as `GET /api/verdict`. */
  readonly routes: readonly string[]
  /** Answers what is under way, for as long as `drainMs` says, then lets go of the store. */
  readonly close: () => Promise<void>
}

const closeTicksEveryMs = 1_000
const connectionsLookedAtMs = 5_000
// As many as there are connections that read.
const questionsAtOnce = 2

/** Does what `startServer` of this package says. */
export async function startServer({
  store: location,
  host = '127.0.0.1',
  port = 4318,
  token,
  tokensFile,
  baseUrl,
  githubSecret,
  grpcPort,
  tls,
  ack = 'stored',
  drainMs = 10_000,
  limits: changedLimits,
  lookEveryMs = 5_000,
  notify: notifyOptions,
  rollout,
  announced = true,
  knowsComparisons = announced,
  slos = [],
  flagRules = usualFlagRules,
  warn = () => {},
  ...storeOptions
}: ServerOptions): Promise<RunningServer> {
  if (tls) checkTls(tls)
  const now = storeOptions.now ?? Date.now
  const access = await newAccess({ token, tokensFile, now, warn })
  const store = await openOrNameOwner({ location, ...storeOptions }).catch((error: unknown) => {
    access.close()
    throw error
  })
  for (const part of store.putAside)
    warn(`the engine found ${part} broken as it started, and put it aside: what was stored in it is not counted`)
  // Nobody asks a server that goes when its command is done, and what answers takes a while to load.
  const measured = announced ? await import('./metrics.ts') : undefined
  const limits = { ...defaultLimits, ...changedLimits }
  const admission = newAdmission(limits.underWayBytes)
  const metrics = measured?.startMetrics(store.ingest, admission)
  const recentLimits = newRecentLimits(now)
  const basics = { store, now, warn, slos, flagRules }
  let ownUrl: string | undefined
  const links = newLinks(baseUrl, () => ownUrl ?? urlOf(app.server, tls ? 'https' : 'http'))
  // Most servers tell nobody, and those of commands never do.
  const notify = notifyOptions && (await startTelling(basics, notifyOptions, links, metrics))
  const context: Context = {
    ...basics,
    ack,
    admission,
    limits,
    decoder: newDecoder(),
    clocks: newClocks(now, warn),
    recentLimits,
    turns: newTurns(questionsAtOnce),
    metrics: {
      ...(metrics ?? unmeasured),
      limited: (protocol, limit) => {
        recentLimits.met(limit)
        metrics?.limited(protocol, limit)
      },
    },
    notify: notify ?? noNotify,
    version: version,
  }
  const views = newViews(context)
  // A server that goes when its command is done keeps nothing for people who look later.
  const comparisons = newComparisons(context, lookEveryMs, announced ? views.keep : undefined)
  // One that goes when its command is done sums nothing up for later, and tells nobody.
  const budgets = announced ? newBudgetWatch(context) : undefined
  const deploys = announced ? newDeployWatch(context) : undefined
  const rollouts = newRollouts(context, comparisons, rollout, { lookEveryMs })
  const answered: string[] = []
  const app = await routes(
    context,
    { comparisons, views, rollouts },
    { access, links, tls, host, baseUrl, githubSecret, answered },
  )
  if (metrics) measured!.registerMetrics(app, metrics)
  const directory = announced && !isRemote(location) ? location : undefined
  let grpc: RunningGrpc | undefined
  let local: HttpServer | undefined
  const close = async (): Promise<void> => {
    access.close()
    await rollouts.close()
    comparisons.close()
    await drain({ app, local, grpc }, drainMs)
    await budgets?.close()
    await deploys?.close()
    await notify?.close()
    await views.close()
    await metrics?.close()
    await context.decoder.close()
    await store.close()
  }
  let goOn: (() => Promise<void>) | undefined
  try {
    // A server that goes when its command is done leaves those of others alone; a gate that asks at once is to be told of them.
    await notify?.resume()
    if (knowsComparisons) goOn = await resumed(comparisons, rollouts)
    await app.listen({ host, port }).catch((cause: unknown) => {
      throw notListening(cause, host, port)
    })
    if (tls && directory) local = await listenLocally(app)
    if (grpcPort !== undefined) {
      const { startGrpc } = await import('./receive/grpc.ts')
      grpc = await startGrpc(context, { host, port: grpcPort, access, tls })
    }
  } catch (error) {
    await close()
    throw error
  }
  const url = urlOf(app.server, tls ? 'https' : 'http')
  // Messages are sent while it closes, too, when it has no address any more.
  ownUrl = url
  if (directory) {
    const owner = {
      url: local ? urlOf(local, 'http') : url,
      pid: process.pid,
      ...(access.local !== undefined && { token: access.local }),
      ...(baseUrl !== undefined && { baseUrl }),
    }
    await leaveAddress(directory, owner).catch(async (cause: Error) => {
      await close()
      throw new ServerError('unavailable', `store ${directory}: cannot leave the address in it: ${cause.message}`, {
        cause,
      })
    })
  }
  notify?.start()
  if (announced) await goOn?.()
  const ticksClosed = (): void => {
    comparisons.ticksClosed()
    budgets?.ticksClosed()
    deploys?.ticksClosed()
  }
  const timer = setInterval(newTicker(context, ticksClosed), closeTicksEveryMs)
  const stop = async (): Promise<void> => {
    clearInterval(timer)
    if (directory) await removeAddress(directory)
    await close()
  }
  let stopped: Promise<void> | undefined
  return {
    url,
    ...(grpc && { grpcUrl: withPort(url, grpc.port) }),
    routes: answered,
    close: () => {
      stopped ??= stop()
      return stopped
    },
  }
}

/** Comparisons go on before the rollouts that they judge. */
async function resumed(comparisons: Comparisons, rollouts: Rollouts): Promise<() => Promise<void>> {
  const [compareOn, rollOn] = [await comparisons.resume(), await rollouts.resume()]
  return async () => {
    await compareOn()
    await rollOn()
  }
}

async function startTelling(
  basics: Pick<Context, 'store' | 'now' | 'warn' | 'slos'>,
  options: NotifyOptions,
  links: Links,
  metrics: Metrics | undefined,
): Promise<RunningNotify> {
  const { startNotify } = await import('./notify/start-notify.ts')
  const tried = (target: string, what: string): void => metrics?.notified(target, what)
  const notify = startNotify(basics, options, { baseUrl: links.baseForAll, tried })
  metrics?.observeTargets(notify.lanes)
  return notify
}

/** What a server runs, which its routes tell of. */
interface Parts {
  readonly comparisons: Comparisons
  readonly views: Views
  readonly rollouts: Rollouts
}

interface Doors {
  readonly access: Access
  readonly links: Links
  readonly tls: TlsFiles | undefined
  readonly host: string
  readonly baseUrl: string | undefined
  readonly githubSecret: string | undefined
  /** Told of each route. */
  readonly answered: string[]
}

async function routes(
  context: Context,
  { comparisons, views, rollouts }: Parts,
  { access, links, tls, host, baseUrl, githubSecret, answered }: Doors,
): Promise<FastifyInstance> {
  const { limits, metrics } = context
  const timing = { headersTimeout: limits.patienceMs, connectionsCheckingInterval: connectionsLookedAtMs }
  const app = fastify({
    forceCloseConnections: 'idle',
    ...(tls ? { https: { ...tls, ...timing } } : { http: timing, https: null }),
    schemaController: withoutSchemas,
  })
  app.server.maxConnections = limits.connections
  app.server.on('drop', () => metrics.limited('http', 'connections'))
  // A form or a plain text of a page elsewhere comes without asking the browser's user first; what is JSON does not.
  app.removeContentTypeParser('text/plain')
  app.setErrorHandler(async (error, { routeOptions }, reply) => {
    const takes = { types: ['application/json'], bytes: routeOptions.bodyLimit }
    const { status, kind, message, limit } = answerable(error, takes)
    if (limit) metrics.limited('http', limit)
    const body: ErrorBody = { error: { kind, message } }
    return reply.code(status).send(body)
  })
  app.setNotFoundHandler(async ({ method, url }) => {
    throw new ServerError('usage', `${method} ${url}: there is no such route`, { status: 404 })
  })
  app.addHook('onRoute', ({ method, url }) => {
    for (const one of [method].flat()) if (one !== 'HEAD') answered.push(`${one} ${url}`)
  })
  registerHealth(app, context)
  const isSecure = tls !== undefined || baseUrl?.startsWith('https:') === true
  guard(app, { access, isSecure, isLoopbackAlone: !access.asks && isLoopback(host), baseUrl })
  // Who was answered before the end of the request has this long to end it.
  app.addHook('onResponse', async ({ raw }) => {
    if (!raw.complete) setTimeout(() => raw.destroy(), limits.patienceMs).unref()
  })
  await registerOtlp(app, context)
  await registerImport(app, context)
  registerCompare(app, context)
  registerLogin(app, access, isSecure)
  registerPage(app)
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
  registerStore(app, context)
  registerTests(app, context)
  registerChanges(app, context, githubSecret)
  registerDora(app, context)
  registerFlags(app, context)
  registerBudgets(app, context)
  registerBackFill(app, context)
  registerOpenApi(app, links)
  return app
}

// No route has a schema, and what would compile them takes as long to load as the rest of the framework.
const withoutSchemas = { compilersFactory: { buildValidator: noSchemas, buildSerializer: noSchemas } }

function noSchemas(): never {
  throw new Error('routes have no schemas here')
}

async function openOrNameOwner(options: StoreOptions): Promise<Store> {
  try {
    return await openStore(options)
  } catch (error) {
    if (!(error instanceof StoreError)) throw error
    const owner = !isRemote(options.location) ? await findServer(options.location) : undefined
    if (error.kind !== 'held' || !owner) throw answerable(error)
    throw new ServerError(
      'unavailable',
      `store ${options.location} is served by process ${owner.pid} at ${owner.url}; go through it, or stop it first`,
      { cause: error, status: heldStatus },
    )
  }
}

function notListening(cause: unknown, host: string, port: number): ServerError {
  const { code, message } = cause as NodeJS.ErrnoException
  const why =
    code === 'EADDRINUSE'
      ? 'it is in use; stop what listens there, or take another with --port'
      : code === 'EACCES'
        ? 'this user may not; take a port above 1023 with --port'
        : message
  return new ServerError('unavailable', `cannot listen on ${host}:${port}: ${why}`, { cause })
}

function urlOf(server: HttpServer, scheme: 'http' | 'https'): string {
  const { address, family, port } = server.address() as AddressInfo
  return `${scheme}://${family === 'IPv6' ? `[${address}]` : address}:${port}`
}

function withPort(url: string, port: number): string {
  const other = new URL(url)
  other.port = String(port)
  return other.origin
}

/** A certificate is for a name, so commands on the directory come another way: in the clear, from this machine alone. */
async function listenLocally(app: FastifyInstance): Promise<HttpServer> {
  const local = createServer(app.routing)
  local.listen(0, '127.0.0.1')
  await once(local, 'listening')
  return local
}

const { version } = createRequire(import.meta.url)('../package.json') as { version: string }
