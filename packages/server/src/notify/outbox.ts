import { setTimeout as sleep } from 'node:timers/promises'
import type { NotificationEntry, Notifications } from '@coalmine/store'
import { newJournal } from './journal.ts'
import { type Lane, type LaneOptions, type LaneState, newLane, type OutboxTarget } from './lane.ts'
import type { Notification } from './notification.ts'

/** With what an outbox works. */
export interface OutboxOptions extends LaneOptions {
  readonly store: Notifications
  readonly targets: readonly OutboxTarget[]
}

/** Messages on their way to targets: kept before they are sent, sent in order, and again until a target has them. */
export interface Outbox {
  /** Keeps a message and sends it to some targets, unless one of its id was added before. Never throws. */
  readonly add: (notification: Notification, targets: readonly string[]) => Promise<void>
  /** Knows again what was not sent when the server ended, and gives all that was told, in order. Once, before anything is added. */
  readonly resume: () => Promise<readonly Notification[]>
  /** Sends what waits, and from now on what is added. */
  readonly start: () => void
  /** Where each target stands. */
  readonly state: () => readonly LaneState[]
  /** Ends what is under way, for at most a moment; what is not sent is sent when a server has the store again. */
  readonly close: () => Promise<void>
}

// Older ones of a target that was never there any more are not looked for.
const pendingMs = 7 * 86_400_000
const rememberedMs = 90 * 86_400_000
const closingMs = 1_000

/** An outbox over what the store keeps. */
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
