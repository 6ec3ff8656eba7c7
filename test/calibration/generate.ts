// Seeded traffic for the calibration: each request is one draw, put straight into its histogram bucket, so that half an hour of
// a service costs a few milliseconds.
import { type Histogram, histogramOf, logNormalCdf, type Random } from '@coalmine/stats'

/** The share of values at or below a value. */
export type Distribution = (value: number) => number

export function lognormal({ median, sigma }: { median: number; sigma: number }): Distribution {
  return (value) => Math.exp(logNormalCdf(Math.log(value / median) / sigma))
}

export function scaled(distribution: Distribution, factor: number): Distribution {
  return (value) => distribution(value / factor)
}

/** A share of the values from one distribution, the rest from another. */
export function mixed(share: number, some: Distribution, others: Distribution): Distribution {
  return (value) => share * some(value) + (1 - share) * others(value)
}

/** A Pareto tail above a value: the share that exceeds x falls as x^-index. */
export function pareto({ from, index }: { from: number; index: number }): Distribution {
  return (value) => (value <= from ? 0 : 1 - (from / value) ** index)
}

/** Values known only to a multiple of a unit, such as whole milliseconds: rounded down. */
export function rounded(distribution: Distribution, unit: number): Distribution {
  return (value) => distribution(Math.floor(value / unit + 1e-9) * unit)
}

/** Draws a histogram of n values. */
export type Source = (n: number, random: Random) => Histogram

// Values from 2^-20 to 2^12: a microsecond to an hour, in seconds.
const doublings = { first: -20, last: 12 }

/** A source of values of a distribution, by the alias method (Vose 1991). */
export function sourceOf(distribution: Distribution, scale = 5): Source {
  const first = doublings.first * 2 ** scale
  const last = doublings.last * 2 ** scale
  const edges = Array.from({ length: last - first + 1 }, (_, at) => distribution(2 ** ((first + at) / 2 ** scale)))
  const shares = edges.slice(1).map((edge, at) => edge - edges[at]!)
  const held = shares.flatMap((share, at) => (share > 1e-12 ? [{ index: first + at, share }] : []))
  const { keep, alias } = aliasTable(held.map(({ share }) => share))
  const counts = new Int32Array(held.length)
  return (n, random) => {
    counts.fill(0)
    for (let draw = 0; draw < n; draw += 1) {
      const u = random() * keep.length
      const at = Math.floor(u)
      counts[u - at < keep[at]! ? at : alias[at]!]! += 1
    }
    const indices: number[] = []
    const found: number[] = []
    for (let at = 0; at < held.length; at += 1) {
      if (counts[at] === 0) continue
      indices.push(held[at]!.index)
      found.push(counts[at]!)
    }
    return { scale, zero: 0, indices, counts: found }
  }
}

/**
 * A source of one value a trace, the longest of its spans, whose logarithms have the standard deviation sigma and in a trace the
 * correlation `icc`.
 */
export function tracesOf({ median, sigma, spans, icc }: Record<'median' | 'sigma' | 'spans' | 'icc', number>): Source {
  const longest = (random: Random): number => {
    const common = Math.sqrt(icc) * normal(random)
    let most = -Infinity
    for (let span = 0; span < spans; span += 1) most = Math.max(most, normal(random))
    return median * Math.exp(sigma * (common + Math.sqrt(1 - icc) * most))
  }
  return (n, random) => histogramOf(Array.from({ length: n }, () => longest(random)))
}

/** A standard normal number (Box and Muller 1958). */
export function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(random())) * Math.cos(2 * Math.PI * random())
}

/** How many arrive in a time in which `mean` do on average: Poisson, from 50 on by its normal approximation. */
export function arrivals(mean: number, random: Random): number {
  if (mean >= 50) return Math.max(0, Math.round(mean + Math.sqrt(mean) * normal(random)))
  let count = -1
  for (let time = 0; time < mean; count += 1) time -= Math.log(random())
  return count
}

function aliasTable(shares: readonly number[]): { keep: Float64Array; alias: Int32Array } {
  const total = shares.reduce((sum, share) => sum + share, 0)
  const keep = Float64Array.from(shares, (share) => (share / total) * shares.length)
  const alias = Int32Array.from(shares, (_, at) => at)
  const poor = [...keep.keys()].filter((at) => keep[at]! < 1)
  const rich = [...keep.keys()].filter((at) => keep[at]! >= 1)
  while (poor.length > 0 && rich.length > 0) {
    const from = poor.pop()!
    const to = rich.at(-1)!
    alias[from] = to
    keep[to] = keep[to]! + keep[from]! - 1
    if (keep[to]! < 1) poor.push(rich.pop()!)
  }
  for (const at of [...poor, ...rich]) keep[at] = 1
  return { keep, alias }
}

/** How many of n units have an event of probability p: the gaps between events are geometric. */
export function eventsOf(n: number, p: number, random: Random): number {
  if (p <= 0) return 0
  if (p >= 1) return n
  const logMiss = Math.log1p(-p)
  let events = 0
  for (let unit = Math.floor(Math.log(random()) / logMiss); unit < n; events += 1) {
    unit += 1 + Math.floor(Math.log(random()) / logMiss)
  }
  return events
}
