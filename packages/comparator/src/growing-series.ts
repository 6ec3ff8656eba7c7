import { blocksOf, type Histogram, type Rate } from '@coalmine/stats'
import { fewestInTail, joinedTo } from './joined-blocks.ts'
import { aboveZero, shareAboveZero } from './numeric-parts.ts'
import { marginFormOf } from './policy/measure.ts'
import type { MetricPolicy } from './policy/metric-policy.ts'
import {
  type DistributionBlock,
  entry,
  type FullBlock,
  fullBlock,
  type OperationSeries,
  patience,
  type RateBlock,
  sumOf,
  type TailBlocks,
  type TimedBlock,
  type Totals,
} from './series.ts'
import { requestCount, type Slice } from './slice.ts'
import { atOnce, mappedInSteps, type Steps } from './steps.ts'
import { added, boundsOf, histogramsOf, mapped, ratesOf } from './ticks-of-slices.ts'

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
  return growingSeries(judged, full).add(slices)
}

/** Series that slices are added to, in the order of ticks. It holds what is no block yet, and how much was served in each tick. */
export interface GrowingSeries {
  /**
   * Takes in the slices of some whole ticks, each later than those before it, and gives all operations with the blocks that came
   * of them.
   */
  readonly add: (slices: Iterable<Slice>) => OperationSeries[]
  /** The same, step by step. */
  readonly addInSteps: (slices: Iterable<Slice>) => Steps<OperationSeries[]>
  /**
   * Lets go of how much was served in which tick, but for the first and last of each operation and the first that the canary served:
   * series that are given from now on have these requests and later ones.
   */
  readonly forget: () => void
}

/** Series without anything in them. */
export function growingSeries(judged: readonly MetricPolicy[], full: FullBlock = fullBlock): GrowingSeries {
  const operations = new Map<string, ReturnType<typeof growingOperation>>()
  function* addInSteps(slices: Iterable<Slice>): Steps<OperationSeries[]> {
    const found = new Map<string, Map<string, Slice[]>>()
    let taken = 0
    for (const slice of slices) {
      const byMetric = entry(found, slice.operation, () => new Map<string, Slice[]>())
      entry(byMetric, slice.metric, () => [] as Slice[]).push(slice)
      if (++taken % slicesOfStep === 0) yield
    }
    for (const operation of found.keys()) entry(operations, operation, () => growingOperation(operation, judged, full))
    return yield* mappedInSteps([...operations.keys()].sort(), (operation) => {
      const byMetric = found.get(operation)
      // Half an hour of many operations is large: what has become a series need not be kept as slices.
      found.delete(operation)
      return operations.get(operation)!.add((metric) => (byMetric?.get(metric) ?? []).sort((a, b) => a.tick - b.tick))
    })
  }
  const forget = (): void => {
    for (const { forget } of operations.values()) forget()
  }
  return { add: (slices) => atOnce(addInSteps(slices)), addInSteps, forget }
}

const slicesOfStep = 5_000

/** One operation. */
interface GrowingOperation {
  /** Makes its series of the slices of new ticks, by metric. */
  readonly add: (shards: (metric: string) => readonly Slice[]) => OperationSeries
  readonly forget: () => void
}

function growingOperation(operation: string, judged: readonly MetricPolicy[], full: FullBlock): GrowingOperation {
  let requests: TimedBlock<number>[] = []
  const totals = { stable: newTotals(), canary: newTotals() }
  const sums = new Map<string, Rate>()
  const open = new Map<string, OpenBlocks>()
  let bounds: readonly number[] | undefined
  const add: GrowingOperation['add'] = (shards) => {
    const distributions = new Map<string, readonly DistributionBlock[]>()
    const tails = new Map<string, TailBlocks>()
    const rates = new Map<string, readonly RateBlock[]>()
    const failures = new Map<string, readonly RateBlock[]>()
    const openOf = (name: string): OpenBlocks => entry(open, name, newOpenBlocks)
    const addValues = (name: string, values: readonly TimedBlock<Histogram>[]): void => {
      const { blocks, tails: larger } = openOf(name).values(values, full.distribution)
      distributions.set(name, blocks)
      tails.set(name, larger)
    }
    const addRates = (name: string, ticks: readonly RateBlock[]): void => {
      const blocks = openOf(name).rates(ticks, full.rate)
      rates.set(name, blocks)
      sums.set(name, summedWith(sums.get(name) ?? { n: 0, events: 0 }, blocks))
    }
    for (const { name, measure, worse } of judged) {
      switch (marginFormOf(measure)) {
        case 'latency':
          bounds = boundsOf(shards(name), operation) ?? bounds
          addValues(name, histogramsOf(shards(name), operation))
          break
        case 'ratio': {
          const values = histogramsOf(shards(name), operation)
          addValues(
            name,
            mapped(values, (side) => aboveZero(side, worse)),
          )
          addRates(name, mapped(values, shareAboveZero))
          break
        }
        case 'rate': {
          const ticks = ratesOf(shards(name), operation)
          addRates(name, ticks)
          if (measure.kind !== 'share') failures.set(name, ticks)
          break
        }
        case 'loss':
          break
      }
    }
    const counts = added(shards(requestCount), ({ n }) => n, sumOf)
    const errors = ratesOf(shards('errors'), operation)
    const clientErrors = ratesOf(shards('client-errors'), operation)
    requests.push(...counts)
    for (const arm of ['stable', 'canary'] as const) {
      for (const tick of counts) totals[arm].requests += tick[arm]
      for (const tick of errors) totals[arm].errors += tick[arm].events
      for (const tick of clientErrors) totals[arm].clientErrors += tick[arm].events
    }
    return { operation, totals, requests, distributions, tails, bounds, rates, sums, failures }
  }
  const forget = (): void => {
    const kept = [requests[0], requests.find(({ canary }) => canary > 0), requests.at(-1)]
    // What was given before keeps what it has.
    requests = [...new Set(kept)].filter((one) => one !== undefined)
  }
  return { add, forget }
}

const newTotals = (): { -readonly [K in keyof Totals]: Totals[K] } => ({ requests: 0, errors: 0, clientErrors: 0 })

function summedWith(sum: Rate, blocks: readonly RateBlock[]): Rate {
  let { n, events } = sum
  for (const { stable, canary } of blocks) {
    n += stable.n + canary.n
    events += stable.events + canary.events
  }
  return { n, events }
}

/** The ticks of one metric that are no block yet, and its blocks that are too small for a tail. */
interface OpenBlocks {
  readonly values: (
    ticks: readonly TimedBlock<Histogram>[],
    full: number,
  ) => { readonly blocks: readonly DistributionBlock[]; readonly tails: TailBlocks }
  readonly rates: (ticks: readonly RateBlock[], full: number) => readonly RateBlock[]
}

function newOpenBlocks(): OpenBlocks {
  let values: readonly TimedBlock<Histogram>[] = []
  let rates: readonly RateBlock[] = []
  let twentieths: readonly DistributionBlock[] = []
  let hundredths: readonly DistributionBlock[] = []
  return {
    values(ticks, full) {
      const all = [...values, ...ticks]
      const blocks = blocksOf(all, full, patience)
      values = after(blocks, all)
      const twentieth = joinedTo([...twentieths, ...blocks], fewestInTail[0.05])
      const hundredth = joinedTo([...hundredths, ...blocks], fewestInTail[0.01])
      twentieths = twentieth.open
      hundredths = hundredth.open
      return { blocks, tails: { 0.05: twentieth.blocks, 0.01: hundredth.blocks } }
    },
    rates(ticks, full) {
      const all = [...rates, ...ticks]
      const blocks = blocksOf(all, full, patience)
      rates = after(blocks, all)
      return blocks
    },
  }
}

function after<Tick extends { readonly tick: number }>(
  blocks: readonly Tick[],
  ticks: readonly Tick[],
): readonly Tick[] {
  const last = blocks.at(-1)
  return last ? ticks.filter(({ tick }) => tick > last.tick) : ticks
}
