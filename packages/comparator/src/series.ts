import { blocksOf, type Histogram, mergeHistograms, type Patience, type Rate } from '@coalmine/stats'
import { aboveZero, shareAboveZero } from './numeric-parts.ts'
import { marginFormOf } from './policy/measure.ts'
import type { MetricPolicy } from './policy/metric-policy.ts'
import { requestCount, type Side, type Slice } from './slice.ts'

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
 * how many those are among the rates.
 */
export interface OperationSeries {
  readonly operation: string
  /** All that was served, whether or not the other arm served any beside it. */
  readonly totals: { readonly stable: Totals; readonly canary: Totals }
  readonly requests: readonly TimedBlock<number>[]
  readonly distributions: ReadonlyMap<string, readonly DistributionBlock[]>
  /** The edges of latency's buckets, where they are not exponential. */
  readonly bounds?: readonly number[] | undefined
  readonly rates: ReadonlyMap<string, readonly RateBlock[]>
  /** Errors and client errors tick by tick, also where one arm alone served. */
  readonly failures: ReadonlyMap<string, readonly RateBlock[]>
}

/** How many requests of both arms together a test needs at least. */
export const smallestBlock = 10

/** What one arm served over the whole window. */
export interface Totals {
  readonly requests: number
  readonly errors: number
  readonly clientErrors: number
}

/** From how many requests of both arms on a tick is a block of its own. */
interface FullBlock {
  readonly distribution: number
  readonly rate: number
}

// Ticks with less are joined. The slowest hundredth is only defined where there are a hundred values; a rate asks for less. Where even
// half a minute has not so many, ten are a block of their own, so that a service with a request a minute is judged too.
const fullBlock: FullBlock = { distribution: 100, rate: 20 }
const patience: Patience = { fewest: smallestBlock, ms: 20_000 }

/**
 * Sorts slices into series of the metrics that are judged, operations by name. Slices of the same tick, operation and
 * metric are shards of one: they are added up, so that neither the order nor the sharding of the input can be seen in the
 * verdict.
 */
export function seriesOf(
  slices: Iterable<Slice>,
  judged: readonly MetricPolicy[],
  full: FullBlock = fullBlock,
): OperationSeries[] {
  const operations = new Map<string, Map<string, Slice[]>>()
  for (const slice of slices) {
    const byMetric = entry(operations, slice.operation, () => new Map<string, Slice[]>())
    entry(byMetric, slice.metric, () => [] as Slice[]).push(slice)
  }
  return [...operations.keys()].sort().map((operation) => {
    const byMetric = operations.get(operation)!
    // Half an hour of many operations is large: what has become a series need not be kept as slices.
    operations.delete(operation)
    const shards = (metric: string): Slice[] => (byMetric.get(metric) ?? []).sort((a, b) => a.tick - b.tick)
    const distributions = new Map<string, DistributionBlock[]>()
    const rates = new Map<string, RateBlock[]>()
    const failures = new Map<string, RateBlock[]>()
    let bounds: readonly number[] | undefined
    for (const { name, measure, worse } of judged) {
      switch (marginFormOf(measure)) {
        case 'latency':
          bounds = boundsOf(shards(name), operation)
          distributions.set(name, blocksOf(histogramsOf(shards(name), operation), full.distribution, patience))
          break
        case 'ratio': {
          const values = histogramsOf(shards(name), operation)
          const positive = mapped(values, (side) => aboveZero(side, worse))
          distributions.set(name, blocksOf(positive, full.distribution, patience))
          rates.set(name, blocksOf(mapped(values, shareAboveZero), full.rate, patience))
          break
        }
        case 'rate': {
          const ticks = ratesOf(shards(name), operation)
          rates.set(name, blocksOf(ticks, full.rate, patience))
          if (measure.kind !== 'share') failures.set(name, ticks)
          break
        }
        case 'loss':
          break
      }
    }
    const requests = added(shards(requestCount), ({ n }) => n, sumOf)
    const events = (metric: string, arm: 'stable' | 'canary'): number =>
      ratesOf(shards(metric), operation).reduce((sum, tick) => sum + tick[arm].events, 0)
    const totals = (arm: 'stable' | 'canary'): Totals => ({
      requests: requests.reduce((sum, tick) => sum + tick[arm], 0),
      errors: events('errors', arm),
      clientErrors: events('client-errors', arm),
    })
    return {
      operation,
      totals: { stable: totals('stable'), canary: totals('canary') },
      requests,
      distributions,
      bounds,
      rates,
      failures,
    }
  })
}

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

const rateSum = (rates: readonly Rate[]): Rate => ({
  n: sumOf(rates.map(({ n }) => n)),
  events: sumOf(rates.map(({ events }) => events)),
})

/** One tick after the other: of several shards the sum, of a whole what it is. */
function added<Value>(
  slices: readonly Slice[],
  read: (side: Side) => Value,
  add: (values: readonly Value[]) => Value,
): TimedBlock<Value>[] {
  const ticks: TimedBlock<Value>[] = []
  for (let at = 0; at < slices.length; ) {
    const first = at
    const { tick, stable, canary } = slices[first]!
    while (at < slices.length && slices[at]!.tick === tick) at += 1
    const shards = at - first > 1 ? slices.slice(first, at) : []
    ticks.push({
      tick,
      stable: shards.length > 0 ? add(shards.map((slice) => read(slice.stable))) : read(stable),
      canary: shards.length > 0 ? add(shards.map((slice) => read(slice.canary))) : read(canary),
    })
  }
  return ticks
}

function mapped<A, B>(ticks: readonly TimedBlock<A>[], map: (side: A) => B): TimedBlock<B>[] {
  return ticks.map(({ tick, stable, canary }) => ({ tick, stable: map(stable), canary: map(canary) }))
}

/** The edges that all of them have. */
function boundsOf(slices: readonly Slice[], operation: string): readonly number[] | undefined {
  const of = (side: Side): readonly number[] | undefined => ('bounds' in side ? side.bounds : undefined)
  const first = slices[0] && of(slices[0].stable)
  const firstKey = JSON.stringify(first)
  const other = slices
    .flatMap(({ stable, canary }) => [of(stable), of(canary)])
    .find((bounds) => bounds !== first && JSON.stringify(bounds) !== firstKey)
  if (other) throw new RangeError(`values of ${operation}: expected buckets of the same bounds in every slice`)
  return first
}

function histogramsOf(slices: readonly Slice[], operation: string): TimedBlock<Histogram>[] {
  const read = (side: Side): Histogram => {
    if (side.kind === 'distribution') return side.histogram
    throw new RangeError(`values of ${operation}: expected distributions, got a ${side.kind}`)
  }
  return added(slices, read, mergeHistograms)
}

function ratesOf(slices: readonly Slice[], operation: string): RateBlock[] {
  const read = (side: Side): Rate => {
    if (side.kind === 'rate') return side
    throw new RangeError(`rate of ${operation}: expected rates, got a ${side.kind}`)
  }
  return added(slices, read, rateSum)
}

function sumOf(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0)
}

function entry<K, V>(map: Map<K, V>, key: K, make: () => V): V {
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
