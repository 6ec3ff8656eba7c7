import type { BadCounts, Burn, BurnWindow } from './counts.ts'
import type { Lasts } from './lasts.ts'

/** How much of a window's budget there is, in bad requests. */
export interface Allowance {
  /** How many may be bad within the window. */
  readonly events: number
  /** How many may be from now on; below 0 where more were. */
  readonly left: number
  readonly leftShare: number
}

/** What bad requests a change alone is the reason of: those that stable's share of bad ones would not have made. */
export interface Excess {
  readonly perMinute: number
  /** Since it was first seen, within the window. */
  readonly requests: number
  /** The share of the window's budget that this is; null where the budget says nothing. */
  readonly spent: number | null
}

/** What one build does to a budget. */
export interface CohortBudget {
  readonly build: string
  /** Of the requests of the last hour. */
  readonly share: number
  /** When it was first seen, ISO 8601. */
  readonly firstSeen: string
  /** The build that the others are compared with: of those that serve, the one that was seen first, or has the lower version. */
  readonly isStable: boolean
  readonly burn: Readonly<Record<BurnWindow, Burn>>
  /** Between which shares of bad requests the truth is, at 95 %, over the last hour, or six where ten were not bad. */
  readonly bounds: { readonly lower: number; readonly upper: number }
  /** Null of stable itself. */
  readonly excess: Excess | null
  /** Whether it burns the budget faster than it may, and faster than stable, beyond chance. */
  readonly isHarmful: boolean
  /** How long a full budget lasts once everybody has this build; null where the budget says nothing. */
  readonly fullLasts: Lasts | null
}

/** The error budget of one journey. */
export interface JourneyBudget {
  readonly slo: string
  readonly service: string
  /** Null: all requests of the service. */
  readonly operation: string | null
  readonly objective: number
  readonly windowSeconds: number
  readonly latencySeconds: number | null
  readonly critical: boolean
  /** The end of the last closed tick, ISO 8601: everything is counted up to here. */
  readonly asOf: string
  /** Of how much of the window requests are known. */
  readonly coveredSeconds: number
  readonly window: BadCounts
  /** The share that was good; null without requests. */
  readonly compliance: number | null
  /** Null where a window has room for fewer than ten bad requests: the counts are all there is to say. */
  readonly budget: Allowance | null
  readonly burn: Readonly<Record<BurnWindow, Burn>>
  /** Requests in the last hour, a minute. */
  readonly perMinute: number
  /** How long what is left lasts as requests are now; null where the budget says nothing. */
  readonly lasts: Lasts | null
  /** The same along the planned ramp of the newest build; null where none is planned, or only one build serves. */
  readonly rampLasts: Lasts | null
  readonly cohorts: readonly CohortBudget[]
  /** What there is to say of it, in sentences. */
  readonly messages: readonly string[]
}
