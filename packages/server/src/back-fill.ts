import type { FastifyInstance } from 'fastify'
import { moment } from './compare/request.ts'
import type { Context } from './context.ts'
import { ServerError } from './errors.ts'
import { refuseUnknown } from './unknown-keys.ts'

/** `POST /api/backfill`: closes the first unclosed ticks of a past window; repeat the request until its end. */
export function registerBackFill(app: FastifyInstance, { store, now }: Context): void {
  app.post('/api/backfill', async ({ body }) => {
    const { start, end, service, ...unknown } = (body ?? {}) as Record<string, unknown>
    refuseUnknown(unknown, ['start', 'end', 'service'])
    if (service !== undefined && typeof service !== 'string') throw new ServerError('usage', 'service: expected a name')
    const startMs = moment(start, 'start')
    const endMs = moment(end, 'end') ?? now()
    if (startMs === undefined) throw new ServerError('usage', 'start: expected a moment such as 2026-11-20T10:00:00Z')
    if (startMs >= endMs) throw new ServerError('usage', 'start: expected a moment before the end')
    const { retentionDays } = store
    if (startMs < now() - retentionDays * 86_400_000)
      throw new ServerError(
        'usage',
        `start: closed ticks are kept for ${retentionDays} days; start later, or keep them longer`,
      )
    return store.ingest.backFill({ startMs, endMs, service })
  })
}
