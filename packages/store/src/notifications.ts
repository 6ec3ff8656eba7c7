import type { Engine } from './engine/engine.ts'
import type { Access } from './opening.ts'

/** What became of a message: it waits for a target, a target has it, refused it, or never took it in time; `told` says what it says. */
export type NotificationState = 'told' | 'queued' | 'sent' | 'refused' | 'expired'

/** One thing that happened to a message; `target` is empty where it is told what the message says, once for all targets. */
export interface NotificationEntry {
  /** The same however often the message is sent. */
  readonly id: string
  readonly target: string
  /** Grows from message to message: their order. */
  readonly number: number
  readonly atMs: number
  readonly state: NotificationState
  /** What it says, as JSON; empty unless `told`. */
  readonly message: string
  /** What a target answered, where it did. */
  readonly note: string
}

/** A message that a target does not have yet. */
export interface PendingNotification {
  readonly id: string
  readonly target: string
  readonly number: number
  readonly atMs: number
  readonly message: string
}

/** Messages to people, kept before they are sent, so that none is lost in a crash. */
export interface Notifications {
  /** Keeps entries, all or none, and says whether it did: not where nothing may be written, or the disk is full. */
  readonly keep: (entries: readonly NotificationEntry[]) => Promise<boolean>
  /** Messages since a moment that are queued and nothing else, in order. */
  readonly pending: (sinceMs: number) => Promise<readonly PendingNotification[]>
  /** What messages since a moment say, in order. */
  readonly told: (sinceMs: number) => Promise<readonly NotificationEntry[]>
  /** The newest entries of targets first, without what they say; none for who may not write. */
  readonly recent: (limit: number) => Promise<readonly NotificationEntry[]>
}

/** The messages that an engine's store keeps. */
export function notificationsOf(
  engine: Engine,
  { access, isSpent }: { readonly access: Access; readonly isSpent: () => boolean },
): Notifications {
  // Who may not write does not know what was sent since, and is not to send it again.
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

/** Messages of which nothing is known but that they wait, with what they say. */
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

/** What messages say. */
export const toldNotifications = `
  SELECT
    Id AS id, '' AS target, min(Number) AS number, toUnixTimestamp64Milli(min(At)) AS atMs, 'told' AS state,
    any(Message) AS message, '' AS note
  FROM coalmine_notifications
  WHERE At >= fromUnixTimestamp64Milli({sinceMs:Int64}) AND Target = ''
  GROUP BY Id
  ORDER BY number`

/** What became of the newest messages. */
export const recentNotifications = `
  SELECT
    Id AS id, Target AS target, max(Number) AS number, toUnixTimestamp64Milli(max(At)) AS atMs,
    argMax(State, (At, State != 'queued')) AS state, '' AS message, argMax(Note, (At, State != 'queued')) AS note
  FROM coalmine_notifications
  WHERE Target != ''
  GROUP BY id, target
  ORDER BY number DESC, target
  LIMIT {limit:UInt32}`
