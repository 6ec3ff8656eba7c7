import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { openStore } from '../store.ts'
import { progressOf, takeLock } from './lock.ts'

let directory: string

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'coalmine-lock-'))
})

afterEach(() => rm(directory, { recursive: true }))

it('is had by one at a time, and names who has it', async () => {
  const first = await takeLock(directory)
  expect(await takeLock(directory)).toEqual({ holder: process.pid })
  if ('release' in first) await first.release()
  const second = await takeLock(directory)
  expect(second).toHaveProperty('release')
  if ('release' in second) await second.release()
  expect(await readdir(directory)).toEqual([])
})

it('is taken over from a process that is gone, by one of many', async () => {
  const gone = fork('--version', { execArgv: ['--version'], stdio: 'ignore' })
  await once(gone, 'exit')
  // Who comes second must not take the lock of the first for the one that was left: often enough to meet it.
  for (let round = 0; round < 20; round++) {
    await writeFile(join(directory, 'coalmine.lock'), `${gone.pid}\n`)
    const locks = await Promise.all(Array.from({ length: 8 }, () => takeLock(directory)))
    expect(locks.filter((lock) => 'release' in lock)).toHaveLength(1)
    for (const lock of locks) if ('release' in lock) await lock.release()
  }
  expect(await readdir(directory)).toEqual([])
})

it('tells who waits whether the one that has it gets on', async () => {
  expect(await progressOf(directory)).toBeUndefined()
  const store = await openStore({ location: directory })
  const before = await progressOf(directory)
  expect(before).toBeDefined()
  await expect
    .poll(async () => {
      await store.sizes()
      return progressOf(directory)
    })
    .not.toBe(before)
  await store.close()
  expect(await progressOf(directory)).toBeUndefined()
})

it('keeps the engine from a store that is held', async () => {
  const lock = await takeLock(directory)
  await expect(openStore({ location: directory })).rejects.toMatchObject({
    kind: 'held',
    message: `store ${directory} is held by process ${process.pid}; stop it, or name another directory (or the server's URL)`,
  })
  if ('release' in lock) await lock.release()
})

it('is no matter for a file, which is no store', async () => {
  const file = join(directory, 'file')
  await writeFile(file, '')
  await expect(openStore({ location: file })).rejects.toMatchObject({
    kind: 'unavailable',
    message: `store ${file}: it is a file; name a directory`,
  })
})

it.runIf(process.platform === 'linux')('comes back where no directory can be made', async () => {
  const dangling = join(directory, 'dangling')
  await symlink(join(directory, 'nowhere'), dangling)
  for (const location of ['/proc/coalmine', '/proc/self/coalmine/store', '/dev/null/store', dangling])
    await expect(openStore({ location })).rejects.toMatchObject({
      kind: 'unavailable',
      message: expect.stringMatching(/cannot make the directory: .*; name one that can be made and written$/),
    })
})

it('makes the directories above, for this user alone', async () => {
  const location = join(directory, 'a', 'b')
  await (await openStore({ location })).close()
  expect((await stat(join(directory, 'a'))).mode & 0o777).toBe(0o700)
})
