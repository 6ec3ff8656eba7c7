import { type EProcess, eProcess } from '@coalmine/stats'
import { type Run, run } from './run.ts'
import { whileStanding } from './units.ts'

/** Evidence, and what it said at each tick: all that is needed to tell what it would be if it counted at some ticks alone. */
export interface Traced<Block> {
  readonly process: EProcess<Block>
  /** The run of `process`, once it was fed, where it counts only at these ticks. */
  readonly runWhile: (stands: (tick: number) => boolean) => Run
}

/** Keeps what a process says at each tick. */
export function traced<Block extends { readonly tick: number }>(process: EProcess<Block>): Traced<Block> {
  const ticks: number[] = []
  const logs: number[] = []
  return {
    process: eProcess((strata) => {
      process.add(...strata)
      ticks.push(strata[0]!.tick)
      logs.push(process.logE)
      return process.logE
    }),
    runWhile: (stands) => {
      let at = 0
      const said = eProcess<{ readonly tick: number }>(() => logs[at++]!)
      return run(
        whileStanding(said, stands),
        ticks.map((tick) => ({ tick })),
      )
    },
  }
}
