import { expect, it } from 'vitest'
import { newLane } from './lane.ts'

/** Work that ends when it is told to. */
function held(log: string[], name: string): { work: (place: string) => Promise<void>; end: () => void } {
  let resolve = (): void => {}
  const promise = new Promise<void>((given) => {
    resolve = given
  })
  return {
    work: (place) => {
      log.push(`${name} on ${place}`)
      return promise
    },
    end: () => resolve(),
  }
}

it('runs one piece of work on each place at once, and the others in the order in which they came', async () => {
  const log: string[] = []
  const lane = newLane(() => ['left', 'right'])
  const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((name) => held(log, name))
  const all = [a, b, c, d].map((one) => lane.run(one!.work))
  await expect.poll(() => log).toEqual(['a on left', 'b on right'])
  b!.end()
  await all[1]
  await expect.poll(() => log).toEqual(['a on left', 'b on right', 'c on right'])
  a!.end()
  await all[0]
  await expect.poll(() => log.at(-1)).toBe('d on left')
  c!.end()
  d!.end()
  await Promise.all(all)
})

it('goes on after work that failed', async () => {
  const lane = newLane(() => ['only'])
  await expect(lane.run(async () => Promise.reject(new Error('no')))).rejects.toThrow('no')
  expect(await lane.run(async (place) => place)).toBe('only')
})
