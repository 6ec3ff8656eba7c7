import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { FastifyOtelInstrumentation } from '@fastify/otel'
import { registerInstrumentations } from '@opentelemetry/instrumentation'
import { HttpInstrumentation } from '@opentelemetry/instrumentation-http'
import fastify, { type FastifyInstance } from 'fastify'
import { frameworkContract, type Route } from '../../../test/contract/framework.ts'
import { coalmine } from './coalmine.ts'

const instrumentations = [new HttpInstrumentation(), new FastifyOtelInstrumentation({ registerOnInitialization: true })]
registerInstrumentations({ instrumentations })
createRequire(import.meta.url)('node:http')

frameworkContract({
  name: 'fastify',
  instrumentations,
  async serve({ top, nested }, options) {
    const app = fastify({ forceCloseConnections: true })
    await app.register(coalmine, options)
    mount(app, top)
    await app.register(async (inner) => mount(inner, nested), { prefix: '/nested' })
    await app.listen({ port: 0, host: '127.0.0.1' })
    return { port: (app.server.address() as AddressInfo).port, close: () => app.close() }
  },
})

function mount(app: FastifyInstance, routes: readonly Route[]): void {
  for (const { method, path, handle } of routes) {
    app[method](path, (request) => handle(request.params as Record<string, string>))
  }
}
