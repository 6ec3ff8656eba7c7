import type { EProcess } from '@coalmine/stats'
import type { OperationSeries, Tick } from './series.ts'

/** A block and the tick at which it was complete. */
export type TimedBlock<Side> = Tick<Side>

/** What an e-process said after each block: its running maximum, and when that was reached. */
export interface Run {
  readonly maxLogE: number
  readonly logE: number
  /** Ticks and running maxima, only where the maximum rose. */
  readonly rises: readonly { readonly tick: number; readonly maxLogE: number }[]
  /** log E halfway through the blocks, from which the rate of growth is estimated. */
  readonly halfway: { readonly tick: number; readonly logE: number } | null
}

/** Feeds the blocks to the process, in order. */
export function run<Side>(
  process: EProcess<{ readonly stable: Side; readonly canary: Side }>,
  blocks: readonly TimedBlock<Side>[],
): Run {
  const rises: { tick: number; maxLogE: number }[] = []
  const middle = Math.floor(blocks.length / 2) - 1
  let halfway: Run['halfway'] = null
  for (const [i, block] of blocks.entries()) {
    process.add(block)
    if (process.maxLogE > (rises.at(-1)?.maxLogE ?? 0)) rises.push({ tick: block.tick, maxLogE: process.maxLogE })
    if (i === middle) halfway = { tick: block.tick, logE: process.logE }
  }
  return { maxLogE: process.maxLogE, logE: process.logE, rises, halfway }
}

/** A process that is fed what the map makes of each block. */
export function feeding<From, To>(process: EProcess<To>, map: (block: From) => To): EProcess<From> {
  return {
    add: (block) => process.add(map(block)),
    get logE() {
      return process.logE
    },
    get maxLogE() {
      return process.maxLogE
    },
  }
}

/** The tick at which the running maximum reached what was needed. */
export function reachedAt(run: Run, needed: number): number | null {
  return run.rises.find((rise) => rise.maxLogE >= needed)?.tick ?? null
}

/** The blocks of several strata as one sequence; within a tick by name, so that it is the same at every look. */
export function blocksOfStrata<Block extends { readonly tick: number }>(
  series: readonly OperationSeries[],
  blocksOf: (one: OperationSeries) => readonly Block[],
): Block[] {
  return series
    .flatMap((one, order) => blocksOf(one).map((block) => ({ block, order })))
    .sort((a, b) => a.block.tick - b.block.tick || a.order - b.order)
    .map(({ block }) => block)
}
