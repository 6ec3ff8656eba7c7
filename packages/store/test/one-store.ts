import { afterAll, beforeAll } from 'vitest'
import type { Comparison } from '../src/comparison.ts'
import { openStore, type Store } from '../src/store.ts'
import { newPlace, type Place } from './place.ts'
import { firstStart, spanOf } from './spans.ts'
import { builds, totalsOf } from './totals.ts'

/** What a test has to itself in the store that it shares: a service. */
export interface OwnService {
  readonly store: Store
  readonly service: string
  /** The comparison of most tests. */
  readonly builds: typeof builds
  /** A span of the service. */
  readonly spanOf: typeof spanOf
  readonly closeAll: () => Promise<number>
  readonly totals: (comparison?: Comparison) => Promise<Record<string, number[]>>
}

/**
 * One store for all tests of a file, which may run beside each other. Ticks are due as soon as they have spans, so a test
 * inserts all of its own at once.
 */
export function oneStore(): () => OwnService {
  let place: Place
  let store: Store
  let services = 0
  beforeAll(async () => {
    place = await newPlace()
    store = await openStore({ location: place.location, watermarkMs: 0, now: () => firstStart + 3_600_000 })
  })
  afterAll(async () => {
    await store.close()
    await place.remove()
  })
  return () => {
    const service = `storefront-${++services}`
    const own = { ...builds, service }
    return {
      store,
      service,
      builds: own,
      spanOf: (changes) => spanOf({ service, ...changes }),
      closeAll: () => store.ingest.closeDue(),
      totals: (comparison = own) => totalsOf(store, comparison),
    }
  }
}
