import { mkdtemp, readdir, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { batchOf, spanOf } from '../../test/spans.ts'
import { openStore, type StoreOptions } from '../store.ts'
import { restoreFatalSignals } from './fatal-signals.ts'

let directory: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'coalmine-start-'))
})
afterEach(() => rm(directory, { recursive: true }))

async function insertOne(options: Partial<StoreOptions> = {}): Promise<void> {
  const store = await openStore({ location: directory, ...options })
  await store.ingest.insert(batchOf(spanOf()))
  await store.close()
}

it('names the parts that the engine puts aside', async () => {
  await insertOne()
  const files = await readdir(directory, { recursive: true })
  const parts = files.filter((file) => /\d{8}_\d+_\d+_\d+\/checksums\.txt$/.test(file))
  for (const part of parts) await writeFile(join(directory, part), 'not checksums')
  const store = await openStore({ location: directory })
  expect(store.putAside.join()).toMatch(/otel_traces\/detached\/broken/)
  await store.close()
})

it('says which definition a crash left empty', async () => {
  await insertOne()
  const files = await readdir(directory, { recursive: true })
  const file = files.find((one) => /coalmine_late\.sql$/.test(one))!
  await truncate(join(directory, file))
  await expect(openStore({ location: directory })).rejects.toMatchObject({
    kind: 'unavailable',
    message: expect.stringMatching(/coalmine_late\.sql is empty, as a loss of power/),
  })
})

it('waits for the disk where it is told to, and only there', async () => {
  const settings = async (): Promise<string> => {
    const { createChdbConnection } = await import('chdb/connection')
    const { createClient } = await import('@clickhouse/client')
    const connection = createChdbConnection({ path: directory }) as unknown as NonNullable<
      NonNullable<Parameters<typeof createClient>[0]>['connection']
    >
    const client = createClient({ connection })
    const query = "SELECT engine_full FROM system.tables WHERE name = 'otel_traces'"
    const text = await (await client.query({ query, format: 'TabSeparated' })).text()
    await client.close()
    return text
  }
  await insertOne({ fsync: true })
  expect(await settings()).toContain('fsync_after_insert = 1')
  await insertOne()
  expect(await settings()).toContain('fsync_after_insert = 0')
})

it('questions that run when the store is closed are stopped', async () => {
  const store = await openStore({ location: directory })
  const asked = store.sizes().then(
    () => 'answered',
    (error: Error) => error.message,
  )
  await store.close()
  expect(await asked).toMatch(/^(answered|the store is closing)$/)
  await expect(store.sizes()).rejects.toThrow('is closing')
})

it('signals that end a process have their default actions', () => {
  const before = process.listenerCount('SIGABRT')
  restoreFatalSignals()
  expect(process.listenerCount('SIGABRT')).toBe(before)
})
