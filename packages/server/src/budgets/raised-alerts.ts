import type { BurnAlert } from '@coalmine/comparator'

/** Tracks raised alerts, so that each is announced once, and its end once. */
export interface RaisedAlerts {
  /** Takes the current burn alerts and returns what to announce: new alerts, and those that are over. */
  readonly take: (
    burning: readonly BurnAlert[],
    nowMs: number,
  ) => { readonly begun: readonly BurnAlert[]; readonly over: readonly BurnAlert[] }
}

// A burn rate that crosses its threshold every other minute is one alert, not thirty an hour.
const calmMs = 10 * 60_000

/** Starts without alerts. An alert is over when its build has not burnt too fast for ten minutes. */
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
