import { setImmediate } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { inTurns } from './in-turns.ts'

it('does all of a piece of work, and others have their turns meanwhile', async () => {
  let others = 0
  let isOver = false
  const other = async (): Promise<void> => {
    while (!isOver) {
      await setImmediate()
      others++
    }
  }
  const waiting = other()
  function* work(): Generator<undefined, number, undefined> {
    let steps = 0
    // Until somebody else had some turns: who gets none waits for ever.
    while (others < 3) {
      steps++
      yield
    }
    return steps
  }
  expect(await inTurns(work())).toBeGreaterThan(3)
  isOver = true
  await waiting
})
