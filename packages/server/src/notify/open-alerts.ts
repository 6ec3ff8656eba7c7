import type { Context } from '../context.ts'
import { isAbove, isAlert, type Message, type Notification } from './notification.ts'
import type { NamedSender } from './senders.ts'

/** Alerts that have been sent and are not resolved. */
export interface OpenAlerts {
  /** Call with each message sent: it may open an alert, make it more urgent, or end it. */
  readonly told: (notification: Notification) => Promise<void>
  readonly of: (about: string) => Notification | undefined
  readonly list: () => readonly Notification[]
  /** Starts watching them. */
  readonly start: () => void
  readonly close: () => void
}

interface Options {
  readonly store: Pick<Context['store'], 'cohorts'>
  readonly now: () => number
  readonly warn: (message: string) => void
  readonly timing: {
    readonly watchEveryMs: number
    readonly repeatEveryMs: number
    readonly goneMs: number
    readonly rollbackMs: number
  }
  readonly tell: (notification: Notification) => Promise<void>
  readonly senders: readonly NamedSender[]
  readonly messageOf: (notification: Notification) => Promise<Message>
}

// A canary that still runs after a week is considered the normal build.
const watchedMs = 7 * 86_400_000

/** Keeps alerts until they are resolved; that of a failed canary is resolved when the canary is gone. */
export function newOpenAlerts({ store, now, warn, timing, tell, senders, messageOf }: Options): OpenAlerts {
  const open = new Map<string, Notification>()
  let timers: NodeJS.Timeout[] = []
  let isWatching = false
  let isRepeating = false
  let trouble: string | undefined

  const told = async (notification: Notification): Promise<void> => {
    const { about, event } = notification
    if (event === 'resolved') open.delete(about)
    else if (event === 'alert' || isAlert(notification)) open.set(about, notification)
  }
  const tellOf = async (notification: Notification): Promise<void> => {
    await told(notification)
    await tell(notification)
  }
  const watchOne = async (one: Notification): Promise<void> => {
    const { requests, service, at, goneAfterMs = 0 } = one
    const nowMs = now()
    if (nowMs - Date.parse(at) > watchedMs) {
      open.delete(one.about)
      return
    }
    if (!requests) return
    const sinceMs = nowMs - Math.max(timing.goneMs, goneAfterMs)
    // The canary was still there until then.
    if (sinceMs < Date.parse(at) - timing.goneMs) return
    const served = await store.cohorts.servedSince({ service, ...requests }, sinceMs)
    if (served.canaryRequests > 0) {
      const raised = raisedOf(one, nowMs, timing.rollbackMs)
      if (raised) await tellOf(raised)
      return
    }
    // If the service has no requests at all, this cannot be known.
    if (served.requests > 0) await tellOf(resolvedOf(one, nowMs))
  }
  const watch = async (): Promise<void> => {
    if (isWatching) return
    isWatching = true
    for (const one of [...open.values()]) {
      const error = await watchOne(one).then(
        () => undefined,
        (cause: Error) => cause.message,
      )
      if (error !== undefined && trouble === undefined)
        warn(`notify: cannot tell whether this still holds: ${one.title}: ${error}`)
      trouble = error
    }
    isWatching = false
  }
  const repeat = async (): Promise<void> => {
    if (isRepeating || open.size === 0) return
    isRepeating = true
    for (const { takes, repeat: again } of senders) {
      const firing = [...open.values()].filter(takes)
      // If the target does not work, its lane notices too.
      if (again && firing.length > 0)
        await Promise.all(firing.map(messageOf))
          .then(again)
          .catch(() => undefined)
    }
    isRepeating = false
  }
  const regularly = (work: () => Promise<void>, everyMs: number): NodeJS.Timeout =>
    setInterval(() => void work(), everyMs).unref()

  return {
    told,
    of: (about) => open.get(about),
    list: () => [...open.values()],
    start: () => {
      timers = [regularly(watch, timing.watchEveryMs), regularly(repeat, timing.repeatEveryMs)]
    },
    close: () => {
      for (const timer of timers) clearInterval(timer)
    },
  }
}

/** Raises the severity if a rollback did not complete in time. */
function raisedOf(one: Notification, nowMs: number, rollbackMs: number): Notification | undefined {
  const { severityUnlessRolledBack: raised, at, severity, about, service, title, ...rest } = one
  const waitedMs = nowMs - Date.parse(at)
  if (raised === undefined || !isAbove(raised, severity) || waitedMs < rollbackMs) return undefined
  const minutes = Math.round(waitedMs / 60_000)
  return {
    ...rest,
    about,
    service,
    id: `${about}/raised`,
    severity: raised,
    at: new Date(nowMs).toISOString(),
    title,
    text: [`The canary is still serving ${minutes} min after it failed: nothing has rolled it back.`, ...rest.text],
  }
}

function resolvedOf({ severityUnlessRolledBack: _, ...one }: Notification, nowMs: number): Notification {
  const { about, service, requests } = one
  return {
    ...one,
    id: `${about}/resolved`,
    event: 'resolved',
    at: new Date(nowMs).toISOString(),
    title: `RESOLVED: ${service} ${requests?.canary ?? ''} no longer serves requests`,
    since: null,
    text: [],
  }
}
