import { type Histogram, mergeHistograms, type Rate } from '@coalmine/stats'
import { type RateBlock, rateSum, type TimedBlock } from './series.ts'
import type { Side, Slice } from './slice.ts'

/** One tick after the other, what is read of both sides: of several shards the sum, of a whole what it is. */
export function added<Value>(
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

/** What a map makes of both sides of each tick. */
export function mapped<A, B>(ticks: readonly TimedBlock<A>[], map: (side: A) => B): TimedBlock<B>[] {
  return ticks.map(({ tick, stable, canary }) => ({ tick, stable: map(stable), canary: map(canary) }))
}

/** The edges that all of them have. */
export function boundsOf(slices: readonly Slice[], operation: string): readonly number[] | undefined {
  const of = (side: Side): readonly number[] | undefined => ('bounds' in side ? side.bounds : undefined)
  const first = slices[0] && of(slices[0].stable)
  const firstKey = JSON.stringify(first)
  const other = slices
    .flatMap(({ stable, canary }) => [of(stable), of(canary)])
    .find((bounds) => bounds !== first && JSON.stringify(bounds) !== firstKey)
  if (other) throw new RangeError(`values of ${operation}: expected buckets of the same bounds in every slice`)
  return first
}

/** The distributions of some slices of one metric, tick by tick. Throws a RangeError where one is something else. */
export function histogramsOf(slices: readonly Slice[], operation: string): TimedBlock<Histogram>[] {
  const read = (side: Side): Histogram => {
    if (side.kind === 'distribution') return side.histogram
    throw new RangeError(`values of ${operation}: expected distributions, got a ${side.kind}`)
  }
  return added(slices, read, mergeHistograms)
}

/** The rates of some slices of one metric, tick by tick. Throws a RangeError where one is something else. */
export function ratesOf(slices: readonly Slice[], operation: string): RateBlock[] {
  const read = (side: Side): Rate => {
    if (side.kind === 'rate') return side
    throw new RangeError(`rate of ${operation}: expected rates, got a ${side.kind}`)
  }
  return added(slices, read, rateSum)
}
