import { exhaustedAfter, type LoadPiece } from './exhaustion.ts'
import type { RampStage } from './slo.ts'

/** How long a budget lasts, in seconds; null if longer than a year. */
export interface Lasts {
  readonly seconds: number | null
  /** At the lower and upper bound of the confidence sequence of the canary's bad share. */
  readonly atBest: number | null
  readonly atWorst: number | null
}

/** A share of bad requests, with its bounds. */
export interface BadShares {
  readonly stable: number
  readonly canary: number
  readonly canaryBounds: { readonly lower: number; readonly upper: number }
}

/** How long a budget of bad requests lasts: expected, at best and at worst. */
export function lastsFor(
  left: number,
  { stable, canary, canaryBounds }: BadShares,
  load: readonly LoadPiece[],
  ramp: readonly RampStage[],
): Lasts {
  const after = (share: number): number | null => exhaustedAfter(left, { load, ramp, stable, canary: share })
  return { seconds: after(canary), atBest: after(canaryBounds.lower), atWorst: after(canaryBounds.upper) }
}

/** Whether best and worst are so far apart (more than a factor of two) that one number would mislead. */
export function isUncertain({ atBest, atWorst }: Lasts): boolean {
  if (atWorst === null) return false
  return atBest === null || atBest > 2 * atWorst
}
