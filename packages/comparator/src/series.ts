import { blocksOf, type Distributions, type Histogram, mergeHistograms, type Rates } from '@coalmine/stats'
import type { Side, Slice, SliceMetric } from './slice.ts'

export interface Tick<Block> {
  readonly tick: number
  readonly stable: Block
  readonly canary: Block
}

export type LatencyBlock = Tick<Histogram>
export type RateBlock = Tick<Rates['stable']>
export type CountTick = Tick<number>

/** One operation's slices in the order of time: requests tick by tick, the rest in blocks that hold enough for a test. */
export interface OperationSeries {
  readonly operation: string
  /** All that was served, whether or not the other arm served any beside it. */
  readonly totals: { readonly stable: Totals; readonly canary: Totals }
  readonly latency: readonly LatencyBlock[]
  readonly errors: readonly RateBlock[]
  readonly '4xx': readonly RateBlock[]
  readonly requests: readonly CountTick[]
}

export interface Totals {
  readonly requests: number
  readonly errors: number
}

// The slowest hundredth of a block is only defined where the block holds a hundred; a rate asks for less.
const smallestBlock = { latency: 100, rate: 20 }

/**
 * Sorts slices into series, operations by name. Slices of the same tick, operation and metric are shards of one: they
 * are added up, so that neither the order nor the sharding of the input can be seen in the verdict.
 */
export function seriesOf(slices: Iterable<Slice>): OperationSeries[] {
  const operations = new Map<string, Map<SliceMetric, Map<number, Slice[]>>>()
  for (const slice of slices) {
    const byMetric = entry(operations, slice.operation, () => new Map<SliceMetric, Map<number, Slice[]>>())
    const byTick = entry(byMetric, slice.metric, () => new Map<number, Slice[]>())
    entry(byTick, slice.tick, () => [] as Slice[]).push(slice)
  }
  return [...operations.keys()].sort().map((operation) => {
    const byMetric = operations.get(operation)!
    // Half an hour of many operations is large: what has become a series need not be kept as slices.
    operations.delete(operation)
    const ticks = <Block>(metric: SliceMetric, add: (sides: readonly Side[]) => Block): Tick<Block>[] =>
      [...(byMetric.get(metric) ?? [])]
        .sort(([a], [b]) => a - b)
        .map(([tick, shards]) => ({
          tick,
          stable: add(shards.map((slice) => slice.stable)),
          canary: add(shards.map((slice) => slice.canary)),
        }))
    const errors = ticks('errors', (sides) => sumRates(sides, operation))
    const requests = ticks('requests', (sides) => sides.reduce((sum, side) => sum + side.n, 0))
    const totals = (arm: 'stable' | 'canary'): Totals => ({
      requests: requests.reduce((sum, tick) => sum + tick[arm], 0),
      errors: errors.reduce((sum, tick) => sum + tick[arm].events, 0),
    })
    return {
      operation,
      totals: { stable: totals('stable'), canary: totals('canary') },
      latency: blocksOf(
        ticks('latency', (sides) => mergeHistograms(sides.map((side) => distribution(side, operation)))),
        smallestBlock.latency,
      ),
      errors: blocksOf(errors, smallestBlock.rate),
      '4xx': blocksOf(
        ticks('4xx', (sides) => sumRates(sides, operation)),
        smallestBlock.rate,
      ),
      requests,
    }
  })
}

function distribution(side: Side, operation: string): Distributions['stable'] {
  if (side.kind !== 'distribution')
    throw new RangeError(`latency of ${operation}: expected distributions, got a ${side.kind}`)
  return side.histogram
}

function sumRates(sides: readonly Side[], operation: string): Rates['stable'] {
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
