import { blocksOf, type Histogram, mergeHistograms, type Rate } from '@coalmine/stats'
import { marginFormOf } from './measure.ts'
import type { MetricPolicy } from './metric-policy.ts'
import { aboveZero, shareAboveZero } from './numeric-parts.ts'
import { requestCount, type Side, type Slice } from './slice.ts'

export interface Tick<Block> {
  readonly tick: number
  readonly stable: Block
  readonly canary: Block
}

export type DistributionBlock = Tick<Histogram>
export type RateBlock = Tick<Rate>
export type CountTick = Tick<number>

/**
 * One operation's slices in the order of time: requests tick by tick, the metrics by name in blocks that hold enough for a
 * test. A number is in two parts: its values above zero among the distributions (1/x of them, where lower is worse), and
 * how many those are among the rates.
 */
export interface OperationSeries {
  readonly operation: string
  /** All that was served, whether or not the other arm served any beside it. */
  readonly totals: { readonly stable: Totals; readonly canary: Totals }
  readonly requests: readonly CountTick[]
  readonly distributions: ReadonlyMap<string, readonly DistributionBlock[]>
  readonly rates: ReadonlyMap<string, readonly RateBlock[]>
}

export interface Totals {
  readonly requests: number
  readonly errors: number
}

// The slowest hundredth of a block is only defined where the block holds a hundred; a rate asks for less.
const smallestBlock = { distribution: 100, rate: 20 }

type Shards = ReadonlyMap<number, readonly Slice[]>

/**
 * Sorts slices into series of the metrics that are judged, operations by name. Slices of the same tick, operation and
 * metric are shards of one: they are added up, so that neither the order nor the sharding of the input can be seen in the
 * verdict.
 */
export function seriesOf(slices: Iterable<Slice>, judged: readonly MetricPolicy[]): OperationSeries[] {
  const operations = new Map<string, Map<string, Map<number, Slice[]>>>()
  for (const slice of slices) {
    const byMetric = entry(operations, slice.operation, () => new Map<string, Map<number, Slice[]>>())
    const byTick = entry(byMetric, slice.metric, () => new Map<number, Slice[]>())
    entry(byTick, slice.tick, () => [] as Slice[]).push(slice)
  }
  return [...operations.keys()].sort().map((operation) => {
    const byMetric = operations.get(operation)!
    // Half an hour of many operations is large: what has become a series need not be kept as slices.
    operations.delete(operation)
    const shards = (metric: string): Shards => byMetric.get(metric) ?? new Map()
    const distributions = new Map<string, DistributionBlock[]>()
    const rates = new Map<string, RateBlock[]>()
    for (const { name, measure, worse } of judged) {
      switch (marginFormOf(measure)) {
        case 'latency':
          distributions.set(name, blocksOf(histogramsOf(shards(name), operation), smallestBlock.distribution))
          break
        case 'ratio': {
          const values = histogramsOf(shards(name), operation)
          const positive = mapped(values, (side) => aboveZero(side, worse))
          distributions.set(name, blocksOf(positive, smallestBlock.distribution))
          rates.set(name, blocksOf(mapped(values, shareAboveZero), smallestBlock.rate))
          break
        }
        case 'rate':
          rates.set(name, blocksOf(ratesOf(shards(name), operation), smallestBlock.rate))
          break
        case 'loss':
          break
      }
    }
    const requests = added(shards(requestCount), (sides) => sides.reduce((sum, side) => sum + side.n, 0))
    const errors = ratesOf(shards('errors'), operation)
    const totals = (arm: 'stable' | 'canary'): Totals => ({
      requests: requests.reduce((sum, tick) => sum + tick[arm], 0),
      errors: errors.reduce((sum, tick) => sum + tick[arm].events, 0),
    })
    return { operation, totals: { stable: totals('stable'), canary: totals('canary') }, requests, distributions, rates }
  })
}

function added<Block>(shards: Shards, add: (sides: readonly Side[]) => Block): Tick<Block>[] {
  return [...shards]
    .sort(([a], [b]) => a - b)
    .map(([tick, slices]) => ({
      tick,
      stable: add(slices.map((slice) => slice.stable)),
      canary: add(slices.map((slice) => slice.canary)),
    }))
}

function mapped<A, B>(ticks: readonly Tick<A>[], map: (side: A) => B): Tick<B>[] {
  return ticks.map(({ tick, stable, canary }) => ({ tick, stable: map(stable), canary: map(canary) }))
}

function histogramsOf(shards: Shards, operation: string): Tick<Histogram>[] {
  return added(shards, (sides) => mergeHistograms(sides.map((side) => distribution(side, operation))))
}

function ratesOf(shards: Shards, operation: string): RateBlock[] {
  return added(shards, (sides) => sumRates(sides, operation))
}

function distribution(side: Side, operation: string): Histogram {
  if (side.kind !== 'distribution')
    throw new RangeError(`values of ${operation}: expected distributions, got a ${side.kind}`)
  return side.histogram
}

function sumRates(sides: readonly Side[], operation: string): Rate {
  let n = 0
  let events = 0
  for (const side of sides) {
    if (side.kind !== 'rate') throw new RangeError(`rate of ${operation}: expected rates, got a ${side.kind}`)
    n += side.n
    events += side.events
  }
  return { n, events }
}

function entry<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const found = map.get(key)
  if (found !== undefined) return found
  const made = make()
  map.set(key, made)
  return made
}
