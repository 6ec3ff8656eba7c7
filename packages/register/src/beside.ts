import type { TextMapPropagator } from '@opentelemetry/api'
import { propagation, trace } from '@opentelemetry/api'
import type { SpanProcessor } from '@opentelemetry/sdk-trace'

/** Another SDK's parts, that marks are put in front of. */
export interface OtherSdk {
  /** Its span processors, of which there is no public list. */
  readonly processors: SpanProcessor[]
  readonly propagator: TextMapPropagator | undefined
  /** The version of the API that it was started with, where the application's own copy does not see it. */
  readonly unseenApi: string | undefined
}

interface Registry {
  readonly version?: string
  readonly diag?: unknown
  readonly trace?: { getDelegate?(): object & { _activeSpanProcessor?: { _spanProcessors?: SpanProcessor[] } } }
}

const apiRegistry = Symbol.for('opentelemetry.js.api.1')
const autoRegister = 'auto-instrumentations-node'

/**
 * Two SDKs in one process double each span or lose the second one's, so beside
 * `@opentelemetry/auto-instrumentations-node/register` there is only that: when it runs already, or is named in this
 * process's arguments and so will, `attach` is called with what finds its parts. Gives false when this process has no other SDK.
 */
export function besideAnother(
  env: NodeJS.ProcessEnv,
  execArgv: readonly string[],
  attach: (other: () => OtherSdk) => void,
): boolean {
  if (registry()?.trace !== undefined) {
    attach(otherSdk)
    return true
  }
  if (![...execArgv, env['NODE_OPTIONS'] ?? ''].some((argument) => argument.includes(autoRegister))) return false
  // Both copies of the API, of ES modules and of CommonJS, register in this one place.
  const shared = registry()
  if (!shared) return false
  Object.defineProperty(shared, 'trace', {
    configurable: true,
    enumerable: true,
    get: () => undefined,
    set: (registered: unknown) => {
      Object.defineProperty(shared, 'trace', {
        value: registered,
        configurable: true,
        enumerable: true,
        writable: true,
      })
      // Once its start is through, and before the application's first line.
      queueMicrotask(() => attach(otherSdk))
    },
  })
  return true
}

/** Whether another SDK has set a logger for what OpenTelemetry has to say. */
export function hasLogger(): boolean {
  return registry()?.diag !== undefined
}

/** By then an application has set itself up. */
const replacedByMs = 5000

/** Some SDKs remove the one that runs, and its requests are theirs from then on: says so, since nothing else does. */
export function tellWhenReplaced(complain: (message: string) => void): void {
  const own = registry()?.trace
  setTimeout(() => {
    const now = registry()?.trace
    if (now === undefined || now === own) return
    complain(
      'another OpenTelemetry SDK has taken the place of this one, so requests may be neither marked nor exported here. Start it first: node --import ./its-setup.js --import @coalmine/register',
    )
  }, replacedByMs).unref()
}

function registry(): Registry | undefined {
  return (globalThis as { [apiRegistry]?: Registry })[apiRegistry]
}

function otherSdk(): OtherSdk {
  // From the registry itself: an API that is newer than the one that filled it takes nothing from it.
  const { version = 'unknown', trace: registered } = registry() ?? {}
  const processors = registered?.getDelegate?.()?._activeSpanProcessor?._spanProcessors
  if (!processors && isSentry(registered?.getDelegate?.())) {
    throw new Error(
      'Sentry makes the spans here, and they cannot be marked from outside. Import @coalmine/register before it, and give Sentry.init({ skipOpenTelemetrySetup: true }), see https://www.npmjs.com/package/@coalmine/register#beside-sentry',
    )
  }
  if (!processors) {
    throw new Error(
      'another OpenTelemetry SDK runs here, and its spans cannot be marked from outside: where it is set up, use withCoalmine from @coalmine/register/with-coalmine',
    )
  }
  const isSeen = (trace.getTracerProvider() as unknown) === registered
  const own = propagation as unknown as { _getGlobalPropagator?(): TextMapPropagator }
  return {
    processors,
    propagator: isSeen ? own._getGlobalPropagator?.() : undefined,
    unseenApi: isSeen ? undefined : version,
  }
}

/** Its SDK of version 10 has a name of its own; before, it is OpenTelemetry's, of a version that has no list of processors. */
function isSentry(provider: object | undefined): boolean {
  return /Sentry/.test(provider?.constructor?.name ?? '') || '__SENTRY__' in globalThis
}
