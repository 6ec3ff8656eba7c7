import { createHmac } from 'node:crypto'
import type { Message } from '../notification.ts'
import type { Sender, SenderContext } from './target.ts'

/** CloudEvents in structured form, signed as in Standard Webhooks. */
export function newWebhook(url: string, secret: string | undefined, { ask, now, baseUrl }: SenderContext): Sender {
  return {
    takes: () => true,
    deliver: async (message) => {
      const body = JSON.stringify(cloudEvent(message, baseUrl()))
      const seconds = Math.floor(now() / 1000)
      const headers = {
        'content-type': 'application/cloudevents+json; charset=utf-8',
        'webhook-id': message.id,
        'webhook-timestamp': String(seconds),
        ...(secret !== undefined && { 'webhook-signature': signature(secret, message.id, seconds, body) }),
      }
      return (await ask({ method: 'POST', url, headers, body })).delivery
    },
  }
}

/**
 * What a receiver computes from the headers and the bytes that it got, to know that they come from whoever has the secret.
 *
 * Source: Standard Webhooks 1.0, symmetric signatures: https://www.standardwebhooks.com
 *
 * @param secret `whsec_` and base64, or any text.
 * @example signature('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 'a', 1700000000, '{}') // 'v1,...'
 */
export function signature(secret: string, id: string, seconds: number, body: string): string {
  const key = secret.startsWith('whsec_') ? Buffer.from(secret.slice('whsec_'.length), 'base64') : Buffer.from(secret)
  return `v1,${createHmac('sha256', key).update(`${id}.${seconds}.${body}`).digest('base64')}`
}

function typeOf({ event, requests }: Message): string {
  if (event === 'test' || event === 'alert') return `coalmine.${event}`
  return `coalmine.${requests ? 'comparison' : 'alert'}.${event}`
}

/** A message as a CloudEvent 1.0: its id is the same in each repetition. */
function cloudEvent(message: Message, source: string): object {
  const { id, about, severity, at, service, title, text, since, deployedAt, url } = message
  const { version, labels, outcome, change, people, requests } = message
  return {
    specversion: '1.0',
    id,
    source,
    type: typeOf(message),
    subject: about,
    time: at,
    datacontenttype: 'application/json',
    data: {
      severity,
      service,
      ...(requests && { stable: requests.stable, canary: requests.canary }),
      version,
      outcome,
      title,
      text,
      since,
      deployedAt,
      change,
      people: people.map(({ role, name }) => ({ role, name })),
      labels,
      url,
    },
  }
}
