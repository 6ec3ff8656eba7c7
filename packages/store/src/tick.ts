import { StoreError } from './errors.ts'

/** Length of a tick, in seconds. */
export const tickSeconds = 5

/** The last second that ClickHouse's DateTime holds. */
export const lastSecond = 0xffffffff

/** The second at which the tick of a moment begins, both since 1970. */
export const tickOf = (ms: number): number => Math.floor(ms / 1000 / tickSeconds) * tickSeconds

/**
 * A window of milliseconds since 1970, as the seconds of the whole ticks in it.
 *
 * Throws a StoreError of kind `usage` when it ends before it starts.
 *
 * windowOf({ start: 1_700_000_001_000, end: 1_700_000_012_000 }) // { from: 1_700_000_005, to: 1_700_000_010 }
 */
export function windowOf({ start, end }: { readonly start?: number | undefined; readonly end?: number | undefined }): {
  from: number
  to: number
} {
  if (start !== undefined && end !== undefined && start >= end)
    throw new StoreError('usage', `the window is empty: it starts at ${iso(start)} and ends at ${iso(end)}`)
  const from = start === undefined ? 0 : Math.ceil(start / 1000 / tickSeconds) * tickSeconds
  const to = end === undefined ? lastSecond : Math.floor(end / 1000 / tickSeconds) * tickSeconds
  return { from: clamp(from), to: clamp(to) }
}

const clamp = (second: number): number => Math.min(Math.max(second, 0), lastSecond)

const iso = (ms: number): string => new Date(ms).toISOString()
