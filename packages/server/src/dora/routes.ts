import { type DoraAnswer, doraOf } from '@coalmine/comparator'
import type { FastifyInstance } from 'fastify'
import { moment } from '../compare/request.ts'
import type { Context } from '../context.ts'
import { ServerError } from '../errors.ts'
import { inTurn } from '../turns.ts'

const usualDays = 90
const dayMs = 86_400_000
// What an earlier build is, to which one goes back.
const knownBeforeMs = 90 * dayMs
const mostDeploys = 50_000

/** `GET /api/dora?service=&since=`: the five metrics of delivery, by service, from deploys and verdicts. */
export function registerDora(app: FastifyInstance, { store, now, turns }: Context): void {
  app.get(
    '/api/dora',
    inTurn(turns, async ({ query }): Promise<DoraAnswer> => {
      const { service, since } = Object(query) as Record<string, unknown>
      if (service !== undefined && (typeof service !== 'string' || service === ''))
        throw new ServerError('usage', 'service: expected one, or leave it out for all')
      const untilMs = now()
      const sinceMs = moment(since, 'since') ?? untilMs - usualDays * dayMs
      if (!(sinceMs < untilMs)) throw new ServerError('usage', 'since: expected a moment in the past')
      const [deploys, failures] = await Promise.all([
        store.changes.list({ service, kind: 'deploy', sinceMs: sinceMs - knownBeforeMs, limit: mostDeploys }),
        store.services.failures(sinceMs, service),
      ])
      return doraOf({ deploys, failures, sinceMs, untilMs })
    }),
  )
}
