import { exhaustedAfter, type LoadPiece } from './exhaustion.ts'
import type { RampStage } from './slo.ts'

/** How long a budget lasts, in seconds; null where that is longer than a year. */
export interface Lasts {
  readonly seconds: number | null
  /** With as little as the canary's bad requests may be, and as much: the ends of their confidence sequence. */
  readonly atBest: number | null
  readonly atWorst: number | null
}

/** Who spends: the share of requests that are bad, and between which it may be. */
export interface BadShares {
  readonly stable: number
  readonly canary: number
  readonly canaryBounds: { readonly lower: number; readonly upper: number }
}

/** How long so many bad requests last, as expected, at best and at worst. */
export function lastsFor(
  left: number,
  { stable, canary, canaryBounds }: BadShares,
  load: readonly LoadPiece[],
  ramp: readonly RampStage[],
): Lasts {
  const after = (share: number): number | null => exhaustedAfter(left, { load, ramp, stable, canary: share })
  return { seconds: after(canary), atBest: after(canaryBounds.lower), atWorst: after(canaryBounds.upper) }
}

/** Whether best and worst are so far apart that one number would mislead: more than twice. */
export function isUncertain({ atBest, atWorst }: Lasts): boolean {
  if (atWorst === null) return false
  return atBest === null || atBest > 2 * atWorst
}
