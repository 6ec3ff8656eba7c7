import { cut, plainLine, sentences } from '../lines.ts'
import type { Message, Notification } from '../notification.ts'
import type { Sender, SenderContext } from './target.ts'

const [longestSummary, longestKey, mostBytes] = [1_024, 255, 500_000]

/** Alerts for what wakes somebody, change events for the rest: those notify nobody, and stand beside incidents. */
export function newPagerDuty(key: string, api: string, { ask, baseUrl }: SenderContext): Sender {
  const url = api.replace(/\/+$/, '')
  return {
    // An alert that was never triggered needs no end.
    takes: (notification) => notification.event !== 'resolved' || notification.severity === 'page',
    deliver: async (message) => {
      const isPage = wakes(message)
      const path = isPage ? '/v2/enqueue' : '/v2/change/enqueue'
      const content = isPage ? alertOf(message, key, baseUrl()) : changeOf(message, key, baseUrl())
      return (await ask({ method: 'POST', url: `${url}${path}`, body: bounded(content) })).delivery
    },
  }
}

function wakes({ event, severity }: Notification): boolean {
  return severity === 'page' && (event === 'fail' || event === 'alert' || event === 'resolved')
}

type Content = Readonly<Record<string, unknown>>

function alertOf(message: Message, key: string, source: string): Content {
  const { event, about, title, service, at, url } = message
  // The same key joins the alert that is open, and ends it.
  return {
    routing_key: key,
    dedup_key: cut(`coalmine/${about}`, longestKey),
    // The end carries the same details, so that routing rules treat it like the start.
    event_action: event === 'resolved' ? 'resolve' : 'trigger',
    payload: {
      summary: cut(plainLine(title), longestSummary),
      source: plainLine(service) || source,
      severity: 'critical',
      timestamp: at,
      component: plainLine(service),
      custom_details: detailsOf(message),
    },
    links: [{ href: url, text: 'Open the page' }],
    client: 'Coalmine',
    client_url: url,
  }
}

function changeOf(message: Message, key: string, source: string): Content {
  return {
    routing_key: key,
    payload: {
      summary: cut(plainLine(message.title), longestSummary),
      source,
      timestamp: message.at,
      custom_details: detailsOf(message),
    },
    links: [{ href: message.url, text: 'Open the page' }],
  }
}

function detailsOf(message: Message): object {
  const { id, service, severity, change, people, labels } = message
  const named = Object.fromEntries(people.map(({ role, name }) => [role, plainLine(name)]))
  return { what: sentences(message).join('\n'), service, severity, ...change, ...named, labels, id }
}

/** Details go before the alert does: PagerDuty refuses what is larger than 512 KB. */
function bounded(content: Content): string {
  const whole = JSON.stringify(content)
  if (Buffer.byteLength(whole) <= mostBytes) return whole
  return JSON.stringify({ ...content, payload: { ...Object(content['payload']), custom_details: {} } })
}
