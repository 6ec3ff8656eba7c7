/**
 * The kinds of trouble that whoever calls must tell apart, from here to the exit code of the command line: `usage` is a
 * mistake in what was asked for, `malformed` an input that is not what it should be, `unavailable` a store or a server that
 * cannot answer now, `no-data` an answer that would be about nothing, `bug` a mistake of ours.
 */
export type Trouble = 'usage' | 'malformed' | 'unavailable' | 'no-data' | 'bug'

/**
 * What went wrong, for whoever must answer it. Three kinds are `unavailable` for a reason that can be acted on: `busy` asks
 * for a later retry, `full` for room on the disk, `held` for the process that has the directory open to let go of it.
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
