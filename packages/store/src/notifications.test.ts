import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { NotificationEntry } from './notifications.ts'
import { openStore, type Store } from './store.ts'

let directory: string
let store: Store

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'coalmine-notifications-'))
  store = await openStore({ location: directory })
})

afterAll(async () => {
  await store.close()
  await rm(directory, { recursive: true, force: true })
})

const nowMs = Date.now()
const entry = (number: number, state: NotificationEntry['state'], target = ''): NotificationEntry => ({
  id: `m${number}`,
  target,
  number,
  atMs: nowMs + number,
  state,
  message: state === 'told' ? `{"text":"it's \\"${number}\\" \\\\ ü\n"}` : '',
  note: state === 'refused' ? '401 no such key' : '',
})

it('a message waits for a target until it is known what became of it, and is read back as it was written', async () => {
  const { notifications } = store
  const queued = [3, 1, 2].flatMap((number) => [
    entry(number, 'told'),
    entry(number, 'queued', 'team'),
    entry(number, 'queued', 'bus'),
  ])
  expect(await notifications.keep(queued)).toBe(true)
  expect(await notifications.keep([entry(1, 'sent', 'team'), entry(2, 'refused', 'bus')])).toBe(true)
  const pending = await notifications.pending(0)
  expect(pending.map(({ target, id }) => `${target} ${id}`)).toEqual(['bus m1', 'team m2', 'bus m3', 'team m3'])
  expect(pending.find(({ id }) => id === 'm2')).toEqual({
    id: 'm2',
    target: 'team',
    number: 2,
    atMs: nowMs + 2,
    message: entry(2, 'told').message,
  })
  expect((await notifications.told(0)).map(({ id }) => id)).toEqual(['m1', 'm2', 'm3'])
  expect(await notifications.told(nowMs + 3)).toEqual([entry(3, 'told')])
  const recent = await notifications.recent(10)
  expect(recent.map(({ id, target, state, note }) => `${id} ${target} ${state} ${note}`)).toEqual([
    'm3 bus queued ',
    'm3 team queued ',
    'm2 bus refused 401 no such key',
    'm2 team queued ',
    'm1 bus queued ',
    'm1 team sent ',
  ])
})
