import type { Limit } from '../errors.ts'

/** Which limits requests and connections met lately. */
export interface RecentLimits {
  readonly met: (limit: Limit) => void
  /** How many were refused in the last minute, by the limit that they met. */
  readonly counts: () => Partial<Record<Limit, number>>
}

const slots = 6
const slotMs = 10_000

/** Counts in slots of ten seconds, so that what is long ago is forgotten however much it was. */
export function newRecentLimits(now: () => number): RecentLimits {
  const bySlot = new Map<number, Map<Limit, number>>()
  const slotNow = (): number => Math.floor(now() / slotMs)
  const forget = (): void => {
    for (const slot of bySlot.keys()) if (slot <= slotNow() - slots) bySlot.delete(slot)
  }
  return {
    met: (limit) => {
      forget()
      const counts = bySlot.get(slotNow()) ?? new Map<Limit, number>()
      bySlot.set(slotNow(), counts.set(limit, (counts.get(limit) ?? 0) + 1))
    },
    counts: () => {
      forget()
      const sums: Partial<Record<Limit, number>> = {}
      for (const counts of bySlot.values())
        for (const [limit, count] of counts) sums[limit] = (sums[limit] ?? 0) + count
      return sums
    },
  }
}
