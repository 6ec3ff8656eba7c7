import { type RateBounds, rateInterval } from '@coalmine/stats'
import { rounded } from '../numbers.ts'

/** Requests in a time range, and how many of them failed or were too slow. */
export interface BadCounts {
  readonly requests: number
  readonly bad: number
}

/** What a build served at one or more operations, over the time ranges used for budgets; they end with the last closed tick. */
export interface BuildCounts {
  readonly build: string
  /** Whether it served within the last six hours; all other builds are combined. */
  readonly recent: boolean
  /** When it was first seen within the window, in milliseconds since 1970. */
  readonly firstMs: number
  readonly last5m: BadCounts
  readonly last1h: BadCounts
  readonly last6h: BadCounts
  readonly last3d: BadCounts
  readonly window: BadCounts
  /** Requests by the hour of the day, UTC, over up to seven days of whole hours. */
  readonly byHour: readonly { readonly hour: number; readonly requests: number }[]
}

/** The time ranges of burn rates, with their length in seconds. */
export const burnWindows = { last5m: 300, last1h: 3_600, last6h: 21_600, last3d: 259_200 } as const

/** The name of a time range of burn rates. */
export type BurnWindow = keyof typeof burnWindows

/** Bad requests in a time range, and the burn rate: how many times what the objective allows; null if there are too few for a rate. */
export interface Burn extends BadCounts {
  readonly rate: number | null
}

// With fewer bad requests than this, both allowed and seen, a rate is chance.
const fewest = 10

/**
 * How fast a budget burns: 1 uses it up in exactly its window. If fewer than ten bad requests were seen, and fewer are allowed among so
 * many requests, a rate is meaningless, and only the counts are given.
 *
 * @param objective the share of requests that should be good, between 0 and 1.
 * @example burnOf({ requests: 360_000, bad: 250 }, 0.999) // { requests: 360000, bad: 250, rate: 0.694444 }
 */
export function burnOf({ requests, bad }: BadCounts, objective: number): Burn {
  const allowed = (1 - objective) * requests
  const isTold = requests > 0 && (bad >= fewest || allowed >= fewest)
  return { requests, bad, rate: isTold ? rounded(bad / allowed) : null }
}

/** Whether a window allows so few bad requests that its budget is meaningless. */
export function isTooFew(allowed: number): boolean {
  return allowed < fewest
}

/** The share of requests that are bad; 0 if there are no requests. */
export function shareOfBad({ requests, bad }: BadCounts): number {
  return requests === 0 ? 0 : bad / requests
}

/** Confidence bounds of the bad share, at 95 % and for any number of looks; requests are assumed to be independent. */
export function boundsOfBad({ requests, bad }: BadCounts, alpha = 0.05): RateBounds {
  return rateInterval({ n: requests, events: bad }, { alpha })
}

/** The sum of several counts. */
export function together(counts: readonly BadCounts[]): BadCounts {
  return {
    requests: counts.reduce((sum, one) => sum + one.requests, 0),
    bad: counts.reduce((sum, one) => sum + one.bad, 0),
  }
}
