import { StoreError } from './errors.ts'

/** Length of a tick, in seconds. */
export const tickSeconds = 5

/**
 * The assumed maximum duration of a span, in seconds: how far back to look for spans that may have ended in a tick. One
 * that lasted longer counts as if it had ended then, and most likely arrives late.
 */
export const longestSeconds = 900

/** Whole ticks, `from` inclusive and `to` exclusive, of spans that started at `since` or later: seconds since 1970. */
export interface TickWindow {
  readonly since: number
  readonly from: number
  readonly to: number
}

/** The earliest start of spans that end at or after a given second. */
export const sinceOf = (from: number): number => Math.max(0, from - longestSeconds)

/** The last second that ClickHouse's DateTime holds. */
export const lastSecond = 0xffffffff

/** The start of the tick that contains a time: seconds since 1970, from milliseconds since 1970. */
export const tickOf = (ms: number): number => Math.floor(ms / 1000 / tickSeconds) * tickSeconds

/**
 * Converts a window in milliseconds since 1970 to the whole ticks in it, in seconds.
 *
 * Throws a StoreError of kind `usage` when it ends before it starts.
 *
 * windowOf({ start: 1_700_000_001_000, end: 1_700_000_012_000 }) // { since: 1_699_999_105, from: 1_700_000_005, to: 1_700_000_010 }
 */
export function windowOf({
  start,
  end,
}: {
  readonly start?: number | undefined
  readonly end?: number | undefined
}): TickWindow {
  if (start !== undefined && end !== undefined && start >= end)
    throw new StoreError('usage', `the window is empty: it starts at ${iso(start)} and ends at ${iso(end)}`)
  const from = start === undefined ? 0 : Math.ceil(start / 1000 / tickSeconds) * tickSeconds
  const to = end === undefined ? lastSecond : Math.floor(end / 1000 / tickSeconds) * tickSeconds
  return { since: sinceOf(clamp(from)), from: clamp(from), to: clamp(to) }
}

const clamp = (second: number): number => Math.min(Math.max(second, 0), lastSecond)

const iso = (ms: number): string => new Date(ms).toISOString()
