import type { Distributions } from '../distributions.ts'
import { largestGaps } from './largest-gaps.ts'
import { type Sided, type TestResult, untestable } from './result.ts'
import type { Values } from './tally.ts'

/**
 * Whether the arms' distributions differ anywhere, by one look at one sample of each: the largest distance between their
 * empirical distribution functions, with the asymptotic p-value. `greater`: the canary's values are larger somewhere (stable's
 * distribution function is above). Ties, and buckets, make it conservative.
 *
 * Smirnov 1948, Table for estimating the goodness of fit of empirical distributions.
 *
 * @example kolmogorovSmirnov({ stable: [1, 2, 3, 4], canary: [3, 4, 5, 6] }, { alternative: 'different' })
 * // { kind: 'tested', p: 0.699, distance: 0.5 }
 */
export function kolmogorovSmirnov(
  arms: Values | Distributions,
  options: { readonly alternative: Sided },
): TestResult<{ readonly distance: number }> {
  const { alternative } = options
  const { n, m, above, below } = largestGaps(arms)
  if (n === 0 || m === 0) return untestable('empty-arm')
  const distance = alternative === 'greater' ? above : alternative === 'less' ? below : Math.max(above, below)
  const lambda = distance * Math.sqrt((n * m) / (n + m))
  return {
    kind: 'tested',
    p: alternative === 'different' ? twoSided(lambda) : Math.exp(-2 * lambda * lambda),
    distance,
  }
}

// P(K > lambda) for Kolmogorov's distribution: the alternating series where it is small, Jacobi's form of it where it is not.
function twoSided(lambda: number): number {
  if (lambda === 0) return 1
  let sum = 0
  if (lambda > 1) {
    for (let k = 1; k <= 10; k += 1) sum += (k % 2 === 1 ? 2 : -2) * Math.exp(-2 * k * k * lambda * lambda)
    return sum
  }
  for (let k = 1; k <= 19; k += 2) sum += Math.exp((-k * k * Math.PI ** 2) / (8 * lambda * lambda))
  return 1 - (Math.sqrt(2 * Math.PI) / lambda) * sum
}
