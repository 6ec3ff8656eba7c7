import type { Slo } from '@coalmine/comparator'
import type { Context } from '../context.ts'
import { type CountedJourney, countedJourneys } from './journey-budgets.ts'

interface Kept {
  readonly atMs: number
  readonly counted: Promise<readonly CountedJourney[]>
}

// A month's counts hardly change within a minute, and a server may run a hundred comparisons.
const keptMs = 60_000
const mostKept = 50
const keptBy = new WeakMap<Context['store'], Map<string, Kept>>()

/** The counts of each journey of some objectives, at most a minute old. */
export function countedLately(
  { store, now }: Pick<Context, 'store' | 'now'>,
  slos: readonly Slo[],
): Promise<readonly CountedJourney[]> {
  const kept = keptBy.get(store) ?? new Map<string, Kept>()
  keptBy.set(store, kept)
  const key = JSON.stringify(slos)
  const known = kept.get(key)
  if (known && now() - known.atMs < keptMs) return known.counted
  const counted = countedJourneys(store, slos, now)
  // Failed counts are not kept.
  counted.catch(() => kept.delete(key))
  kept.delete(key)
  kept.set(key, { atMs: now(), counted })
  const [oldest] = kept.keys()
  if (kept.size > mostKept && oldest !== undefined) kept.delete(oldest)
  return counted
}
