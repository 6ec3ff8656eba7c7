import type { NodeSDKConfiguration } from '@opentelemetry/sdk-node'
import type { Peers } from './peers.ts'

type Instrumentation = NodeSDKConfiguration['instrumentations'][number]

/** The instrumentations that are there because the application uses what they instrument. */
export function instrumentations(peers: Peers): Instrumentation[] {
  const express = peers.load<typeof import('@opentelemetry/instrumentation-express')>(
    '@opentelemetry/instrumentation-express',
  )
  const undici = peers.load<typeof import('@opentelemetry/instrumentation-undici')>(
    '@opentelemetry/instrumentation-undici',
  )
  return [
    // Our own middleware is no work of the application's: it gets no span.
    ...(express ? [new express.ExpressInstrumentation({ ignoreLayers: ['middleware - coalmine'] })] : []),
    ...(undici ? [new undici.UndiciInstrumentation()] : []),
    ...fastifyInstrumentation(peers),
  ]
}

/** Fastify's, which OpenTelemetry's own collection of instrumentations is without. */
export function fastifyInstrumentation(peers: Peers): Instrumentation[] {
  const fastify = peers.load<typeof import('@fastify/otel')>('@fastify/otel')
  return fastify ? [new fastify.FastifyOtelInstrumentation({ registerOnInitialization: true }) as Instrumentation] : []
}
