/**
 * What went wrong, for whoever must answer it: `busy` asks for a later retry, `full` for room on the disk, `unavailable`
 * for the engine to come back, `held` for the process that has the directory open to let go of it; `malformed` says that
 * a file is not what it should be.
 */
export type StoreErrorKind = 'usage' | 'malformed' | 'unavailable' | 'held' | 'busy' | 'full'

/** An error of the store whose message is meant for the user: what, where and what to do. */
export class StoreError extends Error {
  readonly kind: StoreErrorKind

  constructor(kind: StoreErrorKind, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'StoreError'
    this.kind = kind
  }
}
