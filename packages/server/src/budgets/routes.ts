import type { SloAnswer } from '@coalmine/comparator'
import type { FastifyInstance } from 'fastify'
import type { Context } from '../context.ts'
import { ServerError } from '../errors.ts'
import { inTurn } from '../turns.ts'
import { refuseUnknown } from '../unknown-keys.ts'
import { journeyBudgets } from './journey-budgets.ts'
import { rampIn, slosIn } from './read-slos.ts'

const mostSlos = 500

/**
 * `GET /api/slo?service=&ramp=`: the error budgets of the objectives in the server's file. `POST /api/slo`: of the objectives in the
 * body.
 */
export function registerBudgets(app: FastifyInstance, context: Context): void {
  const { store, now, turns, slos } = context
  app.get(
    '/api/slo',
    inTurn(turns, async ({ query }): Promise<SloAnswer> => {
      const { service, ramp } = Object(query) as Record<string, unknown>
      if (service !== undefined && typeof service !== 'string')
        throw new ServerError('usage', 'service: expected only one')
      const asked = slos.filter((slo) => service === undefined || slo.service === service)
      return { budgets: await journeyBudgets(store, asked, { ramp: rampIn(ramp), now }) }
    }),
  )
  app.post(
    '/api/slo',
    // This POST changes nothing.
    { config: { right: 'read' } },
    inTurn(turns, async ({ body }): Promise<SloAnswer> => {
      const { slo, ramp, ...unknown } = Object(body) as Record<string, unknown>
      refuseUnknown(unknown, ['slo', 'ramp'])
      const asked = slosIn(slo)
      if (asked.length === 0)
        throw new ServerError(
          'usage',
          'slo: expected a list of objectives, such as [{ "service": "shop", "objective": "99.9%" }]',
        )
      if (asked.length > mostSlos)
        throw new ServerError('usage', `slo: expected at most ${mostSlos} objectives, got ${asked.length}`)
      return { budgets: await journeyBudgets(store, asked, { ramp: rampIn(ramp), now }) }
    }),
  )
}
