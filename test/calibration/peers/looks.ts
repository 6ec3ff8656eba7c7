import { type Slice, tickMs } from '@coalmine/comparator'
import { type Histogram, mergeHistograms, type Rate } from '@coalmine/stats'

/** Everything so far at one look, of one arm. */
export interface Seen {
  readonly latency: Histogram
  readonly errors: Rate
}

export type Arms = Readonly<Record<'stable' | 'canary', Seen>>

const none: Seen = { latency: mergeHistograms([]), errors: { n: 0, events: 0 } }

/** Seconds of the first look at which a rule that sees all traffic so far raises an alarm; Infinity when it never does. */
export function firstAlarmOnAll(
  slices: readonly Slice[],
  ticks: number,
  everyTicks: number,
  alarms: (seen: Arms) => boolean,
): number {
  let seen: Arms = { stable: none, canary: none }
  const looks = looksOf(slices, ticks, everyTicks)
  for (const [at, look] of looks.entries()) {
    seen = { stable: both(seen.stable, look.stable), canary: both(seen.canary, look.canary) }
    if (alarms(seen)) return ((at + 1) * everyTicks * tickMs) / 1000
  }
  return Infinity
}

/** What each arm had between one look and the next. */
export function looksOf(slices: readonly Slice[], ticks: number, everyTicks: number): Arms[] {
  const looks = Array.from({ length: Math.floor(ticks / everyTicks) }, () => ({
    stable: { latency: [] as Histogram[], n: 0, events: 0 },
    canary: { latency: [] as Histogram[], n: 0, events: 0 },
  }))
  for (const { tick, metric, ...sides } of slices) {
    const look = looks[Math.floor(tick / tickMs / everyTicks)]
    if (!look) continue
    for (const arm of ['stable', 'canary'] as const) {
      const side = sides[arm]
      if (metric === 'latency' && side.kind === 'distribution') look[arm].latency.push(side.histogram)
      if (metric === 'errors' && side.kind === 'rate') {
        look[arm].n += side.n
        look[arm].events += side.events
      }
    }
  }
  const seen = ({ latency, n, events }: (typeof looks)[number]['stable']): Seen => ({
    latency: mergeHistograms(latency),
    errors: { n, events },
  })
  return looks.map(({ stable, canary }) => ({ stable: seen(stable), canary: seen(canary) }))
}

function both(a: Seen, b: Seen): Seen {
  return {
    latency: mergeHistograms([a.latency, b.latency]),
    errors: { n: a.errors.n + b.errors.n, events: a.errors.events + b.errors.events },
  }
}
