import type { Side } from '@coalmine/comparator'
import { SpanMetricsError } from './errors.ts'
import type { Increase } from './increase.ts'

/** The number of values in each bucket, by bucket index. */
export type BucketCounts = Map<number, number>

// The index under which zeros are counted.
const zeroIndex = -(2 ** 31)

/** Adds an increase to counts, at its own scale or a coarser one. */
export function countInto(
  counts: BucketCounts,
  { scale: own, zero, indices, counts: added }: Increase,
  scale: number,
): void {
  const add = (index: number, n: number): void => void counts.set(index, (counts.get(index) ?? 0) + n)
  if (zero > 0) add(zeroIndex, zero)
  indices.forEach((index, at) => {
    add(Math.floor(index / 2 ** (own - scale)), added[at]!)
  })
}

/** How an operation's buckets are passed to the comparator. */
export interface BucketAxis {
  side(counts: BucketCounts): Side
  /** The first bucket that counts as slow, by metric. */
  readonly slow: ReadonlyMap<string, number>
}

/** The unit of a value in seconds, and by metric the threshold in seconds beyond which a request is slow. */
interface AxisUnits {
  readonly unit: number
  readonly slowerThan: ReadonlyMap<string, number>
}

/**
 * The axis of an operation's buckets: by bounds, or by scale if they are exponential in seconds.
 *
 * Throws a SpanMetricsError of kind `usage` for a slow threshold that is not a bound of the classic buckets.
 */
export function bucketAxis(
  operation: string,
  classic: readonly number[] | null,
  scale: number,
  cells: Iterable<BucketCounts>,
  units: AxisUnits,
): BucketAxis {
  if (classic) return classicAxis(operation, classic, units)
  const { unit, slowerThan } = units
  const slow = new Map(
    [...slowerThan].map(([metric, seconds]) => [metric, Math.ceil(Math.log2(seconds / unit) * 2 ** scale - 1e-6)]),
  )
  if (unit === 1) return { slow, side: (counts) => exponential(counts, scale) }
  const edge = (index: number): number => 2 ** ((index + 1) / 2 ** scale) * unit
  let [first, last] = [Infinity, -Infinity]
  for (const counts of cells)
    for (const index of counts.keys()) {
      if (index === zeroIndex) continue
      first = Math.min(first, index)
      last = Math.max(last, index)
    }
  const bounds = first > last ? [unit] : Array.from({ length: last - first + 2 }, (_, more) => edge(first - 1 + more))
  return { slow, side: (counts) => bounded(counts, first - 1, bounds) }
}

function classicAxis(operation: string, bounds: readonly number[], { slowerThan }: AxisUnits): BucketAxis {
  const slow = new Map(
    [...slowerThan].map(([metric, seconds]) => {
      const at = bounds.findIndex((bound) => Math.abs(bound / seconds - 1) < 1e-9)
      if (at >= 0) return [metric, at + 1] as const
      const known = bounds.map((bound) => `${Number((bound * 1000).toPrecision(6))}ms`).join(', ')
      throw new SpanMetricsError('usage', `--slower-than: ${operation} is counted up to ${known}: name one of those`)
    }),
  )
  return { slow, side: (counts) => bounded(counts, 0, bounds) }
}

function exponential(counts: BucketCounts, scale: number): Side {
  const { n, indices, of } = sorted(counts)
  return { kind: 'distribution', n, histogram: { scale, zero: counts.get(zeroIndex) ?? 0, indices, counts: of } }
}

function bounded(counts: BucketCounts, first: number, bounds: readonly number[]): Side {
  const { n, indices, of } = sorted(counts)
  const zero = counts.get(zeroIndex) ?? 0
  const shifted = indices.map((index) => index - first)
  const histogram =
    zero > 0
      ? { scale: 0, zero: 0, indices: [0, ...shifted], counts: [zero, ...of] }
      : { scale: 0, zero: 0, indices: shifted, counts: of }
  return { kind: 'distribution', n, histogram, bounds }
}

function sorted(counts: BucketCounts): { n: number; indices: number[]; of: number[] } {
  const indices = [...counts.keys()].filter((index) => index !== zeroIndex).sort((a, b) => a - b)
  return {
    n: [...counts.values()].reduce((sum, one) => sum + one, 0),
    indices,
    of: indices.map((index) => counts.get(index)!),
  }
}
