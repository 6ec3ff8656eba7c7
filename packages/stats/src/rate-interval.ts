import { logBeta } from './log-beta.ts'
import { checkRate, type Rate } from './rates.ts'

/** Bounds of a rate, both between 0 and 1. */
export interface RateBounds {
  readonly lower: number
  readonly upper: number
}

/**
 * Confidence sequence for the rate of one arm, valid for any number of looks: the set of p whose likelihood is less than
 * 1/`alpha` below that of a Beta mixture over all rates (Robbins 1970, Statistical methods related to the law of the iterated
 * logarithm). The mixture is Beta(1/2, 1/2), which has weight near 0, where error rates are.
 *
 * Assumes requests that are independent of each other.
 *
 * @returns bounds between 0 and 1; the whole range if there are no requests.
 * @throws {RangeError} if the counts or `alpha` are invalid.
 * @example rateInterval({ n: 1000, events: 20 }, { alpha: 0.05 }) // { lower: 0.0078, upper: 0.0406 }
 */
export function rateInterval(rate: Rate, { alpha }: { readonly alpha: number }): RateBounds {
  checkRate(rate, 'rate')
  if (!(alpha > 0 && alpha < 1)) throw new RangeError(`alpha: expected a number between 0 and 1, got ${alpha}`)
  const { n, events } = rate
  const mixture = logBeta(events + 0.5, n - events + 0.5) - logBeta(0.5, 0.5)
  const isRejected = (p: number): boolean => mixture - logLikelihood(rate, p) >= -Math.log(alpha)
  const estimate = n === 0 ? 0.5 : events / n
  return {
    lower: isRejected(0) ? bisected(0, estimate, isRejected) : 0,
    upper: isRejected(1) ? bisected(1, estimate, isRejected) : 1,
  }
}

function logLikelihood({ n, events }: Rate, p: number): number {
  const of = (count: number, log: number): number => (count === 0 ? 0 : count * log)
  return of(events, Math.log(p)) + of(n - events, Math.log1p(-p))
}

// The likelihood has one peak, at the estimate: on each side of it the bound is where it is rejected first.
function bisected(outside: number, inside: number, isRejected: (p: number) => boolean): number {
  let [far, near] = [outside, inside]
  for (let step = 0; step < 1100 && far !== near; step++) {
    const middle = (far + near) / 2
    if (middle === far || middle === near) break
    if (isRejected(middle)) far = middle
    else near = middle
  }
  return far
}
