import { expect, it } from 'vitest'
import { type SpaceWatch, watchSpace } from './space.ts'

const floorBytes = 100_000_000

let free: number
let clock: number
let done: string[]

async function watch(freeBytes: number): Promise<SpaceWatch> {
  free = freeBytes
  clock = 0
  done = []
  return watchSpace({
    path: '/data',
    minFreeBytes: floorBytes,
    freeBytes: async () => free,
    onShort: async (torn) => void done.push(torn ? 'stop, look over' : 'stop'),
    onRoom: async () => void done.push('go on'),
    now: () => clock,
  })
}

async function after(watched: SpaceWatch, freeBytes: number): Promise<string> {
  free = freeBytes
  clock += 1_000
  const said = await watched.need().then(
    () => 'room',
    (error: Error) => error.message,
  )
  await watched.settled()
  return said
}

const refusal =
  'store /data: its disk has 99 MB free, and nothing is written below 100 MB; free some, keep fewer days (--keep), or set --min-free'

it('refuses below the floor, and no more once there is room', async () => {
  const watched = await watch(floorBytes)
  expect(await after(watched, floorBytes)).toBe('room')
  expect(await after(watched, floorBytes - 1)).toBe(refusal)
  expect(() => watched.refuse()).toThrow(expect.objectContaining({ kind: 'full', message: refusal }))
  expect(await after(watched, floorBytes - 1)).toBe(refusal)
  expect(await after(watched, floorBytes)).toBe('room')
  expect(watched.refuse()).toBeUndefined()
  expect(done).toEqual(['stop', 'go on'])
})

it('takes for torn what was written while the room fell below half the floor', async () => {
  const watched = await watch(floorBytes)
  free = floorBytes / 2
  await watched.held()
  expect(done).toEqual(['stop'])
  free = floorBytes
  await watched.held()
  free = floorBytes / 2 - 1
  await expect(watched.held()).rejects.toMatchObject({ kind: 'full' })
  await watched.settled()
  expect(done).toEqual(['stop', 'go on', 'stop, look over'])
})

it('lets some things be written below the floor, and nothing on a disk that is all but full', async () => {
  const watched = await watch(8_000_000)
  expect([watched.isShort(), watched.isSpent()]).toEqual([true, false])
  await watched.needSome()
  free = 7_999_999
  clock = 1_000
  await expect(watched.needSome()).rejects.toMatchObject({ kind: 'full' })
  expect(watched.isSpent()).toBe(true)
})

it('looks at most once a second, though always after something was written', async () => {
  const watched = await watch(floorBytes)
  free = 0
  clock = 999
  await watched.need()
  clock = 1_000
  await expect(watched.need()).rejects.toMatchObject({ kind: 'full' })
  free = floorBytes
  await watched.held()
  await watched.need()
})

it('tries again at the next look what could not be stopped', async () => {
  let tries = 0
  const watched = await watchSpace({
    path: '/data',
    minFreeBytes: floorBytes,
    freeBytes: async () => 0,
    onShort: async () => {
      if (++tries < 3) throw new Error('busy')
    },
    onRoom: async () => {},
  })
  for (let looks = 0; looks < 5; looks++) await watched.held().catch(() => watched.settled())
  expect(tries).toBe(3)
})

it('a directory that is gone is no room', async () => {
  let there = true
  const watched = await watchSpace({
    path: '/data',
    minFreeBytes: floorBytes,
    freeBytes: async () => {
      if (!there) throw new Error('ENOENT')
      return floorBytes
    },
    onShort: async () => {},
    onRoom: async () => {},
  })
  there = false
  await expect(watched.held()).rejects.toMatchObject({
    kind: 'unavailable',
    message: 'store /data: its directory cannot be read: ENOENT',
  })
})

it('looks in any case for what writes much in a second', async () => {
  const watched = await watch(floorBytes)
  await watched.needNow()
  free = floorBytes - 1
  await expect(watched.needNow()).rejects.toThrow(refusal)
})
