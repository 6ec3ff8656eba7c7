import type { Facts } from '../facts.ts'
import { duration } from '../numbers.ts'
import type { TimedBlock } from '../series.ts'
import { tickMs } from '../tick.ts'

// Of fewer shared ticks than this, none may be chance; and so few prove nothing, since none counts for more than a factor of three.
const fewestMeetings = 3
/** So many ticks one cohort serves alone, before it is said that it followed the other. */
const longestAlone = 12
/** The chance that requests that come evenly are all of the time before: above it, the other may just be between two requests. */
const unlikely = 0.001
/** One that served less than this share is no cohort to compare with. */
const nothing = 0.001
/** What is still on its way when a build ends, and where it served so many that it may. */
const stragglers = { share: 0.01, fewest: 2, of: 20 }

/**
 * Why two cohorts were not side by side: they never served in the same tick, though not because requests are few, or one follows the
 * other and shares no more than the ticks of the handover with it.
 *
 * @param requests what both served, tick by tick, also where one alone did.
 * @returns a part of a sentence; undefined where they ran side by side.
 */
export function notSideBySide(requests: readonly TimedBlock<number>[], facts: Facts): string | undefined {
  // Earlier days are laid beside the canary, whenever they were.
  if (facts.earlier) return undefined
  const cellMs = (facts.spanMetrics?.cellSeconds ?? 0) * 1000 || tickMs
  const handover = handoverIn(requests, cellMs)
  if (!handover && !ranSideBySide(requests))
    return `stable and canary never served ${facts.spanMetrics ? 'between the same scrapes' : 'in the same five seconds'}`
  if (!handover) return undefined
  const { first, second, alone } = handover
  return `${first} stopped when ${second} started, and ${second} served alone for ${duration((alone * cellMs) / 1000)}`
}

/**
 * Whether both cohorts served in one tick, or took turns: with a request a minute they seldom meet, though they run side by side.
 * One after the other they never do.
 */
function ranSideBySide(requests: readonly TimedBlock<number>[]): boolean {
  if (requests.some(({ stable, canary }) => stable > 0 && canary > 0)) return true
  const ofStable = requests.filter(({ stable }) => stable > 0).map(({ tick }) => tick)
  const ofCanary = requests.filter(({ canary }) => canary > 0).map(({ tick }) => tick)
  const from = Math.max(ofStable[0] ?? Infinity, ofCanary[0] ?? Infinity)
  const to = Math.min(ofStable.at(-1) ?? -Infinity, ofCanary.at(-1) ?? -Infinity)
  if (from === Infinity || to === -Infinity) return false
  if (from > to) return chanceApart(sumOf(requests, 'stable'), sumOf(requests, 'canary')) > unlikely
  const within = (ticks: readonly number[]): number => ticks.filter((tick) => tick >= from && tick <= to).length
  return (within(ofStable) * within(ofCanary)) / ((to - from) / tickMs + 1) < fewestMeetings
}

/** How likely requests that come in any order are in this one: all of one cohort before, or after, all of the other. */
function chanceApart(stable: number, canary: number): number {
  let orders = 1
  for (let at = 1; at <= Math.min(stable, canary) && orders < 2 / unlikely; at += 1)
    orders *= (Math.max(stable, canary) + at) / at
  return 2 / orders
}

interface Handover {
  readonly first: 'stable' | 'canary'
  readonly second: 'stable' | 'canary'
  /** Ticks that the second served alone. */
  readonly alone: number
}

/** Blue and green: the last requests of the one came within the first ticks of the other, which served on. */
function handoverIn(requests: readonly TimedBlock<number>[], cellMs: number): Handover | undefined {
  const ticksOf = (arm: 'stable' | 'canary'): TimedBlock<number>[] => requests.filter((one) => one[arm] > 0)
  const [stable, canary] = [ticksOf('stable'), ticksOf('canary')]
  const handover = (first: Handover['first'], one: typeof stable, other: typeof stable): Handover | undefined => {
    const second = first === 'stable' ? 'canary' : 'stable'
    const [begins, began] = [other[0]?.tick, one[0]?.tick]
    const ends = lastOf(one, first)
    if (begins === undefined || began === undefined || ends >= begins + fewestMeetings * cellMs) return undefined
    const alone = Math.round((other.at(-1)!.tick - Math.max(ends, begins)) / cellMs)
    const lived = Math.round((ends - began) / cellMs) + 1
    const n = sumOf(one, first)
    const chance = (lived / (lived + alone)) ** n
    const isNothing = n < nothing * (n + sumOf(other, second))
    if (alone < longestAlone || (chance > unlikely && !isNothing)) return undefined
    return { first, second, alone }
  }
  // A window begins with the canary: one that dies at once has not been followed by stable, which was there before.
  const canaryAlone = (stable[0]?.tick ?? 0) - (canary[0]?.tick ?? 0) >= fewestMeetings * cellMs
  return handover('stable', stable, canary) ?? (canaryAlone ? handover('canary', canary, stable) : undefined)
}

/** The tick of the last request, but for a few that were still on their way. */
function lastOf(ticks: readonly TimedBlock<number>[], arm: 'stable' | 'canary'): number {
  const all = sumOf(ticks, arm)
  let left = all < stragglers.of ? 0 : Math.max(stragglers.fewest, Math.floor(stragglers.share * all))
  const last = ticks.findLast((tick) => {
    left -= tick[arm]
    return left < 0
  })
  return last?.tick ?? Number.NEGATIVE_INFINITY
}

const sumOf = (ticks: readonly TimedBlock<number>[], arm: 'stable' | 'canary'): number =>
  ticks.reduce((sum, tick) => sum + tick[arm], 0)
