import { type EProcess, strataOf } from '@coalmine/stats'
import type { OperationSeries } from '../series.ts'
import { newHalfway } from '../statistics/halfway.ts'
import type { Run } from '../statistics/run.ts'
import type { Statistics } from '../statistics/statistics.ts'
import { growingWhole } from './growing-whole.ts'

/** State of the tests of a running comparison, so that a new tick costs only itself. */
export interface RunMemory {
  /**
   * Statistics whose runs continue where they stopped: each is fed only the blocks later than all before. Runs of one name are told
   * apart by their order. Throws a NothingRemembered for a run that the first look did not start.
   */
  readonly of: (statistics: Statistics, name: string) => Statistics
  /** The whole service, of the ticks of one look; call it once for each look. */
  readonly whole: (series: readonly OperationSeries[]) => OperationSeries
  /** The ticks up to this one have been fed. From now on no new run can start. */
  readonly fedUntil: (tick: number) => void
}

/** There is no state for a test: it has to be fed from the beginning. */
export class NothingRemembered extends Error {
  override readonly name = 'NothingRemembered'
}

/** Starts empty: the first look starts the runs. */
export function newRunMemory(): RunMemory {
  const runs = new Map<string, (blocks: readonly Timed[]) => Run>()
  let until = Number.NEGATIVE_INFINITY
  let isFirst = true
  return {
    whole: growingWhole(),
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

/** A run that continues. It reports rises of its maximum only for the ticks it is given. */
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
