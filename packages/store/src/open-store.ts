import type { Store, StoreOptions } from './store.ts'

/**
 * Opens a store: spans in, ticks out. What it is made of is loaded only then: most commands need names of this package alone.
 *
 * Throws a StoreError of kind `held` when another process has the directory open, `full` when nothing at all fits on its
 * disk, and `unavailable` when it cannot be written, the server does not answer or the embedded engine is not installed.
 *
 * @example const store = await openStore({ location: '.coalmine' })
 */
export async function openStore(options: StoreOptions): Promise<Store> {
  const store = await import('./store.ts')
  return store.openStore(options)
}
