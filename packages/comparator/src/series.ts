import { blocksOf, type Histogram, type Patience, type Rate, type TailShare } from '@coalmine/stats'

/** What both arms did in one tick, or in a few of them together: `tick` is then the last. */
export interface TimedBlock<Block> {
  readonly tick: number
  readonly stable: Block
  readonly canary: Block
}

/** The values of both arms in one block. */
export type DistributionBlock = TimedBlock<Histogram>
/** The requests of both arms in one block, and how many of them had the event. */
export type RateBlock = TimedBlock<Rate>

/**
 * One operation's slices in the order of time: requests tick by tick, the metrics by name in blocks that hold enough for a
 * test. A number is in two parts: its values above zero among the distributions (1/x of them, where lower is worse), and
 * how many those are among the rates. Where a comparison goes on, blocks are those of the new ticks alone; requests, totals and
 * sums are of all ticks.
 */
export interface OperationSeries {
  readonly operation: string
  /** All that was served, whether or not the other arm served any beside it. */
  readonly totals: { readonly stable: Totals; readonly canary: Totals }
  readonly requests: readonly TimedBlock<number>[]
  readonly distributions: ReadonlyMap<string, readonly DistributionBlock[]>
  /** The same in the larger blocks that the smallest tails take, by metric; where they are left out they are made of the blocks. */
  readonly tails?: ReadonlyMap<string, TailBlocks> | undefined
  /** By metric, of both arms together: how many requests its blocks of rates have, and how many of them had the event. */
  readonly sums: ReadonlyMap<string, Rate>
  /** The edges of latency's buckets, where they are not exponential. */
  readonly bounds?: readonly number[] | undefined
  readonly rates: ReadonlyMap<string, readonly RateBlock[]>
  /** When both arms starved, since the first tick, by metric of latency; where it is left out the blocks tell. */
  readonly starved?: ReadonlyMap<string, readonly Starved[]>
  /** Errors and client errors tick by tick, also where one arm alone served. */
  readonly failures: ReadonlyMap<string, readonly RateBlock[]>
}

/** A stretch of time in which both arms were far slower, and less even, than before. Times in milliseconds since 1970, medians of both arms in seconds. */
export interface Starved {
  readonly from: number
  /** The end of its last block. */
  readonly to: number
  readonly before: number
  readonly during: number
}

/** Blocks that hold enough values for a twentieth of them, and for a hundredth. */
export type TailBlocks = Readonly<Record<Exclude<TailShare, 0.1>, readonly DistributionBlock[]>>

/** How many requests of both arms together a test needs at least. */
export const smallestBlock = 10

/** What one arm served over the whole window. */
export interface Totals {
  readonly requests: number
  readonly errors: number
  readonly clientErrors: number
}

/** From how many requests of both arms on a tick is a block of its own. */
export interface FullBlock {
  readonly distribution: number
  readonly rate: number
}

// The slowest hundredth is only defined where there are a hundred values; a rate asks for less. Where even half a minute has not so
// many, ten are a block of their own, so that a service with a request a minute is judged too.
/** From how many requests on a tick is a block of its own, unless told otherwise: ticks with less are joined. */
export const fullBlock: FullBlock = { distribution: 100, rate: 20 }
/** How long a block waits until it is content with few. */
export const patience: Patience = { fewest: smallestBlock, ms: 20_000 }

/** The name of the stratum that has all requests of the service. */
export const wholeService = '(all)'

/**
 * The whole service as one stratum, over all requests, whether or not the other arm served their operation: what it tells of
 * are errors and client errors.
 */
export function wholeOf(series: readonly OperationSeries[]): OperationSeries {
  const names = new Set(series.flatMap((one) => [...one.failures.keys()]))
  const failures = new Map(
    [...names].map((name) => [
      name,
      summed(
        series.map((one) => one.failures.get(name) ?? []),
        rateSum,
      ),
    ]),
  )
  const rates = new Map([...failures].map(([name, ticks]) => [name, blocksOf(ticks, fullBlock.rate, patience)]))
  const total = (arm: 'stable' | 'canary'): Totals => ({
    requests: sumOf(series.map((one) => one.totals[arm].requests)),
    errors: sumOf(series.map((one) => one.totals[arm].errors)),
    clientErrors: sumOf(series.map((one) => one.totals[arm].clientErrors)),
  })
  return {
    operation: wholeService,
    totals: { stable: total('stable'), canary: total('canary') },
    requests: summed(
      series.map((one) => one.requests),
      sumOf,
    ),
    distributions: new Map(),
    rates,
    sums: new Map(),
    failures,
  }
}

/** Ticks of several series added up, in order. */
function summed<Value>(
  all: readonly (readonly TimedBlock<Value>[])[],
  add: (values: readonly Value[]) => Value,
): TimedBlock<Value>[] {
  const ticks = new Map<number, TimedBlock<Value>[]>()
  for (const some of all) for (const tick of some) entry(ticks, tick.tick, () => [] as TimedBlock<Value>[]).push(tick)
  return [...ticks]
    .sort(([a], [b]) => a - b)
    .map(([tick, some]) => ({
      tick,
      stable: add(some.map(({ stable }) => stable)),
      canary: add(some.map(({ canary }) => canary)),
    }))
}

/** Some rates as one. */
export const rateSum = (rates: readonly Rate[]): Rate => ({
  n: sumOf(rates.map(({ n }) => n)),
  events: sumOf(rates.map(({ events }) => events)),
})

/** The sum of some numbers. */
export function sumOf(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0)
}

/** What a map has at a key, made there where it has nothing. */
export function entry<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const found = map.get(key)
  if (found !== undefined) return found
  const made = make()
  map.set(key, made)
  return made
}

/** The blocks of several strata as one sequence in the order of time. */
export function blocksOfStrata<Block extends { readonly tick: number }>(
  series: readonly OperationSeries[],
  blocksOf: (one: OperationSeries) => readonly Block[],
): Block[] {
  if (series.length === 1) return [...blocksOf(series[0]!)]
  return series.flatMap((one) => blocksOf(one)).sort((a, b) => a.tick - b.tick)
}
