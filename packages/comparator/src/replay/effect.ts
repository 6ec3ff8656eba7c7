import type { Histogram } from '@coalmine/stats'
import { tidy } from '../numbers.ts'
import { metricNameOf } from '../policy/measure.ts'

/** A regression to look for: a factor on latencies or on a rate. */
export interface Effect {
  readonly metric: EffectMetric
  readonly times: number
}

/** The metrics that a regression can be asked of. */
export const effectMetrics = ['latency', 'errors', 'client-errors'] as const
type EffectMetric = (typeof effectMetrics)[number]

/**
 * Parses a regression: `latency=25%` or `25%` for latencies; `errors=x5` or `client-errors=x5` (formerly `4xx`) for rates.
 *
 * @throws {RangeError} naming the expected form.
 * @example parseEffect('errors=x5') // { metric: 'errors', times: 5 }
 */
export function parseEffect(text: string): Effect {
  const match = /^(?:(latency|errors|client-errors|4xx)=)?(?:\+?(\d+(?:\.\d+)?)%|x(\d+(?:\.\d+)?))$/.exec(text.trim())
  const times = match ? (match[2] === undefined ? Number(match[3]) : 1 + Number(match[2]) / 100) : Number.NaN
  if (match && times > 1 && times <= 1000) return { metric: metricNameOf(match[1] ?? 'latency') as EffectMetric, times }
  throw new RangeError(`expected a regression such as latency=25%, errors=x5 or client-errors=x5, got "${text}"`)
}

/** The text that people read, such as `latency +25 %` or `errors x 5`. */
export function formatEffect({ metric, times }: Effect): string {
  return metric === 'latency' ? `latency +${tidy((times - 1) * 100)} %` : `${metric} x ${tidy(times)}`
}

/** Of a service without events, five times as many are taken to be the first per cent. */
const rateOfNone = 0.002

/** A rate with the regression in it. */
export function worseRate(rate: number, times: number): number {
  return Math.min(1, (rate === 0 ? rateOfNone : rate) * times)
}

/**
 * A histogram's values, each so many times longer. The factor is no whole number of buckets: each bucket's values are dealt
 * between the two that their images lie in, by `deal`, which is told how many there are and which share goes to the upper one.
 */
export function slower(
  histogram: Histogram,
  times: number,
  deal: (count: number, share: number) => number = (count, share) => count * share,
): Histogram {
  const steps = Math.log2(times) * 2 ** histogram.scale
  const whole = Math.floor(steps)
  const buckets = new Map<number, number>()
  histogram.indices.forEach((index, at) => {
    const count = histogram.counts[at]!
    const upper = deal(count, steps - whole)
    for (const [bucket, part] of [
      [index + whole, count - upper],
      [index + whole + 1, upper],
    ] as const) {
      if (part > 0) buckets.set(bucket, (buckets.get(bucket) ?? 0) + part)
    }
  })
  const indices = [...buckets.keys()].sort((a, b) => a - b)
  return { ...histogram, indices, counts: indices.map((index) => buckets.get(index)!) }
}
