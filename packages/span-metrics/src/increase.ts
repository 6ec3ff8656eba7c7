import type { Cumulative } from './native.ts'

/** The counts added between two moments. */
export type Increase = Omit<Cumulative, 'zeroTo'>

/**
 * The counts that a series added from one scrape to the next: exact, not extrapolated. If any count decreased, the process was
 * restarted in between, and everything counted since is new.
 */
export function increaseOf(
  before: Cumulative,
  after: Cumulative,
): { readonly increase: Increase; readonly reset: boolean } {
  const scale = Math.min(before.scale, after.scale)
  const zeroTo = Math.max(before.zeroTo, after.zeroTo)
  const from = aligned(before, scale, zeroTo)
  const to = aligned(after, scale, zeroTo)
  const zero = to.zero - from.zero
  const buckets = new Map(to.buckets)
  for (const [index, count] of from.buckets) buckets.set(index, (buckets.get(index) ?? 0) - count)
  const counts = [...buckets].filter(([, count]) => count !== 0).sort(([a], [b]) => a - b)
  if (zero < 0 || counts.some(([, count]) => count < 0)) return { increase: fromZero(after), reset: true }
  return {
    increase: { scale, zero, indices: counts.map(([index]) => index), counts: counts.map(([, count]) => count) },
    reset: false,
  }
}

/** Everything that a series has counted. */
export function fromZero({ scale, zero, indices, counts }: Cumulative): Increase {
  return { scale, zero, indices, counts }
}

/** The number of values in an increase. */
export function totalOf({ zero, counts }: Increase): number {
  return counts.reduce((sum, count) => sum + count, zero)
}

// A native histogram that outgrows its limit widens its buckets or its zero bucket: that is not a reset.
function aligned(
  { scale: own, zero: counted, indices, counts }: Cumulative,
  scale: number,
  zeroTo: number,
): { readonly zero: number; readonly buckets: ReadonlyMap<number, number> } {
  let zero = counted
  const buckets = new Map<number, number>()
  indices.forEach((index, at) => {
    const coarser = Math.floor(index / 2 ** (own - scale))
    if (zeroTo > 0 && 2 ** ((coarser + 1) / 2 ** scale) <= zeroTo * (1 + 1e-9)) zero += counts[at]!
    else buckets.set(coarser, (buckets.get(coarser) ?? 0) + counts[at]!)
  })
  return { zero, buckets }
}
