import { plainLine, sentences } from '../lines.ts'
import type { Message } from '../notification.ts'
import type { Delivery } from '../request.ts'
import type { Sender, SenderContext } from './target.ts'

/** How a Grafana is asked. */
export interface GrafanaAccess {
  readonly url: string
  readonly token: string
  /** UID. */
  readonly dashboard?: string | undefined
}

/**
 * An annotation from the start of a comparison to its end. Which one it is says a tag, so that a message that is sent again finds it,
 * whoever made it.
 */
export function newGrafana({ url, token, dashboard }: GrafanaAccess, { ask, now }: SenderContext): Sender {
  const api = `${url.replace(/\/+$/, '')}/api/annotations`
  const headers = { authorization: `Bearer ${token}`, accept: 'application/json' }
  const send = async (method: 'POST' | 'PATCH', where: string, content: object): Promise<Delivery> =>
    (await ask({ method, url: where, headers, body: JSON.stringify(content) })).delivery

  return {
    takes: ({ event }) => event !== 'interim',
    deliver: async (message) => {
      const { delivery, body } = await ask({ method: 'GET', url: `${api}?${findBy(message, now())}`, headers })
      if (delivery.kind !== 'sent') return delivery
      const found = idIn(body)
      const content = { text: textOf(message), tags: tagsOf(message) }
      const startMs = Date.parse(message.deployedAt ?? message.at)
      const atMs = Date.parse(message.at)
      if (message.event === 'started')
        return found !== undefined
          ? { kind: 'sent', note: `annotation ${found} is there` }
          : send('POST', api, { ...where(dashboard), time: atMs, ...content })
      if (found !== undefined) return send('PATCH', `${api}/${found}`, { ...content, timeEnd: atMs })
      return send('POST', api, { ...where(dashboard), time: Math.min(startMs, atMs), timeEnd: atMs, ...content })
    },
  }
}

const where = (dashboard: string | undefined): object => (dashboard === undefined ? {} : { dashboardUID: dashboard })

const aboutTag = ({ about }: Message): string => `coalmine:${about}`

const dayMs = 86_400_000

function findBy(message: Message, nowMs: number): URLSearchParams {
  return new URLSearchParams([
    ['from', String(Date.parse(message.deployedAt ?? message.at) - dayMs)],
    ['to', String(nowMs + dayMs)],
    ['tags', aboutTag(message)],
    ['limit', '1'],
  ])
}

function idIn(body: string): number | undefined {
  try {
    const found: unknown = JSON.parse(body)
    const first: unknown = Array.isArray(found) ? found[0] : undefined
    const id: unknown = Object(first).id
    return typeof id === 'number' ? id : undefined
  } catch {
    return undefined
  }
}

function tagsOf(message: Message): readonly string[] {
  const { service, outcome, event } = message
  return ['coalmine', aboutTag(message), `service:${plainLine(service)}`, ...(outcome ? [outcome] : [event])]
}

/** Grafana shows HTML in annotations, cleaned of scripts: names from outside are text. */
function textOf(message: Message): string {
  const lines = [message.title, ...sentences(message)].map((line) => html(plainLine(line)))
  return `${lines.join('<br>')}<br><a href="${html(message.url)}">Open the page</a>`
}

const html = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
