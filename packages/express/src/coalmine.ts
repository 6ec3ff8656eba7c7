import { type RequestOptions, withRequestMarks } from '@coalmine/marks'
import type { Request, RequestHandler } from 'express'
import { removeOwnSpan } from './own-span.ts'

/** Options of the middleware: which requests are tests, and which callers to trust. */
export type CoalmineOptions = RequestOptions<Request>

/**
 * Express middleware that gives every request its marks. Put it before anything that evaluates a flag. It works with
 * Express 4 and 5, and also without an OpenTelemetry SDK: `isTestTraffic()` answers either way.
 *
 * @example app.use(coalmine({ testTraffic: (req) => req.get('x-load-test') !== undefined }))
 */
export function coalmine(options: CoalmineOptions = {}): RequestHandler {
  const apps = new WeakSet<object>()
  return function coalmine(req, res, next): void {
    const app: unknown = req.app
    // Others who run Express middleware, such as connect, Fastify's middie and a server of node:http, have no app.
    if (isObject(app) && !apps.has(app)) {
      apps.add(app)
      removeOwnSpan(app, coalmine)
    }
    withRequestMarks(req, req, options, next, res)
  }
}

function isObject(value: unknown): value is object {
  return (typeof value === 'object' && value !== null) || typeof value === 'function'
}
