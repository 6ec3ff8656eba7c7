import { setImmediate } from 'node:timers/promises'
import type { Steps } from '@coalmine/comparator'

// Short enough that nobody who asks something else meanwhile notices.
const turnMs = 50

/**
 * Does a piece of work step by step, and lets others have a turn whenever it has taken some of them.
 *
 * @example await inTurns(judgeInSteps(slices, policy, facts)) // what atOnce(...) gives, and the server answered meanwhile
 */
export async function inTurns<Result>(steps: Steps<Result>): Promise<Result> {
  let began = performance.now()
  for (;;) {
    const { done, value } = steps.next()
    if (done) return value
    if (performance.now() - began < turnMs) continue
    await setImmediate()
    began = performance.now()
  }
}
