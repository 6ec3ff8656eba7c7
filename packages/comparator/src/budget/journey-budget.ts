import {
  type BadCounts,
  type BuildCounts,
  type Burn,
  type BurnWindow,
  boundsOfBad,
  burnOf,
  burnWindows,
  isTooFew,
  shareOfBad,
  together,
} from './counts.ts'
import type { LoadPiece } from './exhaustion.ts'
import type { Allowance, CohortBudget, Excess, JourneyBudget } from './journey.ts'
import { type BadShares, lastsFor } from './lasts.ts'
import { expectedWithin, loadOf } from './load.ts'
import { budgetSentences } from './sentences.ts'
import type { RampStage, Slo } from './slo.ts'

/** Input to a journey's budget. Times are milliseconds since 1970. */
export interface JourneyCounts {
  readonly operation: string | null
  readonly builds: readonly BuildCounts[]
  readonly untilMs: number
  /** The end of the builds' `byHour`. */
  readonly wholeHoursUntilMs: number
  /** Recently seen operations, most requests first, to suggest one for a misspelled journey. */
  readonly seen?: readonly string[]
}

// No more builds than this serve side by side within an hour; beyond that, scanners made up marks, which are not listed.
const mostCohorts = 20

/**
 * The error budget of one journey: what is left, how fast which builds burn it, and how long it lasts.
 *
 * @param ramp the planned shares of the newest build; empty if none are planned.
 * @example journeyBudget(slo, counts, []).budget?.leftShare // 0.69
 */
export function journeyBudget(slo: Slo, counts: JourneyCounts, ramp: readonly RampStage[]): JourneyBudget {
  const { objective, windowSeconds, service, name, latencySeconds, critical } = slo
  const { builds, untilMs } = counts
  const { first, until, load, coveredSeconds, window, events, budget } = standingOf(slo, counts)
  const lastHour = together(builds.map(({ last1h }) => last1h))
  const served = builds.filter(({ recent, last1h }) => recent && last1h.requests > 0)
  const [stable, ...others] = served.toSorted((a, b) => a.firstMs - b.firstMs || byName(a.build, b.build))
  const canary = others.at(-1)
  const shares = canary ? sharesOf(canary, builds) : alone(builds)
  const share = canary ? canary.last1h.requests / lastHour.requests : 1
  const journey = {
    slo: name,
    service,
    operation: counts.operation,
    objective,
    windowSeconds,
    latencySeconds,
    critical,
    asOf: new Date(untilMs).toISOString(),
    coveredSeconds,
    window,
    compliance: window.requests === 0 ? null : 1 - shareOfBad(window),
    budget,
    burn: burnsOf(builds, objective),
    perMinute: lastHour.requests / Math.max(1, Math.min(60, (until - first) / 60)),
    lasts: budget && lastsFor(budget.left, shares, load, [{ share, seconds: 0 }]),
    rampLasts: budget && canary && ramp.length > 0 ? lastsFor(budget.left, shares, load, ramp) : null,
    cohorts: served.length === 0 ? [] : [stable!, ...others.slice(1 - mostCohorts)].map((one) => cohortOf(one)),
  }
  return { ...journey, messages: budgetSentences(journey, counts.seen) }

  function cohortOf(one: BuildCounts): CohortBudget {
    const isStable = one === stable
    const burn = burnsOf([one], objective)
    const excess = isStable ? null : excessOf(one, stable!, until, budget)
    return {
      build: one.build,
      share: one.last1h.requests / lastHour.requests,
      firstSeen: new Date(one.firstMs).toISOString(),
      isStable,
      burn,
      bounds: boundsOfBad(one[rateWindowOf([one])]),
      excess,
      isHarmful: !isStable && isWorse(one, stable!) && (burn.last1h.rate ?? burn.last6h.rate ?? 0) > 1,
      fullLasts: budget && lastsFor(events, sharesOf(one, builds), load, [{ share: 1, seconds: 0 }]),
    }
  }
}

/** The current state of a journey's budget, and the expected load. Times are seconds since 1970. */
export interface Standing {
  readonly first: number
  readonly until: number
  readonly load: readonly LoadPiece[]
  readonly coveredSeconds: number
  readonly window: BadCounts
  /** Bad requests that a window allows. */
  readonly events: number
  readonly budget: Allowance | null
}

/** The current state of a journey's budget. */
export function standingOf({ objective, windowSeconds }: Slo, counts: JourneyCounts): Standing {
  const { builds, untilMs, wholeHoursUntilMs } = counts
  const first = Math.min(untilMs, ...builds.map(({ firstMs }) => firstMs)) / 1000
  const until = untilMs / 1000
  const load = loadOf({ builds, first, until, wholeHoursUntil: wholeHoursUntilMs / 1000 })
  const coveredSeconds = Math.min(windowSeconds, until - first)
  const window = together(builds.map((one) => one.window))
  // A window begins with a whole hour, so data that is missing less than an hour covers it.
  const isWhole = coveredSeconds >= windowSeconds - 3_600
  const expected = isWhole ? window.requests : Math.max(window.requests, expectedWithin(load, windowSeconds))
  const events = (1 - objective) * expected
  const left = events - window.bad
  return {
    first,
    until,
    load,
    coveredSeconds,
    window,
    events,
    budget: isTooFew(events) ? null : { events, left, leftShare: left / events },
  }
}

function burnsOf(builds: readonly BuildCounts[], objective: number): JourneyBudget['burn'] {
  const of = (window: BurnWindow): Burn => burnOf(together(builds.map((one) => one[window])), objective)
  return { last5m: of('last5m'), last1h: of('last1h'), last6h: of('last6h'), last3d: of('last3d') }
}

/** The time range for rates: one hour, or six if fewer than ten requests in it were bad. */
function rateWindowOf(builds: readonly BuildCounts[]): 'last1h' | 'last6h' {
  return isTooFew(together(builds.map(({ last1h }) => last1h)).bad) ? 'last6h' : 'last1h'
}

function sharesOf(canary: BuildCounts, builds: readonly BuildCounts[]): BadShares {
  const window = rateWindowOf([canary])
  const others = builds.filter((one) => one !== canary)
  return {
    stable: shareOfBad(together(others.map((one) => one[window]))),
    canary: shareOfBad(canary[window]),
    canaryBounds: boundsOfBad(canary[window]),
  }
}

function alone(builds: readonly BuildCounts[]): BadShares {
  const all = together(builds.map((one) => one[rateWindowOf(builds)]))
  return { stable: 0, canary: shareOfBad(all), canaryBounds: boundsOfBad(all) }
}

/** Of builds first seen at the same time, the one with the lower version is older. */
const { compare: byName } = new Intl.Collator('en', { numeric: true })

// Two bounds, each at half of their joint error level.
const alpha = 0.025

/** Whether its bad share is higher than stable's, beyond chance. */
function isWorse(one: BuildCounts, stable: BuildCounts): boolean {
  const window = rateWindowOf([one])
  return boundsOfBad(one[window], alpha).lower > boundsOfBad(stable[window], alpha).upper
}

function excessOf(one: BuildCounts, stable: BuildCounts, until: number, budget: Allowance | null): Excess {
  const more = (window: BurnWindow | 'window'): number =>
    Math.max(0, shareOfBad(one[window]) - shareOfBad(stable[window])) * one[window].requests
  // Stable is counted over the time that the build is known, or slightly longer.
  const known = until - one.firstMs / 1000
  const fitting = (Object.keys(burnWindows) as BurnWindow[]).find((window) => burnWindows[window] >= known)
  const requests = Math.max(0, shareOfBad(one.window) - shareOfBad(stable[fitting ?? 'window'])) * one.window.requests
  const minutes = Math.max(1, Math.min(60, known / 60))
  return { perMinute: more('last1h') / minutes, requests, spent: budget && requests / budget.events }
}
