import { setTimeout as sleep } from 'node:timers/promises'
import type { NotificationEntry } from '@coalmine/store'
import type { Notification } from './notification.ts'
import type { Delivery } from './request.ts'

/** A destination of messages. */
export interface OutboxTarget {
  readonly name: string
  /** Delivers one message. If this throws, the message is given up. */
  readonly deliver: (notification: Notification) => Promise<Delivery>
}

/** The result of an attempt. */
export type Tried = 'sent' | 'retried' | 'refused' | 'expired'

/** Options of a lane. Times are in milliseconds. */
export interface LaneOptions {
  readonly now: () => number
  readonly warn: (message: string) => void
  readonly tried: (target: string, what: Tried) => void
  /** The wait before the first retry of a message; it doubles with each retry, up to `longestWaitMs`. */
  readonly firstWaitMs: number
  readonly longestWaitMs: number
  /** A message is given up after this long without success. */
  readonly giveUpMs: number
}

/** A message waiting for a target. */
interface Waiting {
  readonly number: number
  readonly atMs: number
  readonly notification: Notification
}

/** The state of deliveries to a target. Times are ISO 8601. */
export interface LaneState {
  readonly target: string
  /** Messages that are not delivered yet. */
  readonly pending: number
  readonly oldestAt: string | null
  /** When the next try is, if the last one failed. */
  readonly retryAt: string | null
  readonly lastSentAt: string | null
  /** The error of the last failed try; null once one has succeeded. */
  readonly trouble: string | null
  /** Since the server started: delivered, refused for good, and given up after too long. */
  readonly sent: number
  readonly refused: number
  readonly expired: number
}

/** The queue of messages to one target, independent of other targets. */
export interface Lane {
  readonly add: (message: Waiting) => void
  /** Starts sending waiting messages, and those added later. */
  readonly start: () => void
  readonly state: () => LaneState
  /** Resolves when no message is under way. */
  readonly close: () => Promise<void>
}

/** Creates the lane of a target. `became` is called for each message that is finished. */
export function newLane(
  { name, deliver }: OutboxTarget,
  { now, warn, tried, firstWaitMs, longestWaitMs, giveUpMs }: LaneOptions,
  became: (entry: NotificationEntry) => void,
): Lane {
  const waiting: Waiting[] = []
  const closing = new AbortController()
  const counts = { sent: 0, refused: 0, expired: 0 }
  let running: Promise<void> | undefined
  let isStarted = false
  let retryAtMs: number | undefined
  let lastSentMs: number | undefined
  let trouble: string | undefined
  let isDown = false

  const done = ({ number, notification }: Waiting, state: 'sent' | 'refused' | 'expired', note: string): void => {
    waiting.shift()
    counts[state]++
    tried(name, state)
    became({ id: notification.id, target: name, number, atMs: now(), state, message: '', note })
  }
  const fails = (why: string): void => {
    if (!isDown) warn(`notify: ${name} does not accept messages, and is tried again: ${why}`)
    isDown = true
    trouble = why
  }
  const works = (): void => {
    if (isDown) warn(`notify: ${name} accepts messages again`)
    isDown = false
    trouble = undefined
    lastSentMs = now()
  }
  /** Makes one attempt; returns how long to wait before the next one. */
  const attempt = async (message: Waiting, tries: number): Promise<number> => {
    // A message that cannot be composed must not hold up the others.
    const delivery = await deliver(message.notification).catch(
      (error: Error): Delivery => ({ kind: 'refused', note: `it could not be composed: ${error.message}` }),
    )
    if (delivery.kind === 'sent') {
      works()
      done(message, 'sent', delivery.note)
      return 0
    }
    if (delivery.kind === 'refused') {
      trouble = delivery.note
      warn(`notify: ${name} refused "${message.notification.title}": ${delivery.note}`)
      done(message, 'refused', delivery.note)
      return 0
    }
    if (closing.signal.aborted) return 0
    if (now() - message.atMs >= giveUpMs) {
      warn(`notify: ${name} never accepted "${message.notification.title}", which is given up: ${delivery.note}`)
      trouble = delivery.note
      done(message, 'expired', delivery.note)
      return 0
    }
    fails(delivery.note)
    tried(name, 'retried')
    // Jitter, so that many senders do not retry the same target at the same moment.
    const backoffMs = Math.min(longestWaitMs, firstWaitMs * 2 ** Math.min(tries, 30)) * (0.5 + Math.random() / 2)
    return Math.max(1, delivery.afterMs ?? 0, backoffMs)
  }
  const run = async (): Promise<void> => {
    let tries = 0
    while (waiting.length > 0 && !closing.signal.aborted) {
      const waitMs = await attempt(waiting[0]!, tries)
      tries = waitMs > 0 ? tries + 1 : 0
      if (waitMs === 0) continue
      retryAtMs = now() + waitMs
      await sleep(waitMs, undefined, { signal: closing.signal, ref: false }).catch(() => undefined)
      retryAtMs = undefined
    }
    running = undefined
  }
  const at = (ms: number | undefined): string | null => (ms === undefined ? null : new Date(ms).toISOString())

  return {
    add: (message) => {
      waiting.push(message)
      if (isStarted) running ??= run()
    },
    start: () => {
      isStarted = true
      if (waiting.length > 0) running ??= run()
    },
    state: () => ({
      target: name,
      pending: waiting.length,
      oldestAt: at(waiting[0]?.atMs),
      retryAt: at(retryAtMs),
      lastSentAt: at(lastSentMs),
      trouble: trouble ?? null,
      ...counts,
    }),
    close: async () => {
      closing.abort()
      await running
    },
  }
}
