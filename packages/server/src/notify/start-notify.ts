import { setTimeout as sleep } from 'node:timers/promises'
import type { NotifyConfig, Verdict } from '@coalmine/comparator'
import type { TimelineChange } from '@coalmine/store'
import type { Context } from '../context.ts'
import { newAskGitHub } from './github-api.ts'
import type { Tried } from './lane.ts'
import { type Alert, type Change, isAbove, type Message, type Notification } from './notification.ts'
import type { Notify } from './notify.ts'
import type { NotifyState } from './notify-state.ts'
import { newOpenAlerts } from './open-alerts.ts'
import { newOutbox } from './outbox.ts'
import { type ChangeSources, changeOf, known, labelled, peopleOf } from './people.ts'
import { newAsk } from './request.ts'
import { sendersOf } from './senders.ts'
import { type Environment, secretsOf, severityRules, type TargetSettings, targetSettings } from './settings.ts'
import { type Happened, storyOf } from './story.ts'

/** Timing of notifications, in milliseconds. */
export interface NotifyTiming {
  /** The wait before the first retry of a message; it doubles with each retry, up to `longestWaitMs`. */
  readonly firstWaitMs: number
  readonly longestWaitMs: number
  /** How often to check whether failed canaries are gone. */
  readonly watchEveryMs: number
  /** How often to repeat alerts to targets that would otherwise forget them. */
  readonly repeatEveryMs: number
  /** A canary without requests for this long, while its service has some, is gone. */
  readonly goneMs: number
  /** A rollback that takes longer counts as failed. */
  readonly rollbackMs: number
  /** How long a message waits for the look-up of who made the change. */
  readonly lookUpMs: number
}

/** Whom to notify, as given by the configuration and the environment. */
export interface NotifyOptions {
  readonly config: NotifyConfig
  /** Holds the secrets, under the names that the configuration gives. */
  readonly environment: Environment
  readonly timing?: Partial<NotifyTiming>
}

/** The notifications of a running server. */
export interface RunningNotify extends Notify {
  /** Loads the messages that were not sent when the server ended. Call once, before anything else. */
  readonly resume: () => Promise<void>
  /** Starts sending messages; links lead to where the server listens. */
  readonly start: () => void
  readonly lanes: () => NotifyState['targets']
  readonly close: () => Promise<void>
}

const usualTiming: NotifyTiming = {
  firstWaitMs: 1_000,
  longestWaitMs: 300_000,
  watchEveryMs: 15_000,
  repeatEveryMs: 60_000,
  goneMs: 120_000,
  rollbackMs: 600_000,
  lookUpMs: 5_000,
}

const usualGiveUpSeconds = 6 * 3_600
const rememberedVerdicts = 50
const rememberedChanges = 200
// Build marks are looked up in spans from this long before the message until it is sent.
const marksMs = 600_000

/**
 * Starts notifications.
 *
 * @param baseUrl returns the URL at which people reach the server, once it listens.
 */
export function startNotify(
  { store, now, warn, slos }: Pick<Context, 'store' | 'now' | 'warn' | 'slos'>,
  { config, environment, timing: changed }: NotifyOptions,
  { baseUrl, tried }: { readonly baseUrl: () => string; readonly tried: (target: string, what: Tried) => void },
): RunningNotify {
  const timing = { ...usualTiming, ...changed }
  const settings = targetSettings(config, environment)
  for (const { name, missing } of settings)
    if (missing !== undefined) warn(`notify: nothing is sent to ${name}: ${missing}`)
  const stop = new AbortController()
  const ask = newAsk(secretsOf(settings), stop.signal, now)
  const rules = severityRules(config, slos)
  const verdicts = new Map<string, Verdict>()
  const changes = new Map<string, Promise<Change>>()
  const interims = new Map<string, { readonly last: string; readonly count: number }>()

  const verdictOf = async (about: string): Promise<Verdict | undefined> => {
    const held = verdicts.get(about)
    if (held) return held
    const kept = await store.comparisons.verdict(about).catch(() => undefined)
    return kept === undefined ? undefined : (JSON.parse(kept) as Verdict)
  }
  const senders = sendersOf(settings, { ask, now, baseUrl, verdictOf })
  const sources = changeSources(store, config, settings, ask)

  const messageOf = async (notification: Notification): Promise<Message> => {
    const { about, path } = notification
    const looking = changes.get(about) ?? changeOf(notification, sources)
    remember(changes, about, looking, rememberedChanges)
    const change = await within(timing.lookUpMs, looking, labelled(notification.labels))
    // A change without a known author is looked up again the next time.
    if (change.author === undefined) changes.delete(about)
    return { ...notification, url: baseUrl() + path, change, people: peopleOf(notification, change, config) }
  }
  const outbox = newOutbox({
    store: store.notifications,
    targets: senders.map(({ name, deliver }) => ({
      name,
      deliver: async (notification) => deliver(await messageOf(notification)),
    })),
    now,
    warn,
    tried,
    firstWaitMs: timing.firstWaitMs,
    longestWaitMs: timing.longestWaitMs,
    giveUpMs: (config.giveUpAfter ?? usualGiveUpSeconds) * 1000,
  })
  const tell = (notification: Notification): Promise<void> =>
    outbox.add(
      notification,
      senders.filter(({ takes }) => takes(notification)).map(({ name }) => name),
    )
  const open = newOpenAlerts({ store, now, warn, timing, tell, senders, messageOf })
  const isInterimAsked = Object.values(config.targets).some(({ on }) => on?.includes('interim'))

  const countInterim = ({ about, outcome }: Notification): number => {
    const count = (interims.get(about)?.count ?? 0) + 1
    interims.set(about, { last: String(outcome), count })
    return count
  }
  const happened = async (event: Happened): Promise<void> => {
    const { state, kind, outcome, verdict } = event
    if (verdict) remember(verdicts, state.id, verdict, rememberedVerdicts)
    if (kind === 'interim' && (!isInterimAsked || interims.get(state.id)?.last === String(outcome))) return
    const told = storyOf(event, rules)
    const story = kind === 'interim' ? { ...told, id: `${told.id}/${countInterim(told)}` } : told
    if (kind === 'settled') interims.delete(state.id)
    await open.told(story)
    await tell(story)
  }

  return {
    happened: (event) =>
      happened(event).catch((error: Error) => warn(`notify: comparison ${event.state.id}: ${error.message}`)),
    alert: async (alert) => {
      const notification = alertNotification(alert, open.of(alert.key), now())
      if (!notification) return
      await open.told(notification)
      await tell(notification)
    },
    resume: async () => {
      const before = await outbox.resume()
      for (const notification of before) {
        await open.told(notification)
        if (notification.event === 'interim') countInterim(notification)
      }
    },
    start: () => {
      outbox.start()
      open.start()
    },
    lanes: () => withTypes(settings, outbox.state()),
    state: () => ({
      targets: withTypes(settings, outbox.state()),
      open: open.list().map(({ about, severity, title, at }) => ({ about, severity, title, at })),
    }),
    close: async () => {
      open.close()
      const closing = outbox.close()
      await closing
      stop.abort()
    },
  }
}

function alertNotification(alert: Alert, before: Notification | undefined, nowMs: number): Notification | undefined {
  const {
    key,
    service,
    severity,
    title,
    text,
    path = '/',
    version = null,
    labels = {},
    resolved = false,
    deployedAt = null,
  } = alert
  if (resolved ? !before : before && !isAbove(severity, before.severity)) return undefined
  const at = new Date(nowMs).toISOString()
  return {
    id: resolved ? `${before!.id}/resolved` : `${key}/${at}`,
    about: key,
    event: resolved ? 'resolved' : 'alert',
    severity: resolved ? before!.severity : severity,
    at,
    service,
    title,
    text,
    since: resolved ? null : (before?.since ?? at),
    deployedAt,
    path,
    version,
    labels,
    requests: null,
    outcome: null,
  }
}

function changeSources(
  store: Context['store'],
  config: NotifyConfig,
  settings: readonly TargetSettings[],
  ask: ReturnType<typeof newAsk>,
): ChangeSources {
  const gitHub = settings.find(({ target, missing }) => target.type === 'github' && missing === undefined)
  return {
    marks: async ({ service, requests, at, deployedAt }) => {
      if (!requests) return {}
      const sinceMs = Math.min(Date.parse(deployedAt ?? at), Date.parse(at) - marksMs)
      return store.cohorts.changeMarks({ service, ...requests }, sinceMs).then(known, () => ({}))
    },
    deploys: (service, version) => store.changes.deployOf(service, version).then(deployed, () => ({})),
    git: config.git,
    gitHub: (labelled) => {
      if (gitHub?.target.type !== 'github') return undefined
      const { api = 'https://api.github.com', repository = labelled } = gitHub.target
      if (repository === undefined) return undefined
      return newAskGitHub({ api, token: gitHub.secrets.tokenEnv! }, repository, ask)
    },
  }
}

function deployed(change: TimelineChange | undefined): Change {
  if (!change) return {}
  const { commit, author, mergedBy, url, atMs, servedMs } = change
  return known({
    commit,
    author,
    merger: mergedBy,
    change: /\/(?:pull|merge_requests)\/(\d+)/.exec(url)?.[1],
    deployedAt: new Date(servedMs ?? atMs).toISOString(),
  })
}

function withTypes(
  settings: readonly TargetSettings[],
  lanes: ReturnType<ReturnType<typeof newOutbox>['state']>,
): NotifyState['targets'] {
  return settings.map(({ name, target: { type }, missing }) => {
    const lane = lanes.find(({ target }) => target === name)
    return { ...(lane ?? idle(name)), type, off: missing ?? null }
  })
}

const idle = (target: string) => ({
  target,
  pending: 0,
  oldestAt: null,
  retryAt: null,
  lastSentAt: null,
  trouble: null,
  sent: 0,
  refused: 0,
  expired: 0,
})

async function within<Value>(ms: number, work: Promise<Value>, otherwise: Value): Promise<Value> {
  const over = new AbortController()
  const late = sleep(ms, otherwise, { signal: over.signal, ref: false }).catch(() => otherwise)
  const first = await Promise.race([work, late])
  over.abort()
  return first
}

function remember<Value>(held: Map<string, Value>, key: string, value: Value, most: number): void {
  held.delete(key)
  held.set(key, value)
  const [oldest] = held.keys()
  if (held.size > most && oldest !== undefined) held.delete(oldest)
}
