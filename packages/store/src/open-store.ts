import type { Store, StoreOptions } from './store.ts'

/**
 * Opens a store, which takes spans and answers with ticks. Its implementation is loaded only now, because most commands do not need it.
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
