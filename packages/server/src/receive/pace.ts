import { ServerError } from '../errors.ts'
import type { Limits } from './limits.ts'

/** Watches how fast a body comes. */
export interface Pace {
  /** So many bytes of it are there. */
  readonly came: (bytes: number) => void
  readonly stop: () => void
}

const lookEveryMs = 1_000

/**
 * Calls `tooSlow` with a ServerError of status 408 when a body has had its time: it may begin slowly, and then must have
 * come at the least rate ever since. What it holds would otherwise be held for ever.
 */
export function watchPace(
  { patienceMs, leastBytesPerSecond }: Pick<Limits, 'patienceMs' | 'leastBytesPerSecond'>,
  tooSlow: (error: ServerError) => void,
): Pace {
  const started = performance.now()
  let bytes = 0
  const look = (): void => {
    const late = performance.now() - started - patienceMs
    if (bytes < (Math.max(late, 1) / 1000) * leastBytesPerSecond) tooSlow(slow(patienceMs, leastBytesPerSecond))
    else timer = setTimeout(look, lookEveryMs)
  }
  let timer = setTimeout(look, patienceMs)
  return {
    came: (more) => {
      bytes += more
    },
    stop: () => clearTimeout(timer),
  }
}

const slow = (patienceMs: number, rate: number): ServerError =>
  new ServerError(
    'unavailable',
    `the body arrived too slowly: after ${patienceMs / 1000} s it must arrive at ${rate / 1000} kB/s or more`,
    { status: 408, limit: 'slow' },
  )
