import express, { type Request, type RequestHandler } from 'express'
import { expect, expectTypeOf, it } from 'vitest'
import coalmineByDefault, { type CoalmineOptions, coalmine } from './index.ts'

it('is a named and a default export', () => {
  expect(coalmineByDefault).toBe(coalmine)
})

// The rest is for the compiler: a wrong type fails `npm run check`.

it('is a middleware for an app and for a router, with options and without', () => {
  expectTypeOf(coalmine).returns.toEqualTypeOf<RequestHandler>()
  expectTypeOf(coalmine).parameter(0).toEqualTypeOf<CoalmineOptions | undefined>()
  express().use(coalmine())
  express.Router().get('/cart', coalmine({ trust: (req) => req.ip === '::1' }), (_req, res) => void res.end())
})

it('lets the options ask the framework’s own request', () => {
  expectTypeOf<NonNullable<CoalmineOptions['testTraffic']>>().parameter(0).toEqualTypeOf<Request>()
  coalmine({ testTraffic: (req) => req.get('x-load-test') !== undefined })
  coalmine({ testTraffic: (req) => ({ kind: 'user', id: String(req.query['user']), run: 'load-7' }) })
})

it('takes no option that it does not know, and no answer that it cannot use', () => {
  // @ts-expect-error an option's name with a mistake in it
  coalmine({ testTrafic: () => true })
  // @ts-expect-error a header's text is not a decision
  coalmine({ trust: (req) => req.get('x-secret') })
})
