import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { batchOf, firstStart, spanOf } from '../../test/spans.ts'
import { openStore } from '../store.ts'

it('spans of more days than a hundred go in together, and their ticks close together', async () => {
  const directory = join(await mkdtemp(join(tmpdir(), 'coalmine-days-')), 'deep', 'store')
  const days = 130
  const store = await openStore({
    location: directory,
    retentionDays: 400,
    watermarkMs: 0,
    now: () => firstStart + days * 86_400_000,
  })
  try {
    await store.ingest.insert(batchOf(...Array.from({ length: days }, (_, day) => spanOf({ atMs: day * 86_400_000 }))))
    expect(await store.ingest.closeDue()).toBe(days)
    // What is in it is for nobody else to read.
    expect((await stat(directory)).mode & 0o777).toBe(0o700)
  } finally {
    await store.close()
    await rm(directory, { recursive: true })
  }
})
