import { judgeAsKayenta, type KayentaResult, minuteSeries, parseKayenta } from '@coalmine/comparator'
import type { FastifyInstance } from 'fastify'
import { audiences, moment, selector, text, trafficOf } from './compare/request.ts'
import { slicesOf } from './compare/slices.ts'
import { operationsOf } from './compare/window.ts'
import type { Context } from './context.ts'
import { ServerError } from './errors.ts'
import { inTurn } from './turns.ts'

/**
 * `POST /api/kayenta`: judges two cohorts between two moments as Kayenta does, by a canary config. It is used alongside a
 * comparison, for the window of its verdict.
 */
export function registerKayenta(app: FastifyInstance, { store, turns }: Context): void {
  app.post(
    '/api/kayenta',
    inTurn(turns, async ({ body }): Promise<KayentaResult> => {
      const { service, stable, canary, traffic, audience, start, end, config } = Object(body) as Record<string, unknown>
      const window = { start: moment(start, 'start'), end: moment(end, 'end') }
      if (window.start === undefined || window.end === undefined) {
        throw new ServerError('usage', 'start and end: expected the window of a verdict')
      }
      const comparison = {
        service: text(service, 'service'),
        stable: selector(stable, 'stable'),
        canary: selector(canary, 'canary'),
        traffic: trafficOf(traffic),
        audience: audiences(audience),
        start: window.start,
        end: window.end,
      }
      const operations = await operationsOf(store, comparison)
      const facts = await store.cohorts.facts(comparison)
      const instances = { stable: facts.stable.instances.length, canary: facts.canary.instances.length }
      try {
        const parsed = parseKayenta(config, 'config')
        return judgeAsKayenta(parsed, minuteSeries(slicesOf(operations), parsed, comparison, instances))
      } catch (error) {
        throw error instanceof RangeError ? new ServerError('usage', error.message, { cause: error }) : error
      }
    }),
  )
}
