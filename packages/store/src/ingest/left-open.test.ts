import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { batchOf, firstStart, spanOf } from '../../test/spans.ts'
import { openStore } from '../store.ts'
import type { Span } from './span-row.ts'

let directory: string
let file: string

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'coalmine-left-'))
  file = join(directory, 'coalmine.open.json')
})
afterEach(() => rm(directory, { recursive: true }))

/** Opens the store an hour later, closes what is due and gives how many ticks that were. */
async function closedAtOpening(): Promise<number> {
  const store = await openStore({ location: directory, watermarkMs: 0, now: () => firstStart + 3_600_000 })
  const closed = await store.ingest.closeDue()
  await store.close()
  return closed
}

async function insert(...spans: readonly Span[]): Promise<void> {
  const store = await openStore({ location: directory, now: () => firstStart })
  await store.ingest.insert(batchOf(...spans))
  await store.close()
}

it('are closed by whoever opens the directory next, once', async () => {
  await insert(spanOf(), spanOf({ atMs: 5_000 }))
  expect(JSON.parse(await readFile(file, 'utf8'))).toMatchObject({
    rows: 2,
    open: [
      { service: 'storefront', tick: firstStart / 1000, spans: 1 },
      { service: 'storefront', tick: firstStart / 1000 + 5, spans: 1 },
    ],
  })
  expect(await closedAtOpening()).toBe(2)
  expect(await closedAtOpening()).toBe(0)
})

it('are taken from what was written down, as long as nothing was inserted since', async () => {
  await insert(spanOf())
  const left = JSON.parse(await readFile(file, 'utf8')) as object
  await writeFile(file, JSON.stringify({ ...left, open: [] }))
  expect(await closedAtOpening()).toBe(0)
})

it.each([
  ['older than the last spans', (before: string) => before],
  ['cut off', (before: string) => before.slice(0, 20)],
])('are looked for among the spans where what was written down is %s', async (_, tamper) => {
  await insert(spanOf())
  const before = await readFile(file, 'utf8')
  await insert(spanOf({ atMs: 5_000 }))
  await writeFile(file, tamper(before))
  expect(await closedAtOpening()).toBe(2)
})
