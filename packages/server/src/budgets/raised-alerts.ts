import type { BurnAlert } from '@coalmine/comparator'

/** Which alerts are raised, so that each is told once, and its end once. */
export interface RaisedAlerts {
  /** Takes in what burns now, and gives what is to be told: alerts that are new, and those that are over. */
  readonly take: (
    burning: readonly BurnAlert[],
    nowMs: number,
  ) => { readonly begun: readonly BurnAlert[]; readonly over: readonly BurnAlert[] }
}

// A burn that goes over its threshold and back each minute is one alert, and not thirty an hour.
const calmMs = 10 * 60_000

/** No alert is raised yet. One is over when its build has not burnt too fast for ten minutes. */
export function newRaisedAlerts(): RaisedAlerts {
  const raised = new Map<string, { alert: BurnAlert; seenMs: number }>()
  return {
    take: (burning, nowMs) => {
      const begun = burning.filter(({ key }) => !raised.has(key))
      for (const alert of burning) raised.set(alert.key, { alert, seenMs: nowMs })
      const over = [...raised.values()].filter(({ seenMs }) => nowMs - seenMs >= calmMs).map(({ alert }) => alert)
      for (const { key } of over) raised.delete(key)
      return { begun, over }
    },
  }
}
