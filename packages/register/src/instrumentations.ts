import type { NodeSDKConfiguration } from '@opentelemetry/sdk-node'
import { misfits, type Peers } from './peers.ts'

type Instrumentation = NodeSDKConfiguration['instrumentations'][number]

/** Hears which instrumentation is left out, and why. */
type Complain = (message: string) => void

/** The instrumentations that are there because the application uses what they instrument. */
export function instrumentations(peers: Peers, complain: Complain): Instrumentation[] {
  return [
    // Our own middleware is no work of the application's: it gets no span.
    ...made<typeof import('@opentelemetry/instrumentation-express')>(
      '@opentelemetry/instrumentation-express',
      (express) => new express.ExpressInstrumentation({ ignoreLayers: ['middleware - coalmine'] }),
      peers,
      complain,
    ),
    ...made<typeof import('@opentelemetry/instrumentation-undici')>(
      '@opentelemetry/instrumentation-undici',
      (undici) => new undici.UndiciInstrumentation(),
      peers,
      complain,
    ),
    ...fastifyInstrumentation(peers, complain),
  ]
}

/** Fastify's, which OpenTelemetry's own collection of instrumentations is without. */
export function fastifyInstrumentation(peers: Peers, complain: Complain): Instrumentation[] {
  return made<typeof import('@fastify/otel')>(
    '@fastify/otel',
    (fastify) => new fastify.FastifyOtelInstrumentation({ registerOnInitialization: true }) as Instrumentation,
    peers,
    complain,
  )
}

/** None where it is not installed. One that fails, as those of another line of OpenTelemetry do, must not stop the rest. */
function made<Package>(
  name: string,
  make: (loaded: Package) => Instrumentation,
  peers: Peers,
  complain: Complain,
): Instrumentation[] {
  try {
    const loaded = peers.load<Package>(name)
    return loaded ? [make(loaded)] : []
  } catch (error) {
    const why = error instanceof Error ? error.message.split('\n')[0] : String(error)
    complain(`${name} is left out: ${why}${misfits([name], peers)}`)
    return []
  }
}
