import { once } from 'node:events'
import http from 'node:http'
import { createRequire } from 'node:module'
import { type AddressInfo, Socket } from 'node:net'
import { FastifyOtelInstrumentation } from '@fastify/otel'
import { registerInstrumentations } from '@opentelemetry/instrumentation'
import { HttpInstrumentation } from '@opentelemetry/instrumentation-http'
import fastify, { type FastifyInstance } from 'fastify'
import { frameworkContract } from '../../../test/contract/framework.ts'
import type { Route } from '../../../test/contract/routes.ts'
import { coalmine } from './coalmine.ts'

const instrumentations = [new HttpInstrumentation(), new FastifyOtelInstrumentation({ registerOnInitialization: true })]
registerInstrumentations({ instrumentations })
createRequire(import.meta.url)('node:http')

frameworkContract({
  name: 'fastify',
  instrumentations,
  async serve(routes, options, where) {
    const app = fastify({ forceCloseConnections: true })
    if (where === 'app') await app.register(coalmine, options)
    mount(app, routes)
    await app.register(
      async (nested) => {
        if (where === 'nested') await nested.register(coalmine, options)
        mount(nested, routes)
        await nested.register(async (deeper) => mount(deeper, routes), { prefix: '/deeper' })
      },
      { prefix: '/nested' },
    )
    await app.register(
      async (again) => {
        await again.register(coalmine, options)
        mount(again, routes)
      },
      { prefix: '/again' },
    )
    // The same request goes through the whole application once more.
    app.get<{ Params: { '*': string } }>('/forward/*', async (request, reply) => {
      reply.hijack()
      request.raw.url = `/${request.params['*']}`
      app.routing(request.raw, reply.raw)
      await once(reply.raw, 'close')
    })
    // As @fastify/websocket does it.
    app.server.on('upgrade', (req, socket) => {
      const res = new http.ServerResponse(req)
      if (socket instanceof Socket) res.assignSocket(socket)
      app.routing(req, res)
    })
    await app.listen({ port: 0, host: '127.0.0.1' })
    return { port: (app.server.address() as AddressInfo).port, close: () => app.close() }
  },
})

function mount(app: FastifyInstance, routes: readonly Route[]): void {
  for (const { method, path, handle, takesSocket } of routes) {
    app[method](path, (request, reply) => {
      const params = request.params as Record<string, string>
      const { body, raw } = request
      if (!takesSocket) return handle({ params, body, socket: raw.socket, response: reply.raw })
      reply.hijack()
      reply.raw.detachSocket(raw.socket)
      return handle({ params, body, socket: raw.socket, response: reply.raw })
    })
  }
}
