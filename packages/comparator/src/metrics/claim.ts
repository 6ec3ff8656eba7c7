import type { Alternative } from '@coalmine/stats'
import type { LatencyMargin, RatioMargin } from '../policy/margin.ts'
import type { MetricPolicy } from '../policy/metric-policy.ts'

/**
 * One side of what a metric claims of the canary: not above stable moved by the margin (`upper`), or not below it
 * (`lower`). FAIL proves that a side is broken, PASS that every side holds; each at its own level.
 */
export interface Bound {
  readonly side: 'upper' | 'lower'
  /** Which way the margin moves stable: `worse` leaves room, `better` asks for more than stable gives. */
  readonly moved: 'up' | 'down'
}

/**
 * The sides of a metric's claim. `no-worse` and `worse-by-at-most` have one, and improvement never breaks it; `better`
 * has one that is as far from stable as the margin, so that it is refuted by proof that the canary is not better by
 * that much; `same` has two.
 *
 * @example boundsOf(metricPolicyOf('latency', { expect: 'same' })) // [{ side: 'upper', moved: 'up' }, { side: 'lower', moved: 'down' }]
 */
export function boundsOf({ expect, worse }: Pick<MetricPolicy, 'expect' | 'worse'>): readonly Bound[] {
  const upper = (moved: Bound['moved']): Bound => ({ side: 'upper', moved })
  const lower = (moved: Bound['moved']): Bound => ({ side: 'lower', moved })
  switch (expect) {
    case 'no-worse':
    case 'worse-by-at-most':
      return worse === 'higher' ? [upper('up')] : [lower('down')]
    case 'better':
      return worse === 'higher' ? [upper('down')] : [lower('up')]
    case 'same':
      return [upper('up'), lower('down')]
  }
}

/** Stable's value moved by the margin: the limit that a bound sets to the canary. */
export function limitOf(moved: Bound['moved'], margin: LatencyMargin | RatioMargin): (value: number) => number {
  const { ratio } = margin
  const absolute = 'seconds' in margin ? margin.seconds : 0
  if (moved === 'up') return (value) => Math.max(value * (1 + ratio), value + absolute)
  if (absolute === 0) return (value) => value * (1 - ratio)
  return (value) => Math.max(aNanosecond, Math.min(value * (1 - ratio), value - absolute))
}

// No latency is less, and a bucket's limit has to be above zero.
const aNanosecond = 1e-9

/** What the canary is, against the limit, where a bound is broken (FAIL) and where it holds (PASS). */
export function alternativesOf({ side }: Bound): { readonly broken: Alternative; readonly holds: Alternative } {
  return side === 'upper' ? { broken: 'greater', holds: 'less' } : { broken: 'less', holds: 'greater' }
}
