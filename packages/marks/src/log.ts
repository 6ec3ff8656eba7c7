/** One span attribute, and the value that the same request had for it before. */
export interface Mark {
  readonly key: string
  readonly value: string | boolean
  readonly replaced: string | boolean | undefined
  /** The flag's key, where the attribute is a flag's. */
  readonly flag: string | undefined
}

/** What a request was marked with, in that order. It does not change, so requests that are marked alike share theirs. */
export interface Log {
  readonly marks: readonly Mark[]
  /** How many different flags it holds. */
  readonly flags: number
  /** The flags in one text, once it was asked for: see packed.ts. */
  packed: string | undefined
  /** What it becomes, by a flag's key and variant, or by an attribute's key and true or false. Undefined is "not shared". */
  readonly next: Map<string, Map<string | boolean, Log>> | undefined
  /** The last answer from `next`: requests that come one after the other are mostly marked alike. */
  last: { readonly key: string; readonly value: string | boolean; readonly after: Log } | undefined
}

/** The log of a request that has no marks. */
export const emptyLog: Log = { marks: [], flags: 0, packed: '', next: new Map(), last: undefined }

/** About how many characters the shared logs may take: requests that are marked in ever new ways get logs of their own. */
let room = 4_000_000

/**
 * The log with one mark more.
 *
 * @example extended(emptyLog, { key: 'coalmine.flag.a', value: 'on', replaced: undefined, flag: 'a' }).flags // 1
 */
export function extended(log: Log, mark: Mark): Log {
  const flags = log.flags + (mark.flag !== undefined && mark.replaced === undefined ? 1 : 0)
  return { marks: [...log.marks, mark], flags, packed: undefined, next: undefined, last: undefined }
}

/**
 * The log that a shared one becomes; undefined when that is not known.
 *
 * @example sharedAfter(emptyLog, 'a', 'on') // the log { a: 'on' }, once a request had it
 */
export function sharedAfter(log: Log, key: string, value: string | boolean): Log | undefined {
  const { last } = log
  if (last !== undefined && last.key === key && last.value === value) return last.after
  const after = log.next?.get(key)?.get(value)
  if (after) log.last = { key, value, after }
  return after
}

/**
 * Has other requests share what a log becomes, while there is room. Gives the log to go on with.
 *
 * @example share(log, 'a', 'on', extended(log, mark)) // the log that the next request with the same marks gets from sharedAfter
 */
export function share(log: Log, key: string, value: string | boolean, after: Log): Log {
  // Each has an entry, a copy of the marks, and the flags once more as one text.
  const size = 300 + key.length + String(value).length + 40 * after.marks.length
  if (!log.next || size > room) return after
  room -= size
  const to = after.next ? after : { ...after, next: new Map() }
  const values = log.next.get(key)
  if (values) values.set(value, to)
  else log.next.set(key, new Map([[value, to]]))
  return to
}
