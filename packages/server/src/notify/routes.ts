import type { NotificationEntry } from '@coalmine/store'
import type { FastifyInstance } from 'fastify'
import type { Context } from '../context.ts'
import type { NotificationFate, NotifyState } from './notify-state.ts'

const newest = 100

/** `GET /api/notifications`: the state of targets and messages, including messages from before the server started. */
export function registerNotifications(
  app: FastifyInstance,
  { notify, store }: Pick<Context, 'notify' | 'store'>,
): void {
  app.get('/api/notifications', async (): Promise<NotifyState> => {
    const recent = await store.notifications.recent(newest)
    return { ...notify.state(), recent: recent.flatMap(fateOf) }
  })
}

function fateOf({ id, target, atMs, state, note }: NotificationEntry): readonly NotificationFate[] {
  return state === 'told' ? [] : [{ id, target, at: new Date(atMs).toISOString(), state, note }]
}
