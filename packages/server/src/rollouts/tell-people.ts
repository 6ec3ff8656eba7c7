import { type NumberedEvent, type RolloutState, stageText } from '@coalmine/rollout'
import type { Notify } from '../notify/notify.ts'

/** Tells people what they have to act on: a rollout that cannot go back is a page, one that waits for somebody is not. */
export async function tellPeople(
  notify: Pick<Notify, 'alert'>,
  { event }: NumberedEvent,
  state: RolloutState,
): Promise<void> {
  const { id, service, canary } = state
  const alert = (
    severity: 'page' | 'notify',
    title: string,
    text: readonly string[],
    resolved = false,
  ): Promise<void> => {
    const version = /^service\.version=([^,]+)$/.exec(canary)?.[1]
    return notify.alert({
      key: `rollout/${id}`,
      service,
      severity,
      title,
      text,
      path: `/rollouts/${id}`,
      ...(version !== undefined && { version }),
      resolved,
    })
  }
  const what = `the rollout of ${canary} in ${service}`
  const where = `It is at ${stageText(state, state.stage)}.`
  if (event.kind === 'stuck') await alert('page', `${what} is stuck`, [event.reason, where])
  if (event.kind === 'held') await alert('notify', `${what} waits for you`, [event.reason, where])
  if (over.has(event.kind)) await alert('notify', `${what} goes on`, [where], true)
}

// What was waited for is no more.
const over: ReadonlySet<string> = new Set(['ended', 'advanced', 'resumed'])
