import http from 'node:http'
import { type AddressInfo, Socket } from 'node:net'
import { pipeline, Readable } from 'node:stream'
import type { RequestOptions } from '@coalmine/marks'
import type express from 'express'
import type { AnyRequest, Framework } from './framework.ts'
import type { Route } from './routes.ts'

/** Serves the contract's routes with an Express of either major version; `coalmine` is our middleware. */
export function serveWith(
  framework: typeof express,
  coalmine: (options: RequestOptions<AnyRequest>) => express.RequestHandler,
): Framework['serve'] {
  return async (routes, options, where) => {
    const app = framework()
    const [nested, deeper, again] = [framework.Router(), framework.Router(), framework.Router()]
    const marked = where === 'app' ? app : nested
    marked.use(coalmine(options))
    app.use(framework.json())
    again.use(coalmine(options))
    nested.use('/deeper', deeper)
    app.use('/nested', nested).use('/again', again)
    // Inside, the path is the rest: the same request goes through the whole application once more.
    app.use('/forward', (req, res, next) => void app(req, res, next))
    for (const router of [app, nested, deeper, again]) mount(router, routes)
    app.use(((_error, _req, res, _next) => void res.status(500).json({})) as express.ErrorRequestHandler)
    const server = app.listen(0, '127.0.0.1')
    // As express-ws does it.
    server.on('upgrade', (req, socket) => {
      const res = new http.ServerResponse(req)
      if (socket instanceof Socket) res.assignSocket(socket)
      app(req, res)
    })
    await new Promise((done) => server.once('listening', done))
    return {
      port: (server.address() as AddressInfo).port,
      close: () => new Promise((done) => server.close(done).closeAllConnections()),
    }
  }
}

function mount(app: Pick<express.Router, 'get' | 'post'>, routes: readonly Route[]): void {
  for (const { method, path, handle, takesSocket } of routes) {
    app[method](path, async (req, res, next) => {
      try {
        if (takesSocket) res.detachSocket(req.socket)
        const params = req.params as Record<string, string>
        const answer = await handle({ params, body: req.body, socket: req.socket, response: res })
        if (takesSocket) return
        if (answer instanceof Readable) pipeline(answer, res, () => undefined)
        // As most applications do, also where the client has gone.
        else res.json(answer)
      } catch (error) {
        next(error)
      }
    })
  }
}
