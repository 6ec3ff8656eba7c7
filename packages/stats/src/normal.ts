/**
 * The logarithm of the standard normal distribution function, to 1e-12 relative from z = -37 to 5 and beyond.
 *
 * @example logNormalCdf(-10) // -53.2312852
 */
export function logNormalCdf(z: number): number {
  if (Number.isNaN(z)) throw new RangeError('z: expected a number, got NaN')
  if (z > 0) return Math.log1p(-Math.exp(logLowerTail(-z)))
  return logLowerTail(z)
}

const logSqrt2Pi = 0.9189385332046728

function logLowerTail(z: number): number {
  if (z === -Infinity) return -Infinity
  const logDensity = -0.5 * z * z - logSqrt2Pi
  return z > -3 ? Math.log(0.5 - Math.exp(logDensity) * seriesFromZero(-z)) : logDensity + Math.log(millsRatio(-z))
}

// (Phi(x) - 1/2) / density(x) = x + x^3/3 + x^5/(3 5) + ... (Abramowitz and Stegun 26.2.11).
function seriesFromZero(x: number): number {
  let term = x
  let sum = x
  for (let k = 3; term > sum * 1e-17; k += 2) {
    term *= (x * x) / k
    sum += term
  }
  return sum
}

// (1 - Phi(x)) / density(x) = 1/(x + 1/(x + 2/(x + 3/(x + ...)))) for x >= 3 (Abramowitz and Stegun 26.2.14).
function millsRatio(x: number): number {
  let fraction = x
  for (let k = 60; k >= 1; k -= 1) fraction = x + k / fraction
  return 1 / fraction
}
