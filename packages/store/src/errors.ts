/**
 * The kinds of failure that callers must tell apart, from here to the exit code of the command line: `usage` is a mistake in
 * the request, `malformed` invalid input, `unavailable` a store or a server that cannot answer now, `no-data` that there is
 * nothing to report on, `bug` a bug in Coalmine.
 */
export type Trouble = 'usage' | 'malformed' | 'unavailable' | 'no-data' | 'bug'

/**
 * The kind of a store error. Three kinds are `unavailable` for a reason that can be acted on: `busy` asks
 * for a later retry, `full` for space on the disk, `held` for the process that has the directory open to close it.
 */
export type StoreErrorKind = Extract<Trouble, 'usage' | 'malformed' | 'unavailable'> | 'held' | 'busy' | 'full'

/** An error of the store whose message is meant for the user: what, where and what to do. */
export class StoreError extends Error {
  readonly kind: StoreErrorKind

  constructor(kind: StoreErrorKind, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'StoreError'
    this.kind = kind
  }
}
