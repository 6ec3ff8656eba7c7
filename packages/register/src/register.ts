import {
  type Build,
  buildAttributes,
  detectBuild,
  type MarkerTrust,
  MarkProcessor,
  MarkPropagator,
  type SendOptions,
  sendMarks,
  watchRevokedRuns,
} from '@coalmine/marks'
import { DiagConsoleLogger, DiagLogLevel, diag, propagation, type TextMapPropagator } from '@opentelemetry/api'
import { besideAnother, hasLogger, type OtherSdk, tellWhenReplaced } from './beside.ts'
import { exportAtTheEnd } from './ending.ts'
import { loadEsmHooks } from './esm-hooks.ts'
import { fastifyInstrumentation, instrumentations } from './instrumentations.ts'
import { oneOf } from './one-of.ts'
import { openRequests } from './open-requests.ts'
import { findPeers, loadAll, misfits, type Peers, twoLined } from './peers.ts'
import { exportPipeline } from './pipeline.ts'
import { readResourceAttributes } from './resource-attributes.ts'
import { tellOfMissingRoutes } from './routeless.ts'
import { readSettings, type Settings } from './settings.ts'

const startedKey = Symbol.for('coalmine.register')
const packageManager = /[\\/](npm|npx|pnpm|pnpx|yarn|yarnpkg|corepack)(-cli)?(\.c?js)?$/

interface Packages {
  readonly core: typeof import('@opentelemetry/core')
  readonly http: typeof import('@opentelemetry/instrumentation-http')
  readonly sdk: typeof import('@opentelemetry/sdk-node')
  readonly trace: typeof import('@opentelemetry/sdk-trace')
}

/**
 * Starts tracing with marks for the application that this process is about to run. What goes wrong is said on stderr,
 * and the application runs all the same, without tracing. A second call does nothing, nor does one in npm and its like:
 * with NODE_OPTIONS they have the preload too, and are not the application that they start.
 */
export function register(env: NodeJS.ProcessEnv = process.env, cwd: string = process.cwd()): void {
  const started = globalThis as { [startedKey]?: boolean }
  if (started[startedKey] || env['OTEL_SDK_DISABLED'] === 'true' || packageManager.test(process.argv[1] ?? '')) return
  started[startedKey] = true
  orComplain('no tracing', () => start(env, cwd), cwd)
}

function orComplain(what: string, attempt: () => void, cwd: string): void {
  try {
    attempt()
  } catch (error) {
    // Of a package that is broken, Node lists who asked for it, line by line.
    const why = error instanceof Error ? error.message.split('\n')[0] : error
    // It may be that packages call what others do not have.
    complain(`${what}: ${why}${error instanceof TypeError ? misfits(twoLined, findPeers(cwd)) : ''}`)
  }
}

function complain(message: string): void {
  process.stderr.write(`@coalmine/register: ${message}\n`)
}

function start(env: NodeJS.ProcessEnv, cwd: string): void {
  const settings = readSettings(env)
  const peers = findPeers(cwd)
  // Without a logger, what OpenTelemetry and the marks have to say is lost. OTEL_LOG_LEVEL makes the SDK set one, and another
  // SDK that runs already may have its own.
  if (!env['OTEL_LOG_LEVEL'] && !hasLogger()) diag.setLogger(new DiagConsoleLogger(), DiagLogLevel.WARN)
  const { list, bad } = readResourceAttributes(env['OTEL_RESOURCE_ATTRIBUTES'])
  if (bad.length > 0) complain(`OTEL_RESOURCE_ATTRIBUTES: ignored, expected key=value with % as %25: ${bad.join(', ')}`)
  const build = detectBuild({ env: { ...env, OTEL_RESOURCE_ATTRIBUTES: list }, cwd })
  const beside = besideAnother(env, process.execArgv, (other) =>
    orComplain('no marks', () => attach(other(), settings, build, peers), cwd),
  )
  // Beside another SDK they are that one's.
  if (beside) return
  for (const note of settings.notes) complain(note)
  const { core, http, sdk, trace } = loadAll<Packages>(peers, {
    core: '@opentelemetry/core',
    http: '@opentelemetry/instrumentation-http',
    sdk: '@opentelemetry/sdk-node',
    trace: '@opentelemetry/sdk-trace',
  })
  const { processor, destinations } = exportPipeline(env, peers, trace, settings)
  loadEsmHooks(peers.resolve('@opentelemetry/instrumentation-http') as string)
  const { late, ...marking } = settings.marks
  const marks = new MarkProcessor({ build, ...marking, ...(processor ? { late, next: processor } : {}) })
  const requests = openRequests(tellOfMissingRoutes(peers))
  const hasOthers = Boolean(env['OTEL_METRICS_EXPORTER'] || env['OTEL_LOGS_EXPORTER'])
  const nodeSdk = new sdk.NodeSDK({
    instrumentations: [new http.HttpInstrumentation(), ...instrumentations(peers, complain)],
    spanProcessors: [marks, requests.processor],
    textMapPropagator: propagators(core, settings),
    // The SDK's default sends metrics and logs too, to wherever the spans go; only who asks for them gets them.
    ...(env['OTEL_METRICS_EXPORTER'] ? {} : { metricReaders: [] }),
    ...(env['OTEL_LOGS_EXPORTER'] ? {} : { logRecordProcessors: [] }),
  })
  withBuildInEnvironment(env, list, build, () => nodeSdk.start())
  tellWhenReplaced(complain)
  send(settings, build)
  exportAtTheEnd({
    destinations,
    requests,
    flush: () => marks.forceFlush(),
    flushOthers: hasOthers ? () => flushOthers(nodeSdk) : undefined,
    timeoutMs: settings.flushTimeoutMs,
  })
}

interface Flushable {
  forceFlush(): Promise<void>
}

/** Log records and metrics. The SDK itself has only a shutdown, after which nothing more would be exported. */
async function flushOthers(sdk: object): Promise<void> {
  const { _loggerProvider: logs, _meterProvider: metrics } = sdk as Record<
    '_loggerProvider' | '_meterProvider',
    Flushable | undefined
  >
  await Promise.all([logs?.forceFlush(), metrics?.forceFlush()])
}

/** Marks what another SDK exports: its processors go behind ours, and its propagator before ours. */
function attach({ processors, propagator, unseenApi }: OtherSdk, settings: Settings, build: Build, peers: Peers): void {
  const requests = openRequests(tellOfMissingRoutes(peers))
  const next = oneOf([...processors.splice(0), requests.processor])
  processors.push(new MarkProcessor({ build, ...settings.marks, next }))
  if (unseenApi !== undefined) {
    const own = peers.version('@opentelemetry/api')
    throw new Error(
      `spans get only the build: the OpenTelemetry SDK that runs here was started with @opentelemetry/api ${unseenApi}, and a newer API, such as this application's ${own}, cannot reach it. Run: npm i @opentelemetry/api@${unseenApi}, or start that SDK with ${own}`,
    )
  }
  if (propagator) {
    const { core } = loadAll<Pick<Packages, 'core'>>(peers, { core: '@opentelemetry/core' })
    const ours = markPropagator(settings)
    propagation.disable()
    propagation.setGlobalPropagator(new core.CompositePropagator({ propagators: [propagator, ours] }))
  }
  const instrumentation = peers.resolve('@opentelemetry/instrumentation-http')
  if (instrumentation) loadEsmHooks(instrumentation)
  fastifyInstrumentation(peers, complain)
  send(settings, build)
}

function send(settings: Settings, build: Build): void {
  const { sendTo: to, sendFlags: flags } = settings
  if (to.length > 0) sendMarks({ to, flags, build, ...signing(settings) })
}

/** Who goes by signatures believes what this service sends as test traffic, too. */
function signing({ test: { keys, audience } }: Settings): Pick<SendOptions, 'sign'> {
  const [key] = keys
  return key ? { sign: { key, ...(audience === undefined ? {} : { audience }) } } : {}
}

function markers({ test: { keys, audience, revokedFile } }: Settings): MarkerTrust {
  return {
    keys,
    ...(audience === undefined ? {} : { audience }),
    ...(revokedFile === undefined ? {} : { isRevoked: watchRevokedRuns(revokedFile).isRevoked }),
  }
}

function propagators(core: Packages['core'], settings: Settings): TextMapPropagator {
  const known = { tracecontext: core.W3CTraceContextPropagator, baggage: core.W3CBaggagePropagator }
  return new core.CompositePropagator({
    propagators: [
      ...settings.propagators.map((name) => new known[name]()),
      // Last, so that our entries do not stay in the baggage that the one before sends to every host.
      markPropagator(settings),
    ],
  })
}

function markPropagator(settings: Settings): MarkPropagator {
  return new MarkPropagator({
    trust: () => settings.trust === 'all',
    ...((settings.test.keys.length > 0 || settings.test.revokedFile !== undefined) && { markers: markers(settings) }),
  })
}

/** The SDK reads the resource from the environment, once: the build goes in there, and only for that moment. */
function withBuildInEnvironment(env: NodeJS.ProcessEnv, list: string, build: Build, start: () => void): void {
  const before = env['OTEL_RESOURCE_ATTRIBUTES']
  const attributes = Object.entries(buildAttributes(build)).map(([key, value]) => `${key}=${encodeURIComponent(value)}`)
  env['OTEL_RESOURCE_ATTRIBUTES'] = [list, ...attributes].filter(Boolean).join(',')
  try {
    start()
  } finally {
    if (before === undefined) delete env['OTEL_RESOURCE_ATTRIBUTES']
    else env['OTEL_RESOURCE_ATTRIBUTES'] = before
  }
}
