import { type Effect, formatEffect } from './effect.ts'
import type { Placebo } from './placebo.ts'
import type { ReplayAnswer } from './split.ts'

/** Replays of canaries that are alike, or have one regression. Times are seconds of canary traffic; null is never. */
export interface CalibrationRow {
  /** Such as `latency +25 %`; null for canaries like stable, for which every FAIL is a false alarm. */
  readonly effect: string | null
  readonly replays: number
  readonly failed: number
  /** The share that FAILs, with its 95 % interval (Wilson 1927). */
  readonly share: { readonly value: number; readonly lower: number; readonly upper: number }
  /** By when half, and nine of ten, of the replays were failed. */
  readonly failedBy: { readonly half: number | null; readonly nineOfTen: number | null }
  readonly passed: number
  readonly passedBy: { readonly half: number | null; readonly nineOfTen: number | null }
}

/** How a policy performs on a service's own traffic. */
export interface Calibration {
  readonly schema: 'coalmine.calibration/1'
  readonly service: string
  readonly stable: string
  readonly window: { readonly start: string; readonly end: string }
  readonly share: number
  readonly forSeconds: number
  readonly seed: number
  readonly rows: readonly CalibrationRow[]
  /** Null with fewer than three distinguishable instances. */
  readonly placebo: Placebo | null
}

/**
 * Summarises the answers of replays.
 *
 * @example calibrationRow(null, answers).share // { value: 0.01, lower: 0.0003, upper: 0.054 }
 */
export function calibrationRow(effect: Effect | null, answers: readonly ReplayAnswer[]): CalibrationRow {
  const times = (of: keyof ReplayAnswer): number[] =>
    answers.map((answer) => answer[of] ?? Number.POSITIVE_INFINITY).sort((a, b) => a - b)
  const count = (ascending: readonly number[]): number => ascending.filter(Number.isFinite).length
  const by = (ascending: readonly number[]): CalibrationRow['failedBy'] => {
    const at = (share: number): number | null => {
      const time = ascending[Math.ceil(share * ascending.length) - 1]
      return time !== undefined && Number.isFinite(time) ? time : null
    }
    return { half: at(0.5), nineOfTen: at(0.9) }
  }
  const [failed, passed] = [times('failed'), times('passed')]
  return {
    effect: effect && formatEffect(effect),
    replays: answers.length,
    failed: count(failed),
    share: { value: count(failed) / answers.length, ...wilson(count(failed), answers.length) },
    failedBy: by(failed),
    passed: count(passed),
    passedBy: by(passed),
  }
}

/** The interval of a share at 95 %, which does not end at nothing where nothing was seen. */
function wilson(events: number, n: number): { readonly lower: number; readonly upper: number } {
  const z = 1.959963984540054
  const share = events / n
  const middle = (share + (z * z) / (2 * n)) / (1 + (z * z) / n)
  const reach = (z / (1 + (z * z) / n)) * Math.sqrt((share * (1 - share)) / n + (z * z) / (4 * n * n))
  return { lower: Math.max(0, middle - reach), upper: Math.min(1, middle + reach) }
}
