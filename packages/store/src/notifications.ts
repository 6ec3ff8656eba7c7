import type { Engine } from './engine/engine.ts'
import type { Access } from './opening.ts'

/**
 * The state of a message at a target: waiting (`queued`), delivered (`sent`), `refused`, or not accepted in time
 * (`expired`). A `told` entry holds the message itself.
 */
export type NotificationState = 'told' | 'queued' | 'sent' | 'refused' | 'expired'

/** An event of a message. `target` is empty in the `told` entry, which holds the message once for all targets. */
export interface NotificationEntry {
  /** Stays the same if the message is sent again. */
  readonly id: string
  readonly target: string
  /** Increases from message to message and gives their order. */
  readonly number: number
  readonly atMs: number
  readonly state: NotificationState
  /** The message, as JSON; empty unless `told`. */
  readonly message: string
  /** The target's response, if any. */
  readonly note: string
}

/** A message not yet delivered to a target. */
export interface PendingNotification {
  readonly id: string
  readonly target: string
  readonly number: number
  readonly atMs: number
  readonly message: string
}

/** Messages to people, stored before they are sent so that a crash loses none. */
export interface Notifications {
  /** Stores all entries or none. Resolves to false if the store is read-only or its disk is full. */
  readonly keep: (entries: readonly NotificationEntry[]) => Promise<boolean>
  /** Messages since `sinceMs` that are queued but not sent, refused or expired, in order. */
  readonly pending: (sinceMs: number) => Promise<readonly PendingNotification[]>
  /** The `told` entries since `sinceMs`, in order. */
  readonly told: (sinceMs: number) => Promise<readonly NotificationEntry[]>
  /** The entries of targets, newest first, without the messages; empty if the store is read-only. */
  readonly recent: (limit: number) => Promise<readonly NotificationEntry[]>
}

/** Reads and keeps messages in an engine's store. */
export function notificationsOf(
  engine: Engine,
  { access, isSpent }: { readonly access: Access; readonly isSpent: () => boolean },
): Notifications {
  // A process that may not write cannot record what it sends, so it must not send anything again.
  const read = async <Row>(statement: string, params: Record<string, number>): Promise<Row[]> =>
    access === 'all' ? engine.read<Row>(statement, params) : []
  return {
    keep: async (entries) => {
      if (access !== 'all' || isSpent()) return false
      const column = <Key extends keyof NotificationEntry>(key: Key) => entries.map((entry) => entry[key])
      await engine.write(keepNotifications, {
        ids: column('id'),
        targets: column('target'),
        numbers: column('number'),
        times: column('atMs'),
        states: column('state'),
        messages: column('message'),
        notes: column('note'),
      })
      return true
    },
    pending: (sinceMs) => read(pendingNotifications, { sinceMs }),
    told: (sinceMs) => read(toldNotifications, { sinceMs }),
    recent: (limit) => read(recentNotifications, { limit }),
  }
}

/** Keeps entries. */
export const keepNotifications = `
  INSERT INTO coalmine_notifications
  SELECT row.1, row.2, row.3, fromUnixTimestamp64Milli(row.4), row.5, row.6, row.7
  FROM (
    SELECT arrayJoin(arrayZip(
      {ids:Array(String)}, {targets:Array(String)}, {numbers:Array(UInt64)}, {times:Array(Int64)},
      {states:Array(String)}, {messages:Array(String)}, {notes:Array(String)})) AS row)`

/** Messages that are queued and have no other state yet, with their text. */
export const pendingNotifications = `
  SELECT waiting.Id AS id, waiting.Target AS target, waiting.Number AS number, waiting.AtMs AS atMs, said.Message AS message
  FROM (
    SELECT Id, Target, min(Number) AS Number, toUnixTimestamp64Milli(min(At)) AS AtMs
    FROM coalmine_notifications
    WHERE At >= fromUnixTimestamp64Milli({sinceMs:Int64}) AND Target != ''
    GROUP BY Id, Target
    HAVING groupUniqArray(State) = ['queued']
  ) AS waiting
  INNER JOIN (
    SELECT Id, any(Message) AS Message
    FROM coalmine_notifications
    WHERE At >= fromUnixTimestamp64Milli({sinceMs:Int64}) AND Target = ''
    GROUP BY Id
  ) AS said ON waiting.Id = said.Id
  ORDER BY waiting.Number, waiting.Target`

/** The `told` entries of messages. */
export const toldNotifications = `
  SELECT
    Id AS id, '' AS target, min(Number) AS number, toUnixTimestamp64Milli(min(At)) AS atMs, 'told' AS state,
    any(Message) AS message, '' AS note
  FROM coalmine_notifications
  WHERE At >= fromUnixTimestamp64Milli({sinceMs:Int64}) AND Target = ''
  GROUP BY Id
  ORDER BY number`

/** The states of the newest messages. */
export const recentNotifications = `
  SELECT
    Id AS id, Target AS target, max(Number) AS number, toUnixTimestamp64Milli(max(At)) AS atMs,
    argMax(State, (At, State != 'queued')) AS state, '' AS message, argMax(Note, (At, State != 'queued')) AS note
  FROM coalmine_notifications
  WHERE Target != ''
  GROUP BY id, target
  ORDER BY number DESC, target
  LIMIT {limit:UInt32}`
