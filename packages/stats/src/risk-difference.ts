import type { Alternative, EProcess } from './e-process.ts'
import { checkRates, type Rates } from './rates.ts'
import { tiltedProcess } from './tilted.ts'

/**
 * Evidence that the canary's rate of events is more (`greater`) or less (`less`) than stable's plus `difference`.
 *
 * For a > 0 (`greater`) or a < 0 (`less`), v = e^a - 1 and e^-b = 1 - (m/n) v/(1 + dv), a block with y_C of m and y_S of n
 * events multiplies E by e^(a y_C - b y_S) / (1 + dv)^m, which is at most 1 in expectation whatever stable's rate p in it:
 * m log(1 + (p+d)v) <= m log(1 + dv) + m pv/(1 + dv), and n log(1 - p(1 - e^-b)) <= -n p(1 - e^-b). Mixed over a. Works with
 * no event at all, where an odds ratio says nothing.
 *
 * @example
 * const process = riskDifferenceProcess({ alternative: 'less', difference: 0.001 })
 * process.add({ stable: { n: 9000, events: 0 }, canary: { n: 1000, events: 0 } })
 * process.logE // 0.65
 */
export function riskDifferenceProcess(options: {
  readonly alternative: Alternative
  readonly difference: number
}): EProcess<Rates> {
  const { alternative, difference } = options
  if (!(difference > -1 && difference < 1)) {
    throw new RangeError(`difference: expected a number between -1 and 1, got ${difference}`)
  }
  const process = checkedRiskDifferenceProcess(alternative, difference)
  return {
    add(...strata) {
      for (let at = 0; at < strata.length; at += 1) checkRates(strata[at]!)
      process.add(...strata)
    },
    get logE() {
      return process.logE
    },
    get maxLogE() {
      return process.maxLogE
    },
  }
}

/** The same for numbers that are known to be sound. */
export function checkedRiskDifferenceProcess(alternative: Alternative, difference: number): EProcess<Rates> {
  const logFactors = riskFactors(alternative, difference)
  return tiltedProcess(sizes.length, alternative, ({ stable, canary }, into) =>
    logFactors(stable.n, stable.events, canary.n, canary.events, into),
  )
}

/** What a block of n and m units with x and y events multiplies E by, as logarithms, for each size; returns its information. */
function riskFactors(
  alternative: Alternative,
  d: number,
): (n: number, x: number, m: number, y: number, into: Float64Array) => number {
  const factors = Float64Array.from(sizes, (size) => Math.expm1(alternative === 'greater' ? size : -size))
  const logOf = factors.map((v) => Math.log1p(v))
  const logTrialOf = factors.map((v) => Math.log1p(d * v))
  return (n, x, m, y, into) => {
    if (n === 0 || m === 0) return 0
    const ratio = m / n
    const largest = largestFactor(ratio, d)
    const largestLogTrial = log1p(d * largest)
    for (let at = 0; at < factors.length; at += 1) {
      const capped = factors[at]! > largest
      const v = capped ? largest : factors[at]!
      let logFactor = -m * (capped ? largestLogTrial : logTrialOf[at]!)
      if (y > 0) logFactor += y * (capped ? Math.log1p(v) : logOf[at]!)
      if (x > 0) logFactor += x * Math.log1p((-ratio * v) / (1 + d * v))
      into[at] = logFactor
    }
    return (n * m) / (n + m)
  }
}

/** Most differences are small, and then a few terms of its series are as exact and four times as fast. */
function log1p(x: number): number {
  if (!(Math.abs(x) < 0.01)) return Math.log1p(x)
  return x * (1 - x * (1 / 2 - x * (1 / 3 - x * (1 / 4 - x * (1 / 5 - x * (1 / 6 - x * (1 / 7 - x / 8)))))))
}

// The a of the mixture: small ones for frequent events, of which a tick may hold hundreds, large ones where stable has none. More of
// them were measured to be slower.
const sizes = [0.1, 0.5, 1, 2, 5]

// The part of the canary's factor that stable may have to undo: at 1 there is no such b. Measured: 0.8 and 0.9 are slower.
const largestShare = 0.6

// The v for which (m/n) v/(1 + dv) is the largest share allowed: chosen from the arms' sizes alone, so E stays valid.
function largestFactor(ratio: number, d: number): number {
  const room = ratio - largestShare * d
  return room > 0 ? largestShare / room : Infinity
}
