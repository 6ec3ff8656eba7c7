import { plainLine, sentences } from '../lines.ts'
import { isAlert, type Message } from '../notification.ts'
import type { Sender, SenderContext } from './target.ts'

/** How an Alertmanager is asked. */
export interface AlertmanagerAccess {
  readonly url: string
  readonly token?: string | undefined
  readonly user?: string | undefined
  readonly password?: string | undefined
}

// Repeated every minute; one that is not heard of for this long is over.
const lastsMs = 5 * 60_000

/** Alerts stay active while they are repeated, and end when told to. */
export function newAlertmanager(
  { url, token, user, password }: AlertmanagerAccess,
  { ask, now }: SenderContext,
): Sender {
  const authorization =
    token !== undefined
      ? `Bearer ${token}`
      : user !== undefined
        ? `Basic ${Buffer.from(`${user}:${password ?? ''}`).toString('base64')}`
        : undefined
  const post = async (alerts: readonly object[]) => {
    const { delivery } = await ask({
      method: 'POST',
      url: `${url.replace(/\/+$/, '')}/api/v2/alerts`,
      headers: authorization === undefined ? {} : { authorization },
      body: JSON.stringify(alerts),
    })
    return delivery
  }
  const untilMs = (): number => now() + lastsMs
  return {
    takes: (notification) =>
      isAlert(notification) || notification.event === 'resolved' || notification.event === 'test',
    deliver: (message) => {
      if (message.event === 'resolved') return post(bothSeverities(message, now()))
      // A severity is a label, and an alert of other labels is another alert: the milder one is over.
      const milder = message.severity === 'page' ? [alertOf({ ...message, severity: 'notify' }, now())] : []
      return post([alertOf(message, message.event === 'test' ? now() + 1_000 : untilMs()), ...milder])
    },
    repeat: (firing) => post(firing.map((message) => alertOf(message, untilMs()))),
  }
}

const bothSeverities = (message: Message, atMs: number): readonly object[] =>
  (['page', 'notify'] as const).map((severity) => alertOf({ ...message, severity }, atMs))

function alertOf(message: Message, endsMs: number): object {
  const { about, event, service, severity, title, since, at, url, requests, version, change, people } = message
  const labels = {
    alertname: event === 'test' ? 'CoalmineTest' : requests ? 'CanaryFails' : 'CoalmineAlert',
    service,
    severity: severity === 'page' ? 'critical' : severity === 'notify' ? 'warning' : 'info',
    coalmine: about,
    ...(requests && { stable: requests.stable, canary: requests.canary }),
    ...(version !== null && { version }),
  }
  const annotations = {
    summary: plainLine(title),
    description: sentences(message).join('\n'),
    ...(change.commit !== undefined && { commit: change.commit }),
    ...Object.fromEntries(people.map(({ role, name }) => [role, plainLine(name)])),
  }
  const startsAt = event === 'resolved' ? at : (since ?? at)
  return {
    labels: nonEmpty(labels),
    annotations: nonEmpty(annotations),
    startsAt: startsAt < new Date(endsMs).toISOString() ? startsAt : new Date(endsMs - 1).toISOString(),
    endsAt: new Date(endsMs).toISOString(),
    generatorURL: url,
  }
}

// Alertmanager drops labels without a value.
const nonEmpty = (texts: Readonly<Record<string, string>>): object =>
  Object.fromEntries(Object.entries(texts).filter(([, text]) => text !== ''))
