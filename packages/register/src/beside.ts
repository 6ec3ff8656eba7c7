import type { TextMapPropagator } from '@opentelemetry/api'
import { propagation, trace } from '@opentelemetry/api'
import type { SpanProcessor } from '@opentelemetry/sdk-trace'

/** Another SDK's parts, that marks are put in front of. */
export interface OtherSdk {
  /** Its span processors, of which there is no public list. */
  readonly processors: SpanProcessor[]
  readonly propagator: TextMapPropagator | undefined
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
  if (isRegistered()) {
    attach(otherSdk)
    return true
  }
  if (![...execArgv, env['NODE_OPTIONS'] ?? ''].some((argument) => argument.includes(autoRegister))) return false
  // Both copies of the API, of ES modules and of CommonJS, register in this one place.
  const shared = globalThis as { [apiRegistry]?: { trace?: unknown } }
  const registry = shared[apiRegistry]
  if (!registry) return false
  Object.defineProperty(registry, 'trace', {
    configurable: true,
    enumerable: true,
    get: () => undefined,
    set: (registered: unknown) => {
      Object.defineProperty(registry, 'trace', {
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

function isRegistered(): boolean {
  return (globalThis as { [apiRegistry]?: { trace?: unknown } })[apiRegistry]?.trace !== undefined
}

function otherSdk(): OtherSdk {
  const provider = trace.getTracerProvider() as {
    getDelegate?(): { _activeSpanProcessor?: { _spanProcessors?: SpanProcessor[] } }
  }
  const processors = provider.getDelegate?.()._activeSpanProcessor?._spanProcessors
  if (!processors) {
    throw new Error(
      'another OpenTelemetry SDK runs here, and its spans cannot be marked from outside: use withCoalmine of @coalmine/register/with-coalmine where it is set up',
    )
  }
  const own = propagation as unknown as { _getGlobalPropagator?(): TextMapPropagator }
  return { processors, propagator: own._getGlobalPropagator?.() }
}
