import { logBeta } from './log-beta.ts'
import { stirlingRest } from './log-gamma.ts'

/**
 * The logarithm of the regularised incomplete beta function I_x(a, b), the chance that a Beta(a, b) value is at most x, to
 * 1e-10 relative for a, b up to a million. For the upper tail swap: I_{1-x}(b, a).
 *
 * @example logIncompleteBeta(0.5, 2, 3) // log 0.6875
 */
export function logIncompleteBeta(x: number, a: number, b: number): number {
  if (!(x >= 0 && x <= 1)) throw new RangeError(`x: expected a number from 0 to 1, got ${x}`)
  if (!(a > 0 && b > 0)) throw new RangeError(`a, b: expected numbers above zero, got ${a}, ${b}`)
  if (x === 0) return -Infinity
  if (x === 1) return 0
  if (x <= (a + 1) / (a + b + 2)) return logLower(x, a, b)
  return Math.log1p(-Math.min(1, Math.exp(logLower(1 - x, b, a))))
}

function logLower(x: number, a: number, b: number): number {
  return logPower(x, a, b) + Math.log(continuedFraction(x, a, b)) - Math.log(a)
}

// log(x^a (1-x)^b / B(a, b)). For large a and b the three are huge and nearly cancel, so Stirling's terms are taken out first.
function logPower(x: number, a: number, b: number): number {
  if (Math.min(a, b) < 10) return a * Math.log(x) + b * Math.log1p(-x) - logBeta(a, b)
  const total = a + b
  const away = x - a / total
  return (
    a * Math.log1p((away * total) / a) +
    b * Math.log1p((-away * total) / b) +
    0.5 * Math.log((a * b) / total) -
    halfLog2Pi -
    stirlingRest(a) -
    stirlingRest(b) +
    stirlingRest(total)
  )
}

const halfLog2Pi = 0.9189385332046728

// Didonato and Morris 1992, TOMS 708; evaluated by Lentz's method. Converges in about sqrt(max(a, b)) steps.
function continuedFraction(x: number, a: number, b: number): number {
  let d = 1 / (1 - ((a + b) * x) / (a + 1))
  let c = 1
  let fraction = d
  for (let k = 1; k < 1e6; k += 1) {
    const even = (k * (b - k) * x) / ((a + 2 * k - 1) * (a + 2 * k))
    d = 1 / (1 + even * d)
    c = 1 + even / c
    fraction *= c * d
    const odd = (-(a + k) * (a + b + k) * x) / ((a + 2 * k) * (a + 2 * k + 1))
    d = 1 / (1 + odd * d)
    c = 1 + odd / c
    const change = c * d
    fraction *= change
    if (Math.abs(change - 1) < 1e-15) break
  }
  return fraction
}
