import { countOf, type Histogram, quantileOf } from '@coalmine/stats'
import type { Facts } from '../facts.ts'
import { count, latency, rounded } from '../numbers.ts'
import type { Policy } from '../policy/policy.ts'
import type { Reason } from '../reason.ts'
import type { DistributionBlock, OperationSeries, Starved } from '../series.ts'
import { tickMs } from '../tick.ts'

/**
 * Far above what was before: so many times the median, and so many times the distance from the tenth to the ninetieth percentile, each arm
 * by itself and both in the (geometric) mean. The mean hardly depends on which arm has it worse, so that these ticks are not chosen by that.
 */
const farAbove = { each: 1.5, both: 2 }
/** A quantile of fewer values than this is chance. */
const fewestValues = 5
/** Minimum number of blocks for the baseline, none of them older than an hour. */
const fewestBefore = 6
const beforeMs = 3_600_000
// Shorter stretches are not reported.
const fewestStarved = 2

/**
 * When the processes of both arms starved: of CPU, memory, or some other shared resource. Which arm is then slower is chance, so
 * latency cannot FAIL by it. A canary that is slow alone never looks like this, since stable has to be slow too.
 *
 * @param name the name of the latency metric. The operation with the most requests decides.
 */
export function starvedIn(series: readonly OperationSeries[], name: string): readonly Starved[] {
  const most = busiestOf(series)
  // Buckets of span metrics are too wide to tell.
  if (!most || most.bounds) return []
  const told = most.starved?.get(name)
  if (told) return told
  const blocks = most.distributions.get(name) ?? nothing
  const found = remembered.get(blocks) ?? stretchesOf(blocks)
  remembered.set(blocks, found)
  return found
}

const nothing: readonly DistributionBlock[] = []

// Every scope asks.
const remembered = new WeakMap<readonly unknown[], readonly Starved[]>()

/** The operation with the most requests, which stands for all; undefined if there is none. */
export function busiestOf(series: readonly OperationSeries[]): OperationSeries | undefined {
  return series.reduce<OperationSeries | undefined>(
    (found, one) => (found && requestsOf(found) >= requestsOf(one) ? found : one),
    undefined,
  )
}

/** Whether both arms starved in a tick. */
export function starvedTicks(
  { earlier }: Pick<Facts, 'earlier'>,
  series: readonly OperationSeries[],
  name: string,
): (tick: number) => boolean {
  // Earlier days ran on other hosts at other times.
  const stretches = earlier ? [] : starvedIn(series, name)
  return (tick) => stretches.some(({ from, to }) => tick >= from && tick < to)
}

/** That both arms slowed down together, how much, and since when. */
export function starvedReasons(
  { earlier }: Pick<Facts, 'earlier'>,
  series: readonly OperationSeries[],
  { metrics }: Pick<Policy, 'metrics'>,
): Reason[] {
  const metric = metrics.find(({ measure, gate }) => measure.kind === 'latency' && gate !== 'off')
  const stretches = earlier || !metric ? [] : starvedIn(series, metric.name)
  const [first, ...more] = stretches
  if (!first) return []
  const end = series.reduce((last, one) => Math.max(last, one.requests.at(-1)?.tick ?? 0), 0) + tickMs
  const when =
    more.length === 0
      ? first.to >= end
        ? `since ${clockOf(first.from)}`
        : `from ${clockOf(first.from)} to ${clockOf(first.to)}`
      : `${count(stretches.length)} times, first from ${clockOf(first.from)} to ${clockOf(first.to)}`
  return [
    {
      code: 'both-slowed-down',
      weight: 'note',
      message: `Stable and canary slowed down together ${when}: p50 ${latency(rounded(first.before, 2))} -> ${latency(rounded(first.during, 2))}, with as much more spread. Their host, or something they share, is overloaded; see whether the canary is the cause. Which of them is slower at such a time is chance, so it cannot make latency FAIL.`,
    },
  ]
}

const requestsOf = ({ totals }: OperationSeries): number => totals.stable.requests + totals.canary.requests

const clockOf = (tick: number): string => new Date(tick).toISOString().slice(11, 19)

function stretchesOf(blocks: readonly DistributionBlock[]): readonly Starved[] {
  const stretches = growingStretches()
  stretches.add(blocks)
  return stretches.told()
}

/** Stretches in which both arms starved, found as blocks come; of what was before, an hour is kept. */
export interface GrowingStretches {
  /** Takes in blocks that are later than those before. */
  readonly add: (blocks: readonly DistributionBlock[]) => void
  readonly told: () => readonly Starved[]
}

/** No block has come yet. */
export function growingStretches(): GrowingStretches {
  const stable = newBefore()
  const canary = newBefore()
  const found: (Starved & { readonly ticks: number; readonly medians: readonly number[] })[] = []
  let open = false
  let last = Number.NEGATIVE_INFINITY

  const take = (tick: number, ofStable: Shape, ofCanary: Shape, from: number): void => {
    const before = { stable: stable.until(tick), canary: canary.until(tick) }
    if (!before.stable || !before.canary || !starve(ofStable, before.stable, ofCanary, before.canary)) {
      stable.add(tick, ofStable)
      canary.add(tick, ofCanary)
      open = false
      return
    }
    const during = Math.sqrt(ofStable.median * ofCanary.median)
    const known = open ? found.pop() : undefined
    found.push({
      from: known?.from ?? from,
      to: tick + tickMs,
      before: known?.before ?? Math.sqrt(before.stable.median * before.canary.median),
      during: 0,
      ticks: (known?.ticks ?? 0) + 1,
      medians: [...(known?.medians ?? []), during],
    })
    open = true
  }

  return {
    add: (blocks) => {
      for (const block of blocks) {
        const from = Math.max(last + tickMs, block.tick - joinedMs)
        last = block.tick
        const [ofStable, ofCanary] = [shapeOf(block.stable), shapeOf(block.canary)]
        if (ofStable && ofCanary) take(block.tick, ofStable, ofCanary, from)
      }
    },
    told: () =>
      found
        .filter(({ ticks }) => ticks >= fewestStarved)
        .map(({ from, to, before, medians }) => ({
          from,
          to,
          before,
          during: middleOf([...medians].sort((a, b) => a - b)),
        })),
  }
}

// A block of several ticks begins so long before its last one, at most.
const joinedMs = 30_000

/** Where the values of one arm lie, and how far apart. */
interface Shape {
  readonly median: number
  readonly spread: number
}

function shapeOf(values: Histogram): Shape | undefined {
  if (countOf(values) < fewestValues) return undefined
  const [low, median, high] = [0.1, 0.5, 0.9].map((q) => quantileOf(values, q)!) as [number, number, number]
  return { median, spread: high - low }
}

function starve(stable: Shape, stableBefore: Shape, canary: Shape, canaryBefore: Shape): boolean {
  return (['median', 'spread'] as const).every((what) => {
    const grown = [stable[what] / stableBefore[what], canary[what] / canaryBefore[what]] as const
    return Math.min(...grown) >= farAbove.each && Math.sqrt(grown[0] * grown[1]) >= farAbove.both
  })
}

/** What an arm did in the hour before: the medians of the medians and of the spreads of its blocks. */
function newBefore(): {
  readonly until: (tick: number) => Shape | undefined
  readonly add: (tick: number, shape: Shape) => void
} {
  const kept = { ticks: [] as number[], medians: [] as number[], spreads: [] as number[] }
  const medians: number[] = []
  const spreads: number[] = []
  return {
    until(tick) {
      while (kept.ticks.length > 0 && kept.ticks[0]! < tick - beforeMs) {
        kept.ticks.shift()
        medians.splice(placeOf(medians, kept.medians.shift()!), 1)
        spreads.splice(placeOf(spreads, kept.spreads.shift()!), 1)
      }
      return kept.ticks.length < fewestBefore ? undefined : { median: middleOf(medians), spread: middleOf(spreads) }
    },
    add(tick, { median, spread }) {
      kept.ticks.push(tick)
      kept.medians.push(median)
      kept.spreads.push(spread)
      medians.splice(placeOf(medians, median), 0, median)
      spreads.splice(placeOf(spreads, spread), 0, spread)
    },
  }
}

const middleOf = (sorted: readonly number[]): number => sorted[Math.floor(sorted.length / 2)]!

/** The first place of a sorted list that has a value as large. */
function placeOf(sorted: readonly number[], value: number): number {
  let [low, high] = [0, sorted.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (sorted[middle]! < value) low = middle + 1
    else high = middle
  }
  return low
}
