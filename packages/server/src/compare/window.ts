import { type Policy, type Slice, tickMs } from '@coalmine/comparator'
import {
  type Comparison,
  type ComparisonFacts,
  type InstanceLife,
  type OperationTicks,
  type Store,
  type WarmUp,
  warmUpOf,
} from '@coalmine/store'

/** What one window of the store holds of a comparison. */
export interface WindowRead {
  readonly found: ComparisonFacts
  /** Undefined where instances are not known apart. */
  readonly instances: readonly InstanceLife[] | undefined
  readonly operations: OperationTicks[]
  /** What was asked for, until the last tick that is part of it. */
  readonly comparison: Comparison
}

/**
 * Reads who served in a window, and what they did tick by tick, without the latency of instances that were warming up. The
 * facts of the cohorts may have been asked for already.
 */
export async function readWindow(
  store: Store,
  comparison: Comparison,
  { warmUp: warmUpSeconds }: Policy,
  finding: Promise<ComparisonFacts> = store.cohorts.facts(comparison),
): Promise<WindowRead> {
  const living = store.cohorts.instances(comparison, finding)
  const warmUp = living.then((instances) => warmUpOf(instances ?? [], warmUpSeconds))
  const [found, instances, operations] = await Promise.all([
    finding,
    living,
    operationsOf(store, comparison, warmUp),
    // Awaited here too, where reading ticks may fail before it asks.
    warmUp,
  ])
  return sameTicks({ found, instances, operations, comparison })
}

/**
 * Statements run side by side, and a tick may close between two of them: of a comparison without an end, what is after the last request
 * that its facts know is no part of any.
 *
 * @example sameTicks({ found, instances, operations, comparison }).comparison.end // 1_764_500_405_000
 */
export function sameTicks(read: WindowRead): WindowRead {
  const { stable, canary } = read.found
  const last = Math.max(stable.lastMs ?? 0, canary.lastMs ?? 0)
  if (read.comparison.end !== undefined || last === 0) return read
  const end = Math.floor(last / tickMs) * tickMs + tickMs
  const operations = read.operations.map(({ operation, ticks }) => ({
    operation,
    ticks: ticks.filter(({ tick }) => tick < end),
  }))
  return {
    ...read,
    operations: operations.filter(({ ticks }) => ticks.length > 0),
    comparison: { ...read.comparison, end },
  }
}

/** Every operation of a comparison, tick by tick; warm-up is part of it where nothing is told of it. */
export async function operationsOf(
  store: Store,
  comparison: Comparison,
  warmUp?: WarmUp | Promise<WarmUp>,
): Promise<OperationTicks[]> {
  return gathered(store.ticks.read(comparison, warmUp).operations)
}

/** All that an iteration gives, as a list. */
export async function gathered<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const item of items) all.push(item)
  return all
}

/** The slices of several readings, one after the other, none of them held. */
export function* chained(...all: readonly Iterable<Slice>[]): Generator<Slice> {
  for (const some of all) yield* some
}
