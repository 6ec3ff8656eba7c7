import { setTimeout as sleep } from 'node:timers/promises'
import type { NotificationEntry, Notifications } from '@coalmine/store'
import { newJournal } from './journal.ts'
import { type Lane, type LaneOptions, type LaneState, newLane, type OutboxTarget } from './lane.ts'
import type { Notification } from './notification.ts'

/** Options of an outbox. */
export interface OutboxOptions extends LaneOptions {
  readonly store: Notifications
  readonly targets: readonly OutboxTarget[]
}

/** Messages on their way to targets: stored before they are sent, sent in order, and retried until delivered. */
export interface Outbox {
  /** Stores a message and sends it to some targets, unless its id was added before. Never throws. */
  readonly add: (notification: Notification, targets: readonly string[]) => Promise<void>
  /** Loads unsent messages from before a restart, and returns all messages in order. Call once, before anything is added. */
  readonly resume: () => Promise<readonly Notification[]>
  /** Starts sending waiting messages, and those added later. */
  readonly start: () => void
  /** The state of each target. */
  readonly state: () => readonly LaneState[]
  /** Waits a moment for messages under way; unsent ones are sent when a server opens the store again. */
  readonly close: () => Promise<void>
}

// Older ones of a target that was never there any more are not looked for.
const pendingMs = 7 * 86_400_000
const rememberedMs = 90 * 86_400_000
const closingMs = 1_000

/** Creates an outbox on top of the store. */
export function newOutbox(options: OutboxOptions): Outbox {
  const { store, targets, now, warn } = options
  const journal = newJournal(store, warn)
  const told = new Set<string>()
  let last = 0
  const lanes = new Map<string, Lane>(
    targets.map((target) => [target.name, newLane(target, options, (entry) => void journal.add([entry]))]),
  )

  return {
    add: async (notification, names) => {
      const { id } = notification
      if (told.has(id)) return
      told.add(id)
      const number = ++last
      const atMs = now()
      const takers = names.filter((name) => lanes.has(name))
      const entry = (target: string, state: NotificationEntry['state'], message = ''): NotificationEntry => ({
        id,
        target,
        number,
        atMs,
        state,
        message,
        note: '',
      })
      await journal.add([
        entry('', 'told', JSON.stringify(notification)),
        ...takers.map((target) => entry(target, 'queued')),
      ])
      for (const name of takers) lanes.get(name)!.add({ number, atMs, notification })
    },
    resume: async () => {
      const before = await store.told(now() - rememberedMs)
      for (const { id, number } of before) {
        told.add(id)
        last = Math.max(last, number)
      }
      const strangers = new Map<string, number>()
      for (const { target, number, atMs, message } of await store.pending(now() - pendingMs)) {
        const lane = lanes.get(target)
        if (lane) lane.add({ number, atMs, notification: JSON.parse(message) as Notification })
        else strangers.set(target, (strangers.get(target) ?? 0) + 1)
      }
      for (const [target, count] of strangers)
        warn(`notify: ${target} is no longer a target: messages waiting for it are not sent (${count} so far)`)
      return before.map(({ message }) => JSON.parse(message) as Notification)
    },
    start: () => {
      for (const lane of lanes.values()) lane.start()
    },
    state: () => [...lanes.values()].map((lane) => lane.state()),
    close: async () => {
      const ended = Promise.all([...lanes.values()].map((lane) => lane.close()))
      await Promise.race([ended, sleep(closingMs, undefined, { ref: false })])
      await Promise.race([journal.settled(), sleep(closingMs, undefined, { ref: false })])
    },
  }
}
