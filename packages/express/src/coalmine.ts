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
    if (!apps.has(req.app)) {
      apps.add(req.app)
      removeOwnSpan(req.app, coalmine)
    }
    withRequestMarks(req, req, options, next, res)
  }
}
