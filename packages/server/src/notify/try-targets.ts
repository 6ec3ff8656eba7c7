import type { NotifyConfig } from '@coalmine/comparator'
import type { Message } from './notification.ts'
import { newAsk } from './request.ts'
import { sendersOf } from './senders.ts'
import { type Environment, secretsOf, targetSettings } from './settings.ts'

/** A target's answer to a test message. */
export interface TriedTarget {
  readonly target: string
  readonly type: string
  readonly works: boolean
  /** The target's answer, or why no message was sent. */
  readonly note: string
}

/**
 * Sends one test message to each target, all at the same time.
 *
 * @param baseUrl the URL at which people will reach the server.
 * @example await tryTargets(config, process.env, { baseUrl: 'https://coalmine.example' }) // [{ target: 'team', works: true, ... }]
 */
export async function tryTargets(
  config: NotifyConfig,
  environment: Environment,
  { baseUrl, now = Date.now, stop }: { baseUrl: string; now?: () => number; stop: AbortSignal },
): Promise<readonly TriedTarget[]> {
  const settings = targetSettings(config, environment)
  const ask = newAsk(secretsOf(settings), stop, now)
  const verdictOf = async () => undefined
  const senders = sendersOf(settings, { ask, now, baseUrl: () => baseUrl, verdictOf })
  const message = testMessage(now(), baseUrl)
  return Promise.all(
    settings.map(async ({ name, target: { type }, missing }): Promise<TriedTarget> => {
      const sender = senders.find((one) => one.name === name)
      if (!sender) return { target: name, type, works: false, note: missing ?? 'it is off' }
      const { kind, note } = await sender.deliver(message)
      return { target: name, type, works: kind === 'sent', note }
    }),
  )
}

function testMessage(nowMs: number, url: string): Message {
  const at = new Date(nowMs).toISOString()
  return {
    id: `test/${at}`,
    about: `test/${at}`,
    event: 'test',
    severity: 'record',
    at,
    service: 'coalmine',
    title: 'A test message from Coalmine: this target works',
    text: ['Nothing has failed. Messages about comparisons will look like this one.'],
    since: null,
    deployedAt: null,
    path: '/',
    version: null,
    labels: {},
    requests: null,
    outcome: null,
    url,
    change: {},
    people: [],
  }
}
