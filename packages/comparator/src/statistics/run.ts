import { type EProcess, strataOf } from '@coalmine/stats'
import { newHalfway, type Said } from './halfway.ts'

/** The history of an e-process: its running maximum, and when it rose. */
export interface Run {
  readonly maxLogE: number
  readonly logE: number
  /** Ticks and running maxima, only where the maximum rose. */
  readonly rises: readonly { readonly tick: number; readonly maxLogE: number }[]
  /** log E halfway through the blocks, from which the rate of growth is estimated. */
  readonly halfway: Said | null
}

/** Feeds the blocks to the process, in order; those of one tick together. */
export function run<Block extends object>(
  process: EProcess<Block>,
  blocks: readonly (Block & { readonly tick: number })[],
): Run {
  const rises: { tick: number; maxLogE: number }[] = []
  const ticks = strataOf<Block & { readonly tick: number }>(blocks)
  const halfway = newHalfway()
  for (const strata of ticks) {
    const { tick } = strata[0]!
    process.add(...strata)
    if (process.maxLogE > (rises.at(-1)?.maxLogE ?? 0)) rises.push({ tick, maxLogE: process.maxLogE })
    halfway.add(tick, process.logE)
  }
  return { maxLogE: process.maxLogE, logE: process.logE, rises, halfway: halfway.told() }
}

/** A process that is fed the mapped blocks. */
export function feeding<From, To>(process: EProcess<To>, map: (block: From) => To): EProcess<From> {
  return {
    add: (...strata) => process.add(...strata.map(map)),
    get logE() {
      return process.logE
    },
    get maxLogE() {
      return process.maxLogE
    },
  }
}

/** A process that is fed the mapped blocks, skipping those that map to undefined. */
export function feedingSome<From, To>(process: EProcess<To>, map: (block: From) => To | undefined): EProcess<From> {
  return {
    add(...strata) {
      const some = strata.flatMap((block) => map(block) ?? [])
      if (some.length > 0) process.add(...some)
    },
    get logE() {
      return process.logE
    },
    get maxLogE() {
      return process.maxLogE
    },
  }
}

/** The tick at which the running maximum reached the threshold. */
export function reachedAt(run: Run, needed: number): number | null {
  return run.rises.find((rise) => rise.maxLogE >= needed)?.tick ?? null
}
