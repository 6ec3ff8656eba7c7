import type { RolloutAnswer, RolloutCommandBody, RolloutHistory, RolloutList } from '@coalmine/comparator'
import { rolloutCommands } from '@coalmine/rollout'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { ServerError } from '../errors.ts'
import type { Links } from '../links.ts'
import { refuseUnknown } from '../unknown-keys.ts'
import type { Rollouts } from './rollouts.ts'

type WithId = FastifyRequest<{ Params: { id: string } }>

/** Routes of rollouts: start, list, show, and commands from people. */
export function registerRollouts(app: FastifyInstance, rollouts: Rollouts, links: Links): void {
  const linked = (id: string, request: FastifyRequest): RolloutAnswer => {
    const answer = rollouts.answer(id)
    const { comparison } = answer
    return {
      ...answer,
      comparisonUrl: comparison === null ? null : links.comparison(comparison, request),
      url: `${links.base(request)}/rollouts/${id}`,
    }
  }
  app.post('/api/rollouts', async (request, reply): Promise<RolloutAnswer> => {
    const { id, joined } = await rollouts.start(request.body, request.callerName)
    reply.code(joined ? 200 : 201).header('location', `/api/rollouts/${id}`)
    return linked(id, request)
  })
  app.get(
    '/api/rollouts',
    async (request): Promise<RolloutList> => ({ rollouts: rollouts.list().map((id) => linked(id, request)) }),
  )
  app.get('/api/rollouts/:id', async (request: WithId): Promise<RolloutAnswer> => linked(request.params.id, request))
  app.get(
    '/api/rollouts/:id/history',
    async (request: WithId): Promise<RolloutHistory> => rollouts.history(request.params.id),
  )
  for (const command of rolloutCommands)
    app.post(`/api/rollouts/:id/${command}`, async (request: WithId): Promise<RolloutAnswer> => {
      const { force = false, ...unknown } = Object(request.body ?? {}) as RolloutCommandBody
      refuseUnknown(unknown, ['force'])
      if (typeof force !== 'boolean')
        throw new ServerError('usage', `force: expected true or false, got ${JSON.stringify(force)}`)
      if (force && command !== 'abort') throw new ServerError('usage', 'force: only abort takes it')
      await rollouts.command(request.params.id, command, { by: request.callerName, force })
      return linked(request.params.id, request)
    })
}
