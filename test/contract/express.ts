import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import type { RequestOptions } from '@coalmine/marks'
import type express from 'express'
import type { AnyRequest, Framework, Route } from './framework.ts'

/** Serves the contract's routes with an Express of either major version; `coalmine` is our middleware. */
export function serveWith(
  framework: typeof express,
  coalmine: (options: RequestOptions<AnyRequest>) => express.RequestHandler,
): Framework['serve'] {
  return async ({ top, nested }, options) => {
    const app = framework()
    app.use(coalmine(options))
    const router = framework.Router()
    mount(app, top)
    mount(router, nested)
    app.use('/nested', router)
    app.use(((_error, _req, res, _next) => void res.status(500).json({})) as express.ErrorRequestHandler)
    const server = app.listen(0, '127.0.0.1')
    await new Promise((done) => server.once('listening', done))
    return {
      port: (server.address() as AddressInfo).port,
      close: () => new Promise((done) => server.close(done).closeAllConnections()),
    }
  }
}

function mount(app: Pick<express.Router, 'get' | 'post'>, routes: readonly Route[]): void {
  for (const { method, path, handle } of routes) {
    app[method](path, async (req, res, next) => {
      try {
        const answer = await handle(req.params as Record<string, string>)
        if (answer instanceof Readable) answer.pipe(res)
        else res.json(answer)
      } catch (error) {
        next(error)
      }
    })
  }
}
