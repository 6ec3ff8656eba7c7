import type { RampStage } from './slo.ts'

/** Expected requests per second over a stretch of time, from now on. */
export interface LoadPiece {
  readonly seconds: number
  readonly perSecond: number
}

/** What spends a budget: the requests of the service, the canary's share of them, and the bad share of each cohort. */
export interface Spending {
  /** Repeats at its end, so that one day stands for all that follow. */
  readonly load: readonly LoadPiece[]
  /** The canary's share of the requests; its last stage stays. */
  readonly ramp: readonly RampStage[]
  /** The share of stable's requests that are bad, between 0 and 1. */
  readonly stable: number
  /** The share of the canary's. */
  readonly canary: number
}

// Budgets that last longer than a year need no date.
const longestSeconds = 366 * 86_400

/**
 * The seconds until this many bad requests: the first t at which the integral of load x ((1 - w) stable + w canary)
 * reaches `left`. A rolling window also gives budget back, which is ignored: the budget lasts at least this long.
 *
 * @param left bad requests left in the budget; 0 if it is used up or overspent.
 * @returns null if it lasts longer than a year.
 * @throws {RangeError} if there is no load or no ramp.
 * @example exhaustedAfter(259_200, { load: [{ seconds: 86_400, perSecond: 100 }], ramp: [{ share: 1, seconds: 0 }], stable: 0, canary: 0.02 }) // 129600
 */
export function exhaustedAfter(left: number, { load, ramp, stable, canary }: Spending): number | null {
  if (ramp.length === 0) throw new RangeError('ramp: expected one stage at least')
  if (!load.some(({ seconds }) => seconds > 0)) throw new RangeError('load: expected a time of more than zero seconds')
  let [budget, at, stage, piece] = [left, 0, 0, 0]
  let [stageLeft, pieceLeft] = [lengthOf(ramp, 0), load[0]!.seconds]
  while (budget > 0 && at < longestSeconds) {
    const seconds = Math.min(stageLeft, pieceLeft)
    const { share } = ramp[stage]!
    const bad = load[piece]!.perSecond * ((1 - share) * stable + share * canary)
    if (bad * seconds >= budget) {
      const found = at + budget / bad
      return found <= longestSeconds ? found : null
    }
    budget -= bad * seconds
    at += seconds
    stageLeft -= seconds
    pieceLeft -= seconds
    if (stageLeft <= 0) {
      stage += 1
      stageLeft = lengthOf(ramp, stage)
    }
    if (pieceLeft <= 0) {
      piece = (piece + 1) % load.length
      pieceLeft = load[piece]!.seconds
    }
  }
  return budget > 0 ? null : 0
}

function lengthOf(ramp: readonly RampStage[], stage: number): number {
  return stage >= ramp.length - 1 ? Number.POSITIVE_INFINITY : ramp[stage]!.seconds
}
