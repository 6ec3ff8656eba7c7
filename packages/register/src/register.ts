import {
  type Build,
  buildAttributes,
  detectBuild,
  divertTestTraffic,
  type MarkerTrust,
  MarkProcessor,
  MarkPropagator,
  type SendOptions,
  sendMarks,
  watchRevokedRuns,
} from '@coalmine/marks'
import { DiagConsoleLogger, DiagLogLevel, diag, propagation, type TextMapPropagator } from '@opentelemetry/api'
import { besideAnother, type OtherSdk } from './beside.ts'
import { loadEsmHooks } from './esm-hooks.ts'
import { flushAtExit } from './flush.ts'
import { instrumentations } from './instrumentations.ts'
import { oneOf } from './one-of.ts'
import { findPeers, loadAll, type Peers } from './peers.ts'
import { readSettings, type Settings } from './settings.ts'

const startedKey = Symbol.for('coalmine.register')

interface Packages {
  readonly core: typeof import('@opentelemetry/core')
  readonly http: typeof import('@opentelemetry/instrumentation-http')
  readonly sdk: typeof import('@opentelemetry/sdk-node')
  readonly trace: typeof import('@opentelemetry/sdk-trace')
}

/** One of three packages, alike in what is used of them. */
interface Exporter {
  readonly exporter?: typeof import('@opentelemetry/exporter-trace-otlp-http')
}

/**
 * Starts tracing with marks for the application that this process is about to run. What goes wrong is said on stderr,
 * and the application runs all the same, without tracing. A second call does nothing.
 */
export function register(env: NodeJS.ProcessEnv = process.env, cwd: string = process.cwd()): void {
  const started = globalThis as { [startedKey]?: boolean }
  if (started[startedKey] || env['OTEL_SDK_DISABLED'] === 'true') return
  started[startedKey] = true
  orComplain('no tracing', () => start(env, cwd))
}

function orComplain(what: string, attempt: () => void): void {
  try {
    attempt()
  } catch (error) {
    process.stderr.write(`@coalmine/register: ${what}: ${error instanceof Error ? error.message : error}\n`)
  }
}

function start(env: NodeJS.ProcessEnv, cwd: string): void {
  const settings = readSettings(env)
  const peers = findPeers(cwd)
  // Without a logger, what OpenTelemetry and the marks have to say is lost. OTEL_LOG_LEVEL makes the SDK set one.
  if (!env['OTEL_LOG_LEVEL']) diag.setLogger(new DiagConsoleLogger(), DiagLogLevel.WARN)
  const build = detectBuild({ env, cwd })
  const beside = besideAnother(env, process.execArgv, (other) =>
    orComplain('no marks', () => attach(other(), settings, build, peers)),
  )
  if (beside) return
  const { core, exporter, http, sdk, trace } = loadAll<Packages & Exporter>(peers, {
    core: '@opentelemetry/core',
    ...(settings.exporter === undefined ? {} : { exporter: settings.exporter }),
    http: '@opentelemetry/instrumentation-http',
    sdk: '@opentelemetry/sdk-node',
    trace: '@opentelemetry/sdk-trace',
  })
  loadEsmHooks(peers.resolve('@opentelemetry/instrumentation-http') as string)
  const batches = exporter && exportPipeline(exporter, trace, settings)
  const { late, ...marking } = settings.marks
  const marks = new MarkProcessor({ build, ...marking, ...(batches ? { late, next: batches } : {}) })
  const nodeSdk = new sdk.NodeSDK({
    instrumentations: [new http.HttpInstrumentation(), ...instrumentations(peers)],
    spanProcessors: [marks],
    textMapPropagator: propagators(core, settings),
    // The SDK's default sends metrics and logs too, to wherever the spans go; only who asks for them gets them.
    ...(env['OTEL_METRICS_EXPORTER'] ? {} : { metricReaders: [] }),
    ...(env['OTEL_LOGS_EXPORTER'] ? {} : { logRecordProcessors: [] }),
  })
  withBuildInEnvironment(env, build, () => nodeSdk.start())
  send(settings, build)
  flushAtExit({ flush: () => marks.forceFlush(), shutdown: () => nodeSdk.shutdown() })
}

/** Marks what another SDK exports: its processors go behind ours, and its propagator before ours. */
function attach({ processors, propagator }: OtherSdk, settings: Settings, build: Build, peers: Peers): void {
  const { core } = loadAll<Pick<Packages, 'core'>>(peers, { core: '@opentelemetry/core' })
  const next = oneOf(processors.splice(0))
  processors.push(new MarkProcessor({ build, ...settings.marks, next }))
  if (propagator) {
    const ours = markPropagator(settings)
    propagation.disable()
    propagation.setGlobalPropagator(new core.CompositePropagator({ propagators: [propagator, ours] }))
  }
  const instrumentation = peers.resolve('@opentelemetry/instrumentation-http')
  if (instrumentation) loadEsmHooks(instrumentation)
  send(settings, build)
}

function send(settings: Settings, build: Build): void {
  const { sendTo: to, sendFlags: flags } = settings
  if (to.length > 0) sendMarks({ to, flags, build, ...signing(settings) })
}

function exportPipeline(
  { OTLPTraceExporter }: Required<Exporter>['exporter'],
  { BatchSpanProcessor }: Packages['trace'],
  { batch, test }: Settings,
): InstanceType<Packages['trace']['BatchSpanProcessor']> | ReturnType<typeof divertTestTraffic> {
  const users = new BatchSpanProcessor({ exporter: new OTLPTraceExporter(), ...batch })
  if (test.exporterUrl === undefined) return users
  const exporter = new OTLPTraceExporter({ url: test.exporterUrl })
  return divertTestTraffic({ users, test: new BatchSpanProcessor({ exporter, ...batch }) })
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
  return new MarkPropagator({ trust: () => settings.trust === 'all', markers: markers(settings) })
}

/** The SDK reads the resource from the environment, once: the build goes in there, and only for that moment. */
function withBuildInEnvironment(env: NodeJS.ProcessEnv, build: Build, start: () => void): void {
  const before = env['OTEL_RESOURCE_ATTRIBUTES']
  const attributes = Object.entries(buildAttributes(build)).map(([key, value]) => `${key}=${encodeURIComponent(value)}`)
  env['OTEL_RESOURCE_ATTRIBUTES'] = [before, ...attributes].filter(Boolean).join(',')
  try {
    start()
  } finally {
    if (before === undefined) delete env['OTEL_RESOURCE_ATTRIBUTES']
    else env['OTEL_RESOURCE_ATTRIBUTES'] = before
  }
}
