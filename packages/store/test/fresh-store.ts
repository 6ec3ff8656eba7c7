import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest'
import { openStore, type Store, type StoreOptions } from '../src/store.ts'
import { newPlace, type Place } from './place.ts'
import { firstStart } from './spans.ts'

/** How long the ticks of such a store wait for late spans. */
export const testWatermarkMs = 15_000

/** An empty store for each test of a file, with a clock of its own. */
export interface FreshStore {
  /** The store that is open. */
  store: Store
  /** What time it is for the store: milliseconds since 1970. `firstStart` as a test begins. */
  clock: number
  /** Opens the same place again, which must be closed. */
  readonly open: (options?: Partial<StoreOptions>) => Promise<Store>
  /** Closes what is due so many milliseconds after the first spans. */
  readonly closeAfter: (ms: number) => Promise<number>
  /** Closes all there is of the first hour. */
  readonly closeAll: () => Promise<number>
}

/** Makes it before each test of the file that calls this, and removes it afterwards. */
export function freshStore(): FreshStore {
  let place: Place
  const open: FreshStore['open'] = (options = {}) =>
    openStore({ location: place.location, watermarkMs: testWatermarkMs, now: () => fresh.clock, ...options })
  const closeAfter: FreshStore['closeAfter'] = async (ms) => {
    fresh.clock = firstStart + ms
    return fresh.store.ingest.closeDue()
  }
  const fresh = { clock: firstStart, open, closeAfter, closeAll: () => closeAfter(3_600_000) } as FreshStore
  beforeAll(async () => {
    place = await newPlace()
  })
  afterAll(() => place.remove())
  beforeEach(async () => {
    fresh.clock = firstStart
    fresh.store = await open()
  })
  afterEach(async () => {
    await fresh.store.close()
    await place.empty()
  })
  return fresh
}
