import { rounded } from '../numbers.ts'
import type { Run } from '../statistics/run.ts'
import { tickMs } from '../tick.ts'

/** The maximum number of entries of a list over time. */
export const mostPoints = 300

/** Equal time bins of a window, each of whole ticks. */
export interface Bins {
  readonly startMs: number
  readonly binMs: number
  readonly count: number
  /** The bin of a tick. */
  readonly of: (tick: number) => number
}

/**
 * Divides a window into at most `most` bins.
 *
 * @example binsOf({ start: '2026-01-01T00:00:00Z', end: '2026-01-01T00:30:00Z' }, 300).binMs // 10000
 */
export function binsOf(window: { readonly start: string; readonly end: string }, most: number = mostPoints): Bins {
  const startMs = Date.parse(window.start)
  const ticks = Math.max(1, Math.ceil((Date.parse(window.end) - startMs) / tickMs))
  const binMs = Math.ceil(ticks / most) * tickMs
  const count = Math.ceil((ticks * tickMs) / binMs)
  const of = (tick: number): number => Math.min(count - 1, Math.max(0, Math.floor((tick - startMs) / binMs)))
  return { startMs, binMs, count, of }
}

/** Sums the counts of ticks per bin. */
export function summedBins(
  bins: Bins,
  ticks: Iterable<{ readonly tick: number; readonly value: number }>,
): readonly number[] {
  const sums = new Array<number>(bins.count).fill(0)
  for (const { tick, value } of ticks) sums[bins.of(tick)]! += value
  return sums
}

/** The running maximum of the evidence at the end of each bin. */
export function risesInBins(bins: Bins, { rises }: Pick<Run, 'rises'>): readonly number[] {
  const values = new Array<number>(bins.count).fill(0)
  for (const { tick, maxLogE } of rises) values[bins.of(tick)] = rounded(maxLogE, 4)
  for (let at = 1; at < values.length; at += 1) values[at] = Math.max(values[at]!, values[at - 1]!)
  return values
}
