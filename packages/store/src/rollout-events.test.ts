import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { openStore } from './store.ts'

it('knows what happened to rollouts once the store is opened again, each event once', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'coalmine-rollouts-'))
  const first = await openStore({ location: directory })
  const event = (rollout: string, number: number, atMs: number) => ({
    rollout,
    number,
    atMs,
    kind: 'paused',
    event: `{"kind":"paused","by":"O'Hara \\\\ \\n ${number}"}`,
  })
  const old = event('old', 1, 1_000)
  // One that was not known to be kept is kept again.
  for (const one of [old, event('a', 2, 70_000), event('a', 1, 60_000), event('b', 1, 65_000), event('a', 2, 70_000)])
    await first.rollouts.keep(one)
  await first.close()
  const again = await openStore({ location: directory })
  expect(await again.rollouts.known(62_000)).toEqual([
    event('a', 1, 60_000),
    event('a', 2, 70_000),
    event('b', 1, 65_000),
  ])
  expect((await again.rollouts.known(0)).length).toBe(4)
  await again.close()
  await rm(directory, { recursive: true })
})
