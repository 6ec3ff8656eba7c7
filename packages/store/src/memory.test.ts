import { describe, expect, it } from 'vitest'
import { freshStore } from '../test/fresh-store.ts'
import { batchOf, firstStart, spanOf } from '../test/spans.ts'
import { builds, cart } from '../test/totals.ts'

const fresh = freshStore()
const { open, closeAfter, closeAll } = fresh

const canary = cart({ 'service.version': '2.0.0' })

describe('a comparison', () => {
  it('starts with its canary, and stays there', async () => {
    expect(await fresh.store.memory.start(builds)).toBeUndefined()
    await fresh.store.ingest.insert(batchOf(spanOf(), spanOf({ atMs: 12_000, attributes: canary })))
    await closeAll()
    expect(await fresh.store.memory.start(builds)).toBe(firstStart + 10_000)
    await fresh.store.ingest.insert(batchOf(spanOf({ atMs: -50_000, attributes: canary })))
    await closeAfter(7_200_000)
    expect(await fresh.store.memory.start(builds)).toBe(firstStart + 10_000)
    await fresh.store.close()
    fresh.store = await open()
    expect(await fresh.store.memory.start(builds)).toBe(firstStart + 10_000)
    expect(await fresh.store.memory.start({ ...builds, stable: 'resource:a=b' })).toBe(firstStart - 50_000)
  })

  it('by anything starts with the first raw span that its canary has', async () => {
    await fresh.store.ingest.insert(batchOf(spanOf({ atMs: 6_000, resource: { region: 'b' } })))
    await closeAll()
    expect(await fresh.store.memory.start({ service: 'storefront', stable: 'region=a', canary: 'region=b' })).toBe(
      firstStart + 5_000,
    )
  })
})
