import { type EProcess, strataOf } from '@coalmine/stats'
import { newHalfway } from '../statistics/halfway.ts'
import type { Run } from '../statistics/run.ts'
import type { Statistics } from '../statistics/statistics.ts'

/** What the tests of a comparison that runs have made of the ticks so far, so that one more costs one. */
export interface RunMemory {
  /**
   * Statistics whose runs go on where they stopped: each is fed the blocks that are later than all before. The runs of a name are told
   * apart by their order. Throws a NothingRemembered where one is not known that was not begun at the first look.
   */
  readonly of: (statistics: Statistics, name: string) => Statistics
  /** The ticks until this one have been fed. From now on no run is begun. */
  readonly fedUntil: (tick: number) => void
}

/** Nothing is remembered of a test: it has to be fed from the beginning. */
export class NothingRemembered extends Error {
  override readonly name = 'NothingRemembered'
}

/** Remembers nothing yet: the runs of the first look are begun. */
export function newRunMemory(): RunMemory {
  const runs = new Map<string, (blocks: readonly Timed[]) => Run>()
  let until = Number.NEGATIVE_INFINITY
  let isFirst = true
  return {
    of: (statistics, name) => {
      let which = 0
      const run: Statistics['run'] = (process, blocks) => {
        const key = `${name} ${which++}`
        if (isFirst) runs.set(key, remembered(process as EProcess<Timed>))
        const one = runs.get(key)
        if (!one) throw new NothingRemembered(`${key}: it was not tested before`)
        return one(blocks.filter(({ tick }) => tick > until))
      }
      return {
        ...statistics,
        run,
        runStanding: (process, stands, blocks) => ({ worse: run(statistics.whileStanding(process, stands), blocks) }),
      }
    },
    fedUntil: (tick) => {
      until = tick
      isFirst = false
    },
  }
}

interface Timed {
  readonly tick: number
}

/** A run that goes on. It tells when its maximum rose of the ticks that it is given alone. */
function remembered(process: EProcess<Timed>): (blocks: readonly Timed[]) => Run {
  const halfway = newHalfway()
  return (blocks) => {
    const rises: { tick: number; maxLogE: number }[] = []
    for (const strata of strataOf<Timed>(blocks)) {
      const { tick } = strata[0]!
      const before = process.maxLogE
      process.add(...strata)
      if (process.maxLogE > before) rises.push({ tick, maxLogE: process.maxLogE })
      halfway.add(tick, process.logE)
    }
    return { maxLogE: process.maxLogE, logE: process.logE, rises, halfway: halfway.told() }
  }
}
