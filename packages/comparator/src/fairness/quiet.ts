import type { Facts } from '../facts.ts'
import { countsOf } from '../metrics/lost-requests.ts'
import { count, duration, percent } from '../numbers.ts'
import type { Reason } from '../reason.ts'
import type { OperationSeries, TimedBlock } from '../series.ts'
import { tickMs } from '../tick.ts'

/** A fall of the share by less is a change of routing, and no silence. */
const fallen = 0.5
/** So short a silence may be requests that are on their way. */
const shortestMs = 15_000
/**
 * The log of how much likelier the requests since some tick are at the lower share: of all the ticks at which a fall may begin in
 * half an hour, one in some five hundred windows of a steady canary reaches it.
 */
const unlikely = 12

/**
 * A canary that served less than its share until the end of the window, or nothing: what it no longer serves says nothing of it, so
 * it cannot pass. A proxy that no longer sends it requests, because it answers none, looks like this.
 */
export function quietReasons(facts: Facts, series: readonly OperationSeries[]): Reason[] {
  if (facts.earlier) return []
  const found = fallIn(whole(countsOf(series), facts))
  if (!found) return []
  const { since, before, stable, canary, canaryLater } = found
  const moment = new Date(since).toISOString().replace('.000', '')
  const served = canaryLater === 0 ? 'nothing' : `${percent(canary / (canary + stable))} of the requests`
  return [
    {
      code: 'canary-quiet',
      weight: 'blocks',
      message: `The canary served ${served} from ${moment} to the end of the window (${duration(found.seconds)}, in which stable served ${count(stable)} requests); before that, it served ${percent(before)}. See whether it crashed, or no longer gets requests. If it was taken away on purpose, judge only up to then: --end ${moment}.`,
    },
  ]
}

/** The last of them, where it is of scrapes: one arm may have been scraped, and the other not yet. */
function whole(counts: readonly TimedBlock<number>[], { spanMetrics }: Facts): readonly TimedBlock<number>[] {
  const last = counts.at(-1)
  if (!spanMetrics || !last) return counts
  return counts.filter(({ tick }) => tick <= last.tick - spanMetrics.cellSeconds * 1000)
}

interface Fall {
  /** The start of the first tick of it, milliseconds since 1970. */
  readonly since: number
  readonly seconds: number
  /** The canary's share before. */
  readonly before: number
  /** Requests since. */
  readonly stable: number
  readonly canary: number
  /** The canary's after the first tick of it: in that one end those that were on their way. */
  readonly canaryLater: number
}

/**
 * The likeliest moment since when the canary serves far less than its share before, to the end. Of ticks before stable served, as where
 * a window begins with the canary's first request, there is no share.
 */
function fallIn(all: readonly TimedBlock<number>[]): Fall | undefined {
  const counts = all.slice(all.findIndex(({ stable }) => stable > 0))
  return fallSince(counts)
}

function fallSince(counts: readonly TimedBlock<number>[]): Fall | undefined {
  const last = counts.at(-1)
  if (!last) return undefined
  const all = { stable: sum(counts, 'stable'), canary: sum(counts, 'canary') }
  let found: { readonly fall: Fall; readonly evidence: number } | undefined
  const since = { stable: 0, canary: 0 }
  for (const { tick, stable, canary } of counts.toReversed()) {
    since.stable += stable
    since.canary += canary
    const before = { stable: all.stable - since.stable, canary: all.canary - since.canary }
    if (before.canary === 0 || since.canary * before.stable > fallen * since.stable * before.canary) continue
    const evidence = likelihood(before) + likelihood(since) - likelihood(all)
    if (evidence < Math.max(unlikely, found?.evidence ?? 0)) continue
    const seconds = (last.tick + tickMs - tick) / 1000
    const canaryLater = since.canary - canary
    found = { fall: { since: tick, seconds, before: shareOf(before), canaryLater, ...since }, evidence }
  }
  return found && found.fall.seconds * 1000 >= shortestMs ? found.fall : undefined
}

interface Served {
  readonly stable: number
  readonly canary: number
}

const shareOf = ({ stable, canary }: Served): number => canary / (stable + canary)

/** The log of the likelihood of requests at the share that they have. */
function likelihood(served: Served): number {
  const share = shareOf(served)
  const part = (n: number, chance: number): number => (n === 0 ? 0 : n * Math.log(chance))
  return part(served.canary, share) + part(served.stable, 1 - share)
}

function sum(counts: readonly TimedBlock<number>[], arm: 'stable' | 'canary'): number {
  return counts.reduce((total, tick) => total + tick[arm], 0)
}
