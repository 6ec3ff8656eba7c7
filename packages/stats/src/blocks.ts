import type { Sizes } from './distributions.ts'
import { countOf, type Histogram, mergeHistograms } from './histogram.ts'
import type { Rate } from './rates.ts'

/** Data of both arms in one tick; for a block of several ticks, `tick` is the one that completed it. */
export interface Tick<Arm> {
  readonly tick: number
  readonly stable: Arm
  readonly canary: Arm
  /** How many values each arm's histogram holds. */
  readonly sizes?: Sizes
}

/** The number of units that a block is content with after waiting for `ms`. */
export interface Patience {
  readonly fewest: number
  /** In the unit of the ticks. */
  readonly ms: number
}

/**
 * Joins successive ticks of one stratum until a block holds at least one unit of each arm and `minimum` in total, so that low
 * traffic loses no evidence: use 20, or 1/s for a tail of share s. An incomplete block at the end is dropped.
 *
 * Blocks depend on counts and times only, never on outcomes, so evidence from them stays valid.
 *
 * @param patience how long to wait before accepting a block with fewer units.
 * @example blocksOf([{ tick: 0, stable: { n: 15, events: 0 }, canary: { n: 0, events: 0 } },
 *   { tick: 5, stable: { n: 15, events: 1 }, canary: { n: 2, events: 0 } }], 20)
 * // [{ tick: 5, stable: { n: 30, events: 1 }, canary: { n: 2, events: 0 } }]
 */
export function blocksOf<Arm extends Histogram | Rate>(
  ticks: readonly Tick<Arm>[],
  minimum: number,
  patience?: Patience,
): Tick<Arm>[] {
  const blocks: Tick<Arm>[] = []
  let first = 0
  let stable = 0
  let canary = 0
  for (let at = 0; at < ticks.length; at += 1) {
    const tick = ticks[at]!
    stable += unitsOf(tick.stable)
    canary += unitsOf(tick.canary)
    const waited = patience && tick.tick - ticks[first]!.tick >= patience.ms
    if (stable === 0 || canary === 0 || stable + canary < (waited ? patience.fewest : minimum)) continue
    const block = at === first ? tick : joined(ticks.slice(first, at + 1))
    blocks.push(
      isHistogram(block.stable)
        ? { tick: block.tick, stable: block.stable, canary: block.canary, sizes: { stable, canary } }
        : block,
    )
    first = at + 1
    stable = 0
    canary = 0
  }
  return blocks
}

/**
 * Groups blocks by tick, in chronological order: the blocks of one tick are its strata. A block without a tick stands alone.
 *
 * @example strataOf([{ tick: 0 }, { tick: 5 }, { tick: 5 }]) // [[{ tick: 0 }], [{ tick: 5 }, { tick: 5 }]]
 */
export function strataOf<Block extends object>(blocks: readonly (Block & { readonly tick?: number })[]): Block[][] {
  const ticks: Block[][] = []
  let last: number | undefined
  for (let at = 0; at < blocks.length; at += 1) {
    const block = blocks[at]!
    if (block.tick !== undefined && block.tick === last) ticks.at(-1)!.push(block)
    else ticks.push([block])
    last = block.tick
  }
  return ticks
}

function joined<Arm extends Histogram | Rate>(ticks: readonly Tick<Arm>[]): Tick<Arm> {
  return {
    tick: ticks.at(-1)!.tick,
    stable: sum(ticks.map(({ stable }) => stable)),
    canary: sum(ticks.map(({ canary }) => canary)),
  }
}

function unitsOf(arm: Histogram | Rate): number {
  return isHistogram(arm) ? countOf(arm) : arm.n
}

function sum<Arm extends Histogram | Rate>(arms: readonly Arm[]): Arm {
  const histograms = arms.filter(isHistogram)
  if (histograms.length > 0) return mergeHistograms(histograms) as Arm
  const rates = arms as readonly Rate[]
  return {
    n: rates.reduce((total, { n }) => total + n, 0),
    events: rates.reduce((total, { events }) => total + events, 0),
  } as Arm
}

function isHistogram<Arm extends Histogram | Rate>(arm: Arm): arm is Arm & Histogram {
  return 'indices' in arm
}
