import { type Initialised, type InitOptions, initStore as initStoreTables } from '@coalmine/store'
import { answerable } from './errors.ts'

/**
 * Creates or migrates the tables of a store in a ClickHouse. This needs no server, which could not open the store yet.
 *
 * Throws a ServerError.
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
