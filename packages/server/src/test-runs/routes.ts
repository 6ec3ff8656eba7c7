import type { RevokeBody, RunsAnswer, TestRunAnswer } from '@coalmine/comparator'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { moment } from '../compare/request.ts'
import type { Context } from '../context.ts'
import { ServerError } from '../errors.ts'
import { inTurn } from '../turns.ts'
import { refuseUnknown } from '../unknown-keys.ts'
import type { TestRuns } from './test-runs.ts'

type OfRun = FastifyRequest<{ Params: { run: string } }>

const usualDays = 7
const dayMs = 86_400_000

/** Routes of test runs: list, show and revoke. */
export function registerTestRuns(
  app: FastifyInstance,
  { now, turns }: Pick<Context, 'now' | 'turns'>,
  runs: TestRuns,
): void {
  app.get(
    '/api/runs',
    inTurn(turns, async ({ query }): Promise<RunsAnswer> => {
      const { since, run, ...unknown } = Object(query) as Record<string, unknown>
      refuseUnknown(unknown, ['since', 'run'], { what: 'parameter' })
      if (run !== undefined && (typeof run !== 'string' || run === ''))
        throw new ServerError('usage', 'run: expected one, or leave it out for all')
      const untilMs = now()
      const sinceMs = moment(since, 'since') ?? untilMs - usualDays * dayMs
      if (!(sinceMs < untilMs)) throw new ServerError('usage', 'since: expected a moment in the past')
      const found = await runs.list(sinceMs, run)
      return { since: new Date(sinceMs).toISOString(), until: new Date(untilMs).toISOString(), runs: found }
    }),
  )
  app.get(
    '/api/runs/:run',
    inTurn(turns, async (request): Promise<TestRunAnswer> => runs.answer((request as OfRun).params.run)),
  )
  app.post('/api/runs/:run/revoke', async (request: OfRun): Promise<TestRunAnswer> => {
    const { why, by, isInFile = false, ...unknown } = Object(request.body ?? {}) as RevokeBody & Record<string, unknown>
    refuseUnknown(unknown, ['why', 'by', 'isInFile'])
    for (const [key, value] of Object.entries({ why, by }))
      if (value !== undefined && (typeof value !== 'string' || value === '' || value.length > 500))
        throw new ServerError('usage', `${key}: expected text of 500 characters at most`)
    if (typeof isInFile !== 'boolean')
      throw new ServerError('usage', `isInFile: expected true or false, got ${JSON.stringify(isInFile)}`)
    return runs.revoke(request.params.run, {
      isInFile,
      by: request.callerName ?? by ?? 'somebody',
      why: why ?? 'no reason was given',
    })
  })
}
