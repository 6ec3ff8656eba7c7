import { checkAlpha } from '../fixed/result.ts'
import { countOf, type Histogram, upperEdge } from '../histogram.ts'
import type { Interval } from '../interval.ts'
import { shareProcess } from '../share.ts'

/** Which quantile, at what level for each side, and the number of values of an arm for which it is to be tightest. */
export interface QuantileOptions {
  readonly q: number
  readonly alpha: number
  readonly tightestAt: number
}

/**
 * Where a quantile of one arm's distribution lies, to be looked at as often as one likes, each side at `alpha`: the values whose
 * share of smaller values has not been rejected as `q` by a Beta-binomial mixture. Ends are edges of buckets, rounded outwards.
 * Assumes independent values of one distribution: over a drifting hour it says where the hour's quantile was at no time in
 * particular. For display; to decide, `tailProcess`, which needs no such assumption.
 *
 * Howard and Ramdas 2022, Sequential estimation of quantiles with applications to A/B testing and best-arm identification,
 * theorem 1(a) with the mixture of section 3.2.
 *
 * @example
 * const histogram = histogramOf(Array.from({ length: 1000 }, (_, at) => at + 1))
 * quantileInterval(histogram, { q: 0.5, alpha: 0.025, tightestAt: 1000 }) // { lower: 450, upper: 558 }
 */
export function quantileInterval(histogram: Histogram, options: QuantileOptions): Interval {
  const ranks = quantileRanks(countOf(histogram), options)
  return {
    lower: ranks.lower === null ? null : edgeAt(histogram, ranks.lower, 'lower'),
    upper: ranks.upper === null ? null : edgeAt(histogram, ranks.upper, 'upper'),
  }
}

/**
 * By how much a quantile of the canary is above stable's, each side at `alpha`: both arms' intervals at half of alpha (union bound).
 *
 * @example
 * const to = (most: number) => histogramOf(Array.from({ length: 1000 }, (_, at) => (at + 1) * most / 1000))
 * quantileDifferenceInterval({ stable: to(1), canary: to(2) }, { q: 0.5, alpha: 0.025, tightestAt: 1000 }) // { lower: 0.340, upper: 0.666 }
 */
export function quantileDifferenceInterval(
  arms: { readonly stable: Histogram; readonly canary: Histogram },
  options: QuantileOptions,
): Interval {
  const half = { ...options, alpha: options.alpha / 2 }
  const stable = quantileInterval(arms.stable, half)
  const canary = quantileInterval(arms.canary, half)
  const minus = (a: number | null, b: number | null): number | null => (a === null || b === null ? null : a - b)
  return { lower: minus(canary.lower, stable.upper), upper: minus(canary.upper, stable.lower) }
}

/**
 * The same as ranks among n values, 1 the smallest: `null` where nothing is rejected yet.
 *
 * @example quantileRanks(1000, { q: 0.5, alpha: 0.025, tightestAt: 1000 }) // { lower: 453, upper: 548 }
 */
export function quantileRanks(n: number, { q, alpha, tightestAt }: QuantileOptions): Interval {
  checkAlpha(alpha)
  if (!(q > 0 && q < 1)) throw new RangeError(`q: expected a number between 0 and 1, got ${q}`)
  const concentration = concentrationFor({ tightestAt, alpha: Math.min(0.9, 2 * alpha) })
  const enough = -Math.log(alpha)
  const rejects = (below: number, alternative: 'greater' | 'less'): boolean => {
    const process = shareProcess({ alternative, share: q, concentration })
    process.add({ stable: n - below, canary: below })
    return process.logE >= enough
  }
  const upper = leastWhere(n, (below) => below >= q * n && rejects(below, 'greater'))
  const lower = leastWhere(n, (below) => below >= q * n || !rejects(below, 'less'))
  return { lower: lower === 0 ? null : lower, upper: upper > n ? null : upper }
}

/** How many values the mixture counts as, to be tightest at so many (Howard and Ramdas, equation 18, by the normal mixture). */
export function concentrationFor({
  tightestAt,
  alpha,
}: {
  readonly tightestAt: number
  readonly alpha: number
}): number {
  if (!(tightestAt > 0 && tightestAt < Infinity)) {
    throw new RangeError(`tightestAt: expected a number above zero, got ${tightestAt}`)
  }
  const twice = -2 * Math.log(alpha)
  return Math.max(1e-3, tightestAt / (twice + Math.log1p(twice)) - 1)
}

function leastWhere(most: number, holds: (k: number) => boolean): number {
  let low = 0
  let high = most + 1
  while (low < high) {
    const middle = Math.floor((low + high) / 2)
    if (holds(middle)) high = middle
    else low = middle + 1
  }
  return low
}

function edgeAt(histogram: Histogram, rank: number, side: 'lower' | 'upper'): number {
  let below = histogram.zero
  if (rank <= below) return 0
  for (let at = 0; at < histogram.indices.length; at += 1) {
    below += histogram.counts[at]!
    if (rank <= below) return upperEdge(histogram.indices[at]! - (side === 'lower' ? 1 : 0), histogram.scale)
  }
  throw new RangeError(`rank: expected at most the number of values, ${below}, got ${rank}`)
}
