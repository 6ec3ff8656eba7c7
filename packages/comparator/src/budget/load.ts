import type { BuildCounts } from './counts.ts'
import type { LoadPiece } from './exhaustion.ts'

const hour = 3_600
const day = 86_400

/** A journey's traffic. Times are seconds since 1970. */
interface Traffic {
  readonly builds: readonly BuildCounts[]
  /** The first known request, and the end of the last tick. */
  readonly first: number
  readonly until: number
  /** The end of `byHour`. */
  readonly wholeHoursUntil: number
}

const weekHours = 168

/**
 * Expected requests per second from now on: from the same hours of up to seven earlier days or, if there is no whole day yet,
 * from the last hour.
 */
export function loadOf({ builds, first, until, wholeHoursUntil }: Traffic): LoadPiece[] {
  const from = Math.max(Math.ceil(first / hour) * hour, wholeHoursUntil - weekHours * hour)
  const hours = Math.max(0, (wholeHoursUntil - from) / hour)
  const isQuiet = builds.every(({ byHour }) => byHour.every(({ requests }) => requests === 0))
  if (hours < 24 || isQuiet) {
    const known = Math.max(Math.min(hour, until - first), 5)
    return [{ seconds: day, perSecond: builds.reduce((sum, { last1h }) => sum + last1h.requests, 0) / known }]
  }
  const requests = new Map<number, number>()
  for (const { byHour } of builds)
    for (const one of byHour) requests.set(one.hour, (requests.get(one.hour) ?? 0) + one.requests)
  const times = (of: number): number => {
    const begins = (Math.floor(from / hour) % 24) + 24
    const before = (of + 24 - (begins % 24)) % 24
    return before >= hours ? 0 : Math.floor((hours - before - 1) / 24) + 1
  }
  const perSecond = (of: number): number => (requests.get(of) ?? 0) / (times(of) * hour)
  const now = Math.floor(until / hour) % 24
  const rest = hour - (until % hour)
  return [
    { seconds: rest, perSecond: perSecond(now) },
    ...Array.from({ length: 23 }, (_, at) => ({ seconds: hour, perSecond: perSecond((now + 1 + at) % 24) })),
    ...(rest < hour ? [{ seconds: hour - rest, perSecond: perSecond(now) }] : []),
  ]
}

/** The number of requests expected within this many seconds. */
export function expectedWithin(load: readonly LoadPiece[], seconds: number): number {
  const cycle = load.reduce((sum, piece) => sum + piece.seconds, 0)
  const requests = load.reduce((sum, piece) => sum + piece.seconds * piece.perSecond, 0)
  return (requests / cycle) * seconds
}
