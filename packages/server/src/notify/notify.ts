import type { Alert } from './notification.ts'
import type { NotifyState } from './notify-state.ts'
import type { Happened } from './story.ts'

/** Notifies people as configured by `notify` in coalmine.yaml. No method throws or waits for a target. */
export interface Notify {
  /** Reports an event of a comparison. Resolves when it is stored. */
  readonly happened: (happened: Happened) => Promise<void>
  /**
   * Reports something else that people must know, such as a stuck rollout: sent once, and again when it becomes more urgent or is
   * over. Resolves when it is stored.
   *
   * @example await context.notify.alert({ key: 'rollout/5d1c0f', service: 'shop', severity: 'page', title: 'shop is stuck', text: [] })
   */
  readonly alert: (alert: Alert) => Promise<void>
  /** The state of targets, and the open alerts. */
  readonly state: () => Pick<NotifyState, 'targets' | 'open'>
}

/** Notifies nobody. */
export const noNotify: Notify = {
  happened: async () => {},
  alert: async () => {},
  state: () => ({ targets: [], open: [] }),
}
