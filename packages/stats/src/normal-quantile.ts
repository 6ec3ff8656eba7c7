import { logNormalCdf } from './normal.ts'

/**
 * The value that a standard normal variable stays below with probability `p`, to 1e-12 relative, also far out in the lower tail.
 *
 * @example normalQuantile(0.025) // -1.959963984540054
 */
export function normalQuantile(p: number): number {
  if (!(p >= 0 && p <= 1)) throw new RangeError(`p: expected a number from 0 to 1, got ${p}`)
  if (p > 0.5) return -normalQuantile(1 - p)
  if (p === 0) return -Infinity
  // log Phi is concave and Phi(z) <= exp(-z^2/2)/2: from this start on the left, Newton's steps rise to the root and never pass it.
  const logP = Math.log(p)
  let z = -Math.sqrt(-2 * Math.min(0, logP + Math.LN2))
  for (let step = 0; step < 50; step += 1) {
    const logCdf = logNormalCdf(z)
    const rise = (logP - logCdf) * Math.exp(logCdf + 0.5 * z * z + logSqrt2Pi)
    z += rise
    if (Math.abs(rise) <= 1e-15 * Math.abs(z)) break
  }
  return z
}

const logSqrt2Pi = 0.9189385332046728
