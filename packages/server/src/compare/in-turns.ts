import { setImmediate } from 'node:timers/promises'
import type { Steps } from '@coalmine/comparator'

// Short enough that other clients do not notice.
const turnMs = 50

/**
 * Runs work step by step, and yields to other work at regular intervals.
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
