import { logGamma, stirlingRest } from './log-gamma.ts'

/**
 * The logarithm of the beta function for a, b > 0, to 1e-12 relative, also where the gamma functions nearly cancel.
 *
 * @example logBeta(2, 3) // -log 12
 */
export function logBeta(a: number, b: number): number {
  const small = Math.min(a, b)
  const large = Math.max(a, b)
  if (large < 10) return logGamma(small) + logGamma(large) - logGamma(small + large)
  const total = small + large
  // Stirling's formula for gamma(large) / gamma(total), with its large terms cancelled by hand (as in TOMS 708, algdiv).
  const rest = stirlingRest(large) - stirlingRest(total)
  if (small < 10) {
    return logGamma(small) + rest + small - small * Math.log(total) - (large - 0.5) * Math.log1p(small / large)
  }
  return (
    halfLog2Pi -
    0.5 * Math.log(large) +
    stirlingRest(small) +
    rest +
    (small - 0.5) * Math.log(small / total) -
    large * Math.log1p(small / large)
  )
}

const halfLog2Pi = 0.9189385332046728
