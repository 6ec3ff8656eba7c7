import { noSuchService } from '@coalmine/comparator'
import type { FastifyInstance } from 'fastify'
import type { Context } from './context.ts'
import { ServerError } from './errors.ts'
import { inTurn } from './turns.ts'

/** `GET /api/known`: services the store has seen and, for one of them, its builds and flag variants. */
export function registerKnown(app: FastifyInstance, { store }: Context): void {
  app.get('/api/known', async ({ query }) => store.services.known(serviceIn(query)))
}

/** `GET /api/services`: each service with its newest builds, and since when they serve. */
export function registerServices(app: FastifyInstance, { store, turns }: Context): void {
  app.get(
    '/api/services',
    inTurn(turns, async () => store.services.newest()),
  )
}

/** `GET /api/doctor?service=`: the marks that arrive from a service. */
export function registerDoctor(app: FastifyInstance, { store }: Context): void {
  app.get('/api/doctor', async ({ query }) => {
    const service = serviceIn(query)
    if (!service) throw new ServerError('usage', 'service: expected one, as in /api/doctor?service=storefront')
    const facts = await store.services.doctor(service)
    if (facts) return facts
    const { services } = await store.services.known()
    throw new ServerError('no-data', noSuchService(service, services))
  })
}

// People who run tests look at those of today.
const testHours = 24

/** `GET /api/tests`: the test traffic of the last day: its runs, its test entities, and what it touched. */
export function registerTests(app: FastifyInstance, { store, turns }: Context): void {
  app.get(
    '/api/tests',
    inTurn(turns, async () => store.services.tests(testHours)),
  )
}

/** `GET /api/store`: the contents of the store, table by table. */
export function registerStore(app: FastifyInstance, { store }: Context): void {
  app.get('/api/store', async () => store.sizes())
}

function serviceIn(query: unknown): string | undefined {
  const { service } = query as { service?: unknown }
  if (service === undefined) return undefined
  if (typeof service !== 'string') throw new ServerError('usage', 'service: expected only one')
  return service
}
