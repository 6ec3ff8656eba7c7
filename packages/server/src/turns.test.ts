import { expect, it } from 'vitest'
import { newTurns } from './turns.ts'

it('answers so many at once, the others in order, and nobody who is gone', async () => {
  const turns = newTurns(2)
  const log: string[] = []
  const ends: (() => void)[] = []
  const ask = (name: string, isGone = false): Promise<string> =>
    turns.take(
      () => isGone,
      async () => {
        log.push(name)
        await new Promise<void>((resolve) => ends.push(resolve))
        return name
      },
    )
  const all = [ask('a'), ask('b'), ask('c', true), ask('d')]
  await Promise.resolve()
  expect([log, turns.waiting()]).toEqual([['a', 'b'], 2])
  ends[0]!()
  await expect(all[2]).rejects.toThrow('the client is gone')
  await expect.poll(() => log).toEqual(['a', 'b', 'd'])
  ends[1]!()
  ends[2]!()
  expect(await Promise.all([all[0], all[1], all[3]])).toEqual(['a', 'b', 'd'])
})
