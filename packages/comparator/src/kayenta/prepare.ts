import type { KayentaMetric } from './config.ts'

/** A series as the test gets it: points without a value left out or zero, and outliers left out, as the metric asks. */
export function prepare(values: readonly number[], { nanStrategy, outliers }: KayentaMetric): number[] {
  const present =
    nanStrategy === 'remove'
      ? values.filter((value) => !Number.isNaN(value))
      : values.map((value) => (Number.isNaN(value) ? 0 : value))
  return outliers === null || present.length === 0 ? present : withoutOutliers(present, outliers.factor)
}

/** Tukey's fences, never narrower than the first and the last hundredth. */
function withoutOutliers(values: readonly number[], factor: number): number[] {
  const sorted = [...values].sort((a, b) => a - b)
  const q1 = percentile(sorted, 0.25)
  const q3 = percentile(sorted, 0.75)
  const reach = factor * (q3 - q1)
  const lower = Math.min(percentile(sorted, 0.01), q1 - reach)
  const upper = Math.max(percentile(sorted, 0.99), q3 + reach)
  return values.filter((value) => value >= lower && value <= upper)
}

/**
 * Linear between the order statistics: type 7 of Hyndman and Fan (1996), R's default. Kayenta's own, so that its answers are
 * reproduced; the quantiles of simple-statistics are steps (their type 2).
 */
function percentile(sorted: readonly number[], share: number): number {
  const place = share * (sorted.length - 1)
  const below = Math.floor(place)
  const low = sorted[below]!
  return low + (place - below) * ((sorted[below + 1] ?? low) - low)
}
