import type { Store } from '@coalmine/store'

/** What every route works with. */
export type Context = {
  readonly store: Store
  readonly now: () => number
  /** Version of the server. */
  readonly version: string
}
