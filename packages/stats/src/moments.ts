import { countOf, type Histogram, upperEdge } from './histogram.ts'

/** What a mean needs to know of some values: how many, their mean, and their variance (over n - 1). */
export interface Moments {
  readonly n: number
  readonly mean: number
  readonly variance: number
}

/**
 * The moments of some values, in one pass without cancellation (Welford 1962). The variance of fewer than two values is 0.
 *
 * @example momentsOf([1, 2, 4]) // { n: 3, mean: 2.3333, variance: 2.3333 }
 */
export function momentsOf(values: Iterable<number>): Moments {
  let n = 0
  let mean = 0
  let squares = 0
  for (const value of values) {
    if (!Number.isFinite(value)) throw new RangeError(`values: expected finite numbers, got ${value}`)
    n += 1
    const away = value - mean
    mean += away / n
    squares += away * (value - mean)
  }
  return { n, mean, variance: n < 2 ? 0 : squares / (n - 1) }
}

/**
 * The moments of a histogram's values, each taken as the middle of its bucket (1.1 % at scale 5) and capped at `atMost`, so that
 * one huge value does not decide a mean. The cap must be known beforehand, such as a quantile of what stable did earlier.
 *
 * @example momentsOfHistogram(histogramOf([1, 2, 1000]), { atMost: 2 }) // { n: 3, mean: 1.66, variance: 0.33 }
 */
export function momentsOfHistogram(
  histogram: Histogram,
  { atMost = Infinity }: { readonly atMost?: number } = {},
): Moments {
  const n = countOf(histogram)
  const values = histogram.indices.map((index) => Math.min(atMost, upperEdge(index - 0.5, histogram.scale)))
  const total = (of: (value: number) => number): number =>
    values.reduce((sum, value, at) => sum + histogram.counts[at]! * of(value), histogram.zero * of(0))
  const mean = n === 0 ? 0 : total((value) => value) / n
  return { n, mean, variance: n < 2 ? 0 : total((value) => (value - mean) ** 2) / (n - 1) }
}

/** Throws a RangeError that names the number which cannot be a moment. */
export function checkMoments({ n, mean, variance }: Moments, name: string): void {
  if (!(Number.isSafeInteger(n) && n >= 0)) {
    throw new RangeError(`${name}.n: expected a whole number, zero or more, got ${n}`)
  }
  if (!Number.isFinite(mean)) throw new RangeError(`${name}.mean: expected a finite number, got ${mean}`)
  if (!(variance >= 0 && variance < Infinity)) {
    throw new RangeError(`${name}.variance: expected a number, zero or more, got ${variance}`)
  }
}
