import { logGamma } from './log-gamma.ts'

/**
 * The logarithm of the regularised upper incomplete gamma function Q(a, x), the chance that a Gamma(a) value is above x, to
 * 1e-12 relative. Half of a chi-square with k degrees of freedom is a Gamma(k/2) value.
 *
 * @example logUpperGamma(0.5, 1.92) // log 0.05
 */
export function logUpperGamma(a: number, x: number): number {
  if (!(a > 0 && a < Infinity)) throw new RangeError(`a: expected a number above zero, got ${a}`)
  if (!(x >= 0)) throw new RangeError(`x: expected a number, zero or more, got ${x}`)
  if (x === 0) return 0
  if (x === Infinity) return -Infinity
  const logPower = a * Math.log(x) - x - logGamma(a)
  return x < a + 1 ? Math.log1p(-Math.exp(logPower) * series(a, x)) : logPower + Math.log(continuedFraction(a, x))
}

// Abramowitz and Stegun 6.5.29.
function series(a: number, x: number): number {
  let term = 1 / a
  let sum = term
  for (let k = a + 1; term > sum * 1e-17; k += 1) {
    term *= x / k
    sum += term
  }
  return sum
}

// Abramowitz and Stegun 6.5.31, by Lentz's method.
function continuedFraction(a: number, x: number): number {
  let b = x + 1 - a
  let c = Infinity
  let d = 1 / b
  let fraction = d
  for (let k = 1; k < 1e6; k += 1) {
    const step = k * (a - k)
    b += 2
    d = 1 / (b + step * d)
    c = b + step / c
    fraction *= c * d
    if (Math.abs(c * d - 1) < 1e-15) break
  }
  return fraction
}
