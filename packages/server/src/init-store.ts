import { type Initialised, type InitOptions, initStore as initStoreTables } from '@coalmine/store'
import { answerable } from './errors.ts'

/**
 * Makes the tables of a store in a ClickHouse, or brings them forward. No server runs for it: one could not open the store.
 *
 * Throws a ServerError, as every answer would be.
 *
 * @example const { statements } = await initStore({ location: 'http://localhost:8123/otel', dryRun: true })
 */
export async function initStore(options: InitOptions): Promise<Initialised> {
  try {
    return await initStoreTables(options)
  } catch (error) {
    throw answerable(error)
  }
}
