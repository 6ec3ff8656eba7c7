import type { IncomingMessage, ServerResponse } from 'node:http'
import fastify, {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyPluginCallback,
  type FastifyRequest,
  type RawServerDefault,
} from 'fastify'
import { expect, expectTypeOf, it } from 'vitest'
import coalmineByDefault, { type CoalmineOptions, coalmine } from './index.ts'

it('is a named and a default export', () => {
  expect(coalmineByDefault).toBe(coalmine)
})

// The rest is for the compiler: a wrong type fails `npm run check`.

it('is a plugin for every kind of server, with options and without', () => {
  expectTypeOf(coalmine).toEqualTypeOf<FastifyPluginCallback<CoalmineOptions>>()
  fastify().register(coalmine)
  fastify({ http2: true }).register(coalmine, { trust: (request) => request.ip === '::1' })
  const withItsOwnLogger: FastifyInstance<
    RawServerDefault,
    IncomingMessage,
    ServerResponse,
    FastifyBaseLogger & { audit(): void }
  > = fastify() as never
  withItsOwnLogger.register(coalmine)
})

it('lets the options ask the framework’s own request', () => {
  expectTypeOf<NonNullable<CoalmineOptions['testTraffic']>>().parameter(0).toEqualTypeOf<FastifyRequest>()
  fastify().register(coalmine, { testTraffic: (request) => request.headers['x-load-test'] !== undefined })
  fastify().register(coalmine, { testTraffic: ({ id }) => ({ kind: 'request', id, run: 'load-7' }) })
})

it('takes no option that it does not know, and no answer that it cannot use', () => {
  // @ts-expect-error an option's name with a mistake in it
  fastify().register(coalmine, { testTrafic: () => true })
  // @ts-expect-error a header's text is not a decision
  fastify().register(coalmine, { trust: (request) => request.headers['x-secret'] })
})
