import { once } from 'node:events'
import type { Server as HttpServer } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { type FlagRules, type Slo, usualFlagRules } from '@coalmine/comparator'
import { isRemote, openStore, type Store, StoreError, type StoreOptions } from '@coalmine/store'
import type { FastifyInstance } from 'fastify'
import { newAccess } from './access/access.ts'
import { newBudgetWatch } from './budgets/budget-watch.ts'
import { newDeployWatch } from './changes/deploy-watch.ts'
import { type Comparisons, newComparisons } from './comparisons/comparisons.ts'
import { type Ack, type Context, unmeasured } from './context.ts'
import { newDecoder } from './decoding/decoder.ts'
import { drain } from './drain.ts'
import { answerable, heldStatus, ServerError } from './errors.ts'
import { newFlagVerdicts } from './flags/flag-verdicts.ts'
import { newFlagWatch } from './flags/flag-watch.ts'
import { newTicker } from './health.ts'
import { type Links, newLinks } from './links.ts'
import type { Metrics } from './metrics.ts'
import { notListening } from './not-listening.ts'
import { noNotify } from './notify/notify.ts'
import type { NotifyOptions, RunningNotify } from './notify/start-notify.ts'
import { findServer, leaveAddress, removeAddress } from './owner.ts'
import { newAdmission } from './receive/admission.ts'
import { newClocks } from './receive/clocks.ts'
import type { RunningGrpc } from './receive/grpc.ts'
import { defaultLimits, type Limits } from './receive/limits.ts'
import { newRecentLimits } from './receive/recent-limits.ts'
import { newRollouts, type Rollouts } from './rollouts/rollouts.ts'
import type { RolloutOptions } from './rollouts/setup.ts'
import { newRunAlerts } from './test-runs/run-alerts.ts'
import { newRunWatch } from './test-runs/run-watch.ts'
import { newTestRuns, type TestRunOptions } from './test-runs/test-runs.ts'
import { checkTls, type TlsFiles } from './tls.ts'
import { newTurns } from './turns.ts'
import { newViews } from './views/views.ts'

/** Options for starting a server. Times are in milliseconds, sizes in bytes. */
export type ServerOptions = {
  /** A directory, or the URL of a ClickHouse server. */
  readonly store: string
  readonly host?: string
  /** 0 for any free port. */
  readonly port?: number
  /** The token that clients must send as `authorization: Bearer ...`. */
  readonly token?: string
  /** In place of `token`: a file of tokens with names and rights, reloaded when it changes. */
  readonly tokensFile?: string
  /** The URL at which browsers and pipelines reach the server, if it is behind a proxy. */
  readonly baseUrl?: string
  /** The secret with which GitHub signs its webhooks to `/api/changes`. */
  readonly githubSecret?: string | undefined
  /** The secret with which LaunchDarkly signs its webhooks. */
  readonly launchDarklySecret?: string | undefined
  /** The key with which GrowthBook signs its event webhooks. */
  readonly growthBookSecret?: string | undefined
  /** The port for OTLP/gRPC, 0 for any free one; by default it is not served. */
  readonly grpcPort?: number
  /** The certificate for both protocols; by default they are not encrypted. */
  readonly tls?: TlsFiles
  /** Acknowledge spans when the engine has stored them (the default), or already when they are queued. */
  readonly ack?: Ack
  /** How long `close` waits for requests in progress before it closes their connections; 10 s by default. */
  readonly drainMs?: number
  /** Overrides for limits on what senders may make the server hold, and on how long they may take. */
  readonly limits?: Partial<Limits>
  /** How long running comparisons wait between two looks; by default 5 s, which is one tick. */
  readonly lookEveryMs?: number
  /** Whom to notify about comparisons; nobody by default. */
  readonly notify?: NotifyOptions
  /** How to plan rollouts and move canaries; without it no rollouts run. */
  readonly rollout?: RolloutOptions
  /** How test runs are stopped; by default only people revoke them, and no file is written. */
  readonly testRuns?: TestRunOptions
  /** Leaves the address in the directory, so that commands on it find this server; true by default. */
  readonly announced?: boolean
  /** Loads the store's past comparisons even if not announced; it does not resume them in that case. */
  readonly knowsComparisons?: boolean
  /** Objectives whose error budgets it counts, exports at `/metrics`, and raises alerts for. */
  readonly slos?: readonly Slo[]
  /** When flags can be removed, and who owns them; defaults apply if left out. */
  readonly flagRules?: FlagRules | undefined
  /** Called with trouble that no client learns of, such as a tick that did not close. */
  readonly warn?: (message: string) => void
} & Pick<
  StoreOptions,
  | 'traces'
  | 'readOnly'
  | 'watermarkMs'
  | 'retentionDays'
  | 'maxQueuedBytes'
  | 'minFreeBytes'
  | 'fsync'
  | 'temporary'
  | 'now'
>

/** A listening server. */
export interface RunningServer {
  readonly url: string
  /** The URL of OTLP/gRPC. */
  readonly grpcUrl?: string
  /** The HTTP routes that it serves, such as `GET /api/verdict`. */
  readonly routes: readonly string[]
  /** Waits up to `drainMs` for requests in progress, then closes the store. */
  readonly close: () => Promise<void>
}

const closeTicksEveryMs = 1_000
// As many as there are connections that read.
const questionsAtOnce = 2

/** Implements `startServer` of `start.ts`. */
export async function startServer({
  store: location,
  host = '127.0.0.1',
  port = 4318,
  token,
  tokensFile,
  baseUrl,
  githubSecret,
  launchDarklySecret,
  growthBookSecret,
  grpcPort,
  tls,
  ack = 'stored',
  drainMs = 10_000,
  limits: changedLimits,
  lookEveryMs = 5_000,
  notify: notifyOptions,
  rollout,
  testRuns,
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
  const decoder = newDecoder()
  // A command that starts a server to write to it sends data at once.
  if (!announced && storeOptions.readOnly !== true) decoder.begin()
  const opening = openOrNameOwner({ location, ...storeOptions })
  // Load the routes while the engine creates its tables.
  const [{ routes }, store] = await Promise.all([import('./routes.ts'), opening]).catch(async (error: unknown) => {
    access.close()
    await decoder.close()
    throw error
  })
  for (const part of store.putAside)
    warn(`the engine found ${part} damaged at startup, and put it aside: what was stored in it is not counted`)
  // Nobody scrapes a server that ends with its command, and the metrics take a while to load.
  const measured = announced ? await import('./metrics.ts') : undefined
  const limits = { ...defaultLimits, ...changedLimits }
  const admission = newAdmission(limits.underWayBytes)
  const metrics = measured?.startMetrics(store.ingest, admission)
  const recentLimits = newRecentLimits(now)
  const basics = { store, now, warn, slos, flagRules }
  let ownUrl: string | undefined
  const links = newLinks(baseUrl, () => ownUrl ?? urlOf(app.server, tls ? 'https' : 'http'))
  // Most servers notify nobody, and those of commands never do.
  const notify = notifyOptions && (await startTelling(basics, notifyOptions, links, metrics))
  const context: Context = {
    ...basics,
    ack,
    admission,
    limits,
    decoder,
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
  // A server that ends with its command keeps no views for later.
  const comparisons = newComparisons(context, lookEveryMs, announced ? views.keep : undefined)
  // Nor does it sum up budgets or notify anybody.
  const budgets = announced ? newBudgetWatch(context) : undefined
  const deploys = announced ? newDeployWatch(context) : undefined
  const flagVerdicts = newFlagVerdicts(context, comparisons)
  const flags = announced ? newFlagWatch(context, flagVerdicts, 6 * lookEveryMs) : undefined
  const rollouts = newRollouts(context, comparisons, rollout, { lookEveryMs })
  const alerts = newRunAlerts(context.notify)
  const runs = newTestRuns(context, alerts, testRuns)
  const isWatched = announced && (testRuns?.stopOn !== undefined || notify !== undefined)
  const runWatch = isWatched ? newRunWatch(context, runs, { alerts, stopOn: testRuns?.stopOn }) : undefined
  const answered: string[] = []
  const secrets = {
    'x-hub-signature-256': githubSecret,
    'x-ld-signature': launchDarklySecret,
    'x-growthbook-signature': growthBookSecret,
  }
  const app = await routes(
    context,
    { comparisons, views, rollouts, flagVerdicts, runs },
    { access, links, tls, host, baseUrl, secrets, answered },
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
    await flags?.close()
    await runWatch?.close()
    await notify?.close()
    await views.close()
    await metrics?.close()
    await context.decoder.close()
    await store.close()
  }
  let goOn: (() => Promise<void>) | undefined
  try {
    // A server that ends with its command leaves others' comparisons alone. Load them before listening, for gates that ask at once.
    await notify?.resume()
    if (knowsComparisons) goOn = await resumed(comparisons, rollouts)
    await app.listen({ host, port }).catch((cause: unknown) => {
      throw notListening(cause, { host, port, option: '--port' })
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
  // Messages may still be sent while the server closes, when it no longer has an address.
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
      throw new ServerError(
        'unavailable',
        `store ${directory}: cannot write the server's address into it: ${cause.message}`,
        {
          cause,
        },
      )
    })
  }
  notify?.start()
  if (announced) await goOn?.()
  const ticksClosed = (): void => {
    comparisons.ticksClosed()
    budgets?.ticksClosed()
    deploys?.ticksClosed()
    flags?.ticksClosed()
    runWatch?.ticksClosed()
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

/** Resumes comparisons before the rollouts that they judge. */
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

async function openOrNameOwner(options: StoreOptions): Promise<Store> {
  try {
    return await openStore(options)
  } catch (error) {
    if (!(error instanceof StoreError)) throw error
    const owner = !isRemote(options.location) ? await findServer(options.location) : undefined
    if (error.kind !== 'held' || !owner) throw answerable(error)
    throw new ServerError(
      'unavailable',
      `store ${options.location} is served by process ${owner.pid} at ${owner.url}; use --server ${owner.url}, or stop it first`,
      { cause: error, status: heldStatus },
    )
  }
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

/** Listens for commands on the directory, unencrypted and on this machine only, since a certificate is issued for another name. */
async function listenLocally(app: FastifyInstance): Promise<HttpServer> {
  const local = process.getBuiltinModule('node:http').createServer(app.routing)
  local.listen(0, '127.0.0.1')
  await once(local, 'listening')
  return local
}

const { version } = createRequire(import.meta.url)('../package.json') as { version: string }
