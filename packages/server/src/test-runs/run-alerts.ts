import type { Alert } from '../notify/notification.ts'
import type { Notify } from '../notify/notify.ts'

/** The messages about a test run. */
export interface RunAlert {
  readonly run: string
  readonly what: 'hurts' | 'revoked'
  readonly service: string
  readonly title: string
  readonly text: readonly string[]
}

/** Tells people of test runs, once of each thing, and that it is over when the run is. */
export interface RunAlerts {
  readonly raise: (alert: RunAlert) => Promise<void>
  /** Runs that are still active; alerts about others are over. */
  readonly goingOn: (runs: ReadonlySet<string>) => Promise<void>
}

/** Tells through `notify`. */
export function newRunAlerts(notify: Pick<Notify, 'alert'>): RunAlerts {
  const open = new Map<string, { readonly run: string; readonly alert: Alert }>()
  return {
    raise: async ({ run, what, ...told }) => {
      const key = `test-run/${run}/${what}`
      if (open.has(key)) return
      const alert: Alert = { key, severity: 'notify', path: '/tests', ...told }
      open.set(key, { run, alert })
      await notify.alert(alert)
    },
    goingOn: async (runs) => {
      for (const [key, { run, alert }] of open) {
        if (runs.has(run)) continue
        open.delete(key)
        await notify.alert({ ...alert, title: `${alert.title}, and is over`, resolved: true })
      }
    },
  }
}
