import type { BadCounts, Burn, BurnWindow } from './counts.ts'
import type { Lasts } from './lasts.ts'

/** The budget of a window, in bad requests. */
export interface Allowance {
  /** Bad requests allowed within the window. */
  readonly events: number
  /** Bad requests left; negative if the budget is overspent. */
  readonly left: number
  readonly leftShare: number
}

/** Bad requests caused by the change: those beyond what stable's bad share would have produced. */
export interface Excess {
  readonly perMinute: number
  /** Since it was first seen, within the window. */
  readonly requests: number
  /** Their share of the window's budget; null if the budget is meaningless. */
  readonly spent: number | null
}

/** One build's effect on a budget. */
export interface CohortBudget {
  readonly build: string
  /** Its share of the requests in the last hour. */
  readonly share: number
  /** When it was first seen, ISO 8601. */
  readonly firstSeen: string
  /** Whether the others are compared with this build: of those that serve, the one seen first, or with the lower version. */
  readonly isStable: boolean
  readonly burn: Readonly<Record<BurnWindow, Burn>>
  /** Confidence bounds of the bad share, at 95 %, over the last hour, or over six if fewer than ten requests were bad. */
  readonly bounds: { readonly lower: number; readonly upper: number }
  /** Null for stable itself. */
  readonly excess: Excess | null
  /** Whether it burns the budget faster than allowed, and faster than stable, beyond chance. */
  readonly isHarmful: boolean
  /** How long a full budget lasts once everyone has this build; null if the budget is meaningless. */
  readonly fullLasts: Lasts | null
}

/** The error budget of one journey. */
export interface JourneyBudget {
  readonly slo: string
  readonly service: string
  /** Null for all requests of the service. */
  readonly operation: string | null
  readonly objective: number
  readonly windowSeconds: number
  readonly latencySeconds: number | null
  readonly critical: boolean
  /** The end of the last closed tick, ISO 8601; everything is counted up to this time. */
  readonly asOf: string
  /** How much of the window has request data. */
  readonly coveredSeconds: number
  readonly window: BadCounts
  /** The share of good requests; null without requests. */
  readonly compliance: number | null
  /** Null if a window allows fewer than ten bad requests: then only the counts are meaningful. */
  readonly budget: Allowance | null
  readonly burn: Readonly<Record<BurnWindow, Burn>>
  /** Requests per minute in the last hour. */
  readonly perMinute: number
  /** How long the rest lasts at the current rate; null if the budget is meaningless. */
  readonly lasts: Lasts | null
  /** How long it lasts along the newest build's planned ramp; null if no ramp is planned, or only one build serves. */
  readonly rampLasts: Lasts | null
  readonly cohorts: readonly CohortBudget[]
  /** Messages about the budget, one sentence each. */
  readonly messages: readonly string[]
}
