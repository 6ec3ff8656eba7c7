/** The length of a tick: the store's, and the resolution of every time in a verdict. */
export const tickMs = 5000

/** From the start of the window to the end of a tick, both in milliseconds; null where nothing was settled. */
export function secondsAfter(start: number, tick: number | null): number | null {
  return tick === null ? null : (tick + tickMs - start) / 1000
}
