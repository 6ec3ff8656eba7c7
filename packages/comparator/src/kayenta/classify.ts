import { mean } from 'simple-statistics'
import type { KayentaMetric } from './config.ts'
import { type LocationShift, locationShift } from './location-shift.ts'
import { prepare } from './prepare.ts'

/** Kayenta's own words for a metric: canary like stable, above it, below it, or one arm without data. */
export type KayentaLabel = 'Pass' | 'High' | 'Low' | 'Nodata' | 'NodataFailMetric'

/** Kayenta's result for one metric, with the numbers behind it, which Kayenta itself does not report. */
export interface KayentaClassification {
  readonly label: KayentaLabel
  /** Whether it fails the canary whatever the score is. */
  readonly critical: boolean
  /** The canary's mean divided by stable's; null if either is zero. */
  readonly deviation: number | null
  /** The effect that the metric's thresholds refer to; null if it cannot be computed, and the thresholds are ignored. */
  readonly effect: number | null
  /** Null if no test was made: no data, or identical data. */
  readonly shift: LocationShift | null
  readonly points: { readonly stable: number; readonly canary: number }
  readonly reason: string
}

/** The judge's constants: Kayenta has settings for them, and ignores these. */
const judgeConstants = {
  /** The interval must lie beyond this part of the estimate, to either side of zero. */
  tolerance: 0.25,
  /** Normal quantile of 98 %. */
  z: 2.3263478740408408,
} as const

/**
 * Classifies one metric as Kayenta's NetflixACAJudge does: canary is High when the whole interval of its shift lies above
 * a quarter of the shift's estimate, and its effect reaches what is allowed; Low likewise; else Pass.
 *
 * @example classify({ stable: [1, 2.2, 1.1, 2.5, 3], canary: [20, 22, 21, 25, 30] }, metric).label // 'High'
 */
export function classify(
  series: { readonly stable: readonly number[]; readonly canary: readonly number[] },
  metric: KayentaMetric,
  { tolerance, z }: { readonly tolerance: number; readonly z: number } = judgeConstants,
): KayentaClassification {
  const stable = prepare(series.stable, metric)
  const canary = prepare(series.canary, metric)
  const points = { stable: stable.length, canary: canary.length }
  const untested = { critical: false, deviation: 1, effect: null, shift: null, points }
  if (stable.length === 0 || canary.length === 0) return withoutData(metric, points)
  if (same(stable, canary)) return { ...untested, label: 'Pass', reason: 'stable and canary have the same values' }
  if (new Set([...stable, ...canary]).size === 1)
    return { ...untested, label: 'Pass', reason: 'all values are the same' }

  const shift = locationShift(canary, stable, z)
  const deviation = meanRatio(stable, canary)
  const effect = metric.effectSize.measure === 'cles' ? winShare(stable, canary) : deviation
  const noise = tolerance * Math.abs(shift.estimate)
  const { allowedIncrease, allowedDecrease, criticalIncrease, criticalDecrease } = metric.effectSize
  const atLeast = (threshold: number): boolean => effect === null || effect >= threshold
  const atMost = (threshold: number): boolean => effect === null || effect <= threshold
  const tested = { deviation, effect, shift, points }
  if (metric.direction !== 'decrease' && shift.lower > noise && atLeast(allowedIncrease)) {
    const critical = metric.critical && atLeast(criticalIncrease)
    return { ...tested, label: 'High', critical, reason: reasonFor('higher', critical) }
  }
  if (metric.direction !== 'increase' && shift.upper < -noise && atMost(allowedDecrease)) {
    const critical = metric.critical && atMost(criticalDecrease)
    return { ...tested, label: 'Low', critical, reason: reasonFor('lower', critical) }
  }
  return { ...tested, label: 'Pass', critical: false, reason: 'no difference was found in the watched direction' }
}

function withoutData(metric: KayentaMetric, points: KayentaClassification['points']): KayentaClassification {
  const empty = points.stable === 0 ? (points.canary === 0 ? 'both arms have' : 'stable has') : 'canary has'
  const reason = `${empty} no data`
  const common = { deviation: 1, effect: null, shift: null, points, reason }
  if (metric.nanStrategy === 'replace') return { ...common, label: 'Pass', critical: false }
  if (metric.mustHaveData && !metric.critical) return { ...common, label: 'NodataFailMetric', critical: false }
  return { ...common, label: 'Nodata', critical: metric.critical }
}

function reasonFor(which: 'higher' | 'lower', critical: boolean): string {
  return `canary is ${which}${critical ? ', and the metric is critical' : ''}`
}

function same(stable: readonly number[], canary: readonly number[]): boolean {
  if (stable.length !== canary.length) return false
  const x = [...stable].sort((a, b) => a - b)
  const y = [...canary].sort((a, b) => a - b)
  return x.every((value, at) => value === y[at])
}

function meanRatio(stable: readonly number[], canary: readonly number[]): number | null {
  const of = mean(stable)
  const to = mean(canary)
  return of === 0 || to === 0 ? null : to / of
}

/** The share of pairs that canary wins, ties counted one half: the common language effect size (Vargha and Delaney 2000). */
function winShare(stable: readonly number[], canary: readonly number[]): number {
  const sorted = [...stable].sort((a, b) => a - b)
  let wins = 0
  for (const value of canary) wins += (countBelow(sorted, value, false) + countBelow(sorted, value, true)) / 2
  return wins / (stable.length * canary.length)
}

/** How many of the sorted values are below a value, or not above it. */
function countBelow(sorted: readonly number[], value: number, orEqual: boolean): number {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (orEqual ? sorted[middle]! <= value : sorted[middle]! < value) low = middle + 1
    else high = middle
  }
  return low
}
