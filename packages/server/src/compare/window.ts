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
import { areShortLived } from './short-lived.ts'

/** The data of a comparison in one window of the store. */
export interface WindowRead {
  readonly found: ComparisonFacts
  /** Undefined if instances cannot be told apart, or each serves hardly more than one request. */
  readonly instances: readonly InstanceLife[] | undefined
  /** Each instance serves hardly more than one request, so that none is known. */
  readonly shortLived?: boolean
  readonly operations: OperationTicks[]
  /** The requested comparison, ending with the last tick that is part of it. */
  readonly comparison: Comparison
}

/**
 * Reads who served in a window and their ticks, without the latency of instances that were warming up. The
 * facts of the cohorts may have been read already.
 */
export async function readWindow(
  store: Store,
  comparison: Comparison,
  { warmUp: warmUpSeconds }: Policy,
  finding: Promise<ComparisonFacts> = store.cohorts.facts(comparison),
): Promise<WindowRead> {
  const living = store.cohorts.instances(comparison, finding).then((lives) => {
    const shortLived = areShortLived(lives ?? [])
    return { shortLived, instances: shortLived ? undefined : lives }
  })
  const warmUp = living.then(({ instances }) => warmUpOf(instances ?? [], warmUpSeconds))
  const [found, { shortLived, instances }, operations] = await Promise.all([
    finding,
    living,
    operationsOf(store, comparison, warmUp),
    // Also awaited here, in case reading ticks fails before awaiting it.
    warmUp,
  ])
  return sameTicks({
    found: shortLived ? withoutInstances(found) : found,
    instances,
    shortLived,
    operations,
    comparison,
  })
}

function withoutInstances(found: ComparisonFacts): ComparisonFacts {
  const none = { instances: [] }
  return { ...found, stable: { ...found.stable, ...none }, canary: { ...found.canary, ...none } }
}

/**
 * Cuts off ticks that closed between concurrent statements: in a comparison without an end, anything after the last request
 * in its facts is dropped.
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

/** Reads the ticks of every operation of a comparison; they include warm-up unless it is given. */
export async function operationsOf(
  store: Store,
  comparison: Comparison,
  warmUp?: WarmUp | Promise<WarmUp>,
): Promise<OperationTicks[]> {
  return gathered(store.ticks.read(comparison, warmUp).operations)
}

/** Collects an async iterable into an array. */
export async function gathered<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const item of items) all.push(item)
  return all
}

/** Chains several iterables of slices without holding them. */
export function* chained(...all: readonly Iterable<Slice>[]): Generator<Slice> {
  for (const some of all) yield* some
}
