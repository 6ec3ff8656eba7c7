import type { Alert } from './notification.ts'
import type { NotifyState } from './notify-state.ts'
import type { Happened } from './story.ts'

/** Tells people, as `notify` in coalmine.yaml says. Nothing of it throws, or waits for a target. */
export interface Notify {
  /** Something happened to a comparison. Settled once it is kept. */
  readonly happened: (happened: Happened) => Promise<void>
  /**
   * Something else that people must know, such as a rollout that is stuck: told once, and again where it becomes more urgent, or is
   * over. Settled once it is kept.
   *
   * @example await context.notify.alert({ key: 'rollout/5d1c0f', service: 'shop', severity: 'page', title: 'shop is stuck', text: [] })
   */
  readonly alert: (alert: Alert) => Promise<void>
  /** Where targets stand, and what is open. */
  readonly state: () => Pick<NotifyState, 'targets' | 'open'>
}

/** Tells nobody. */
export const noNotify: Notify = {
  happened: async () => {},
  alert: async () => {},
  state: () => ({ targets: [], open: [] }),
}
