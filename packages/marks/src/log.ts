/** One span attribute, and the value that the same request had for it before. */
export interface Mark {
  readonly key: string
  readonly value: string | boolean
  readonly replaced: string | boolean | undefined
  /** The flag's key, if the attribute is a flag. */
  readonly flag: string | undefined
}

/** The marks of a request, in order. Immutable, so that requests with the same marks can share it. */
export interface Log {
  readonly marks: readonly Mark[]
  /** How many different flags it holds. */
  readonly flags: number
  /** All flags as one string, computed on first use: see packed.ts. */
  packed: string | undefined
  /** The log after one more mark, by flag key and variant, or by attribute key and boolean. Undefined if not shared. */
  readonly next: Map<string, Map<string | boolean, Log>> | undefined
  /** The last result from `next`: consecutive requests usually get the same marks. */
  last: { readonly key: string; readonly value: string | boolean; readonly after: Log } | undefined
}

/** The log of a request that has no marks. */
export const emptyLog: Log = { marks: [], flags: 0, packed: '', next: new Map(), last: undefined }

/** Approximate remaining size, in characters, for shared logs. Once it is used up, requests get logs of their own. */
let room = 4_000_000

/**
 * Returns the log with one more mark.
 *
 * @example extended(emptyLog, { key: 'coalmine.flag.a', value: 'on', replaced: undefined, flag: 'a' }).flags // 1
 */
export function extended(log: Log, mark: Mark): Log {
  const flags = log.flags + (mark.flag !== undefined && mark.replaced === undefined ? 1 : 0)
  return { marks: [...log.marks, mark], flags, packed: undefined, next: undefined, last: undefined }
}

/**
 * Returns the shared log that follows this one, or undefined if there is none.
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
 * Shares the next log with other requests while there is room. Returns the log to continue with.
 *
 * @example share(log, 'a', 'on', extended(log, mark)) // the log that the next request with the same marks gets from sharedAfter
 */
export function share(log: Log, key: string, value: string | boolean, after: Log): Log {
  // Each takes an entry, a copy of the marks, and the flags as one string.
  const size = 300 + key.length + String(value).length + 40 * after.marks.length
  if (!log.next || size > room) return after
  room -= size
  const to = after.next ? after : { ...after, next: new Map() }
  const values = log.next.get(key)
  if (values) values.set(value, to)
  else log.next.set(key, new Map([[value, to]]))
  return to
}
