import type { Distributions } from '../distributions.ts'
import { type TestResult, untestable } from '../fixed/result.ts'
import { tallyOf, type Values } from '../fixed/tally.ts'
import { shareProcess } from '../share.ts'
import { concentrationFor } from './quantile-interval.ts'

/**
 * Whether a quantile differs between the arms, to be looked at as often as one likes: the product of both arms' evidence against
 * any one value being the quantile of both, least over all values. Two-sided. Assumes independent values of one distribution in
 * each arm: drift and ramps deceive it, as they do not deceive `tailProcess`.
 *
 * Howard and Ramdas 2022, theorem 5.
 *
 * @example
 * const to = (most: number) => Array.from({ length: 400 }, (_, at) => (at + 1) * most)
 * quantileTest({ stable: to(1), canary: to(1.5) }, { q: 0.5, tightestAt: 400 }) // { kind: 'tested', p: 1.2e-5 }
 */
export function quantileTest(
  arms: Values | Distributions,
  options: { readonly q: number; readonly tightestAt: number; readonly alpha?: number },
): TestResult<object> {
  const { q, tightestAt, alpha = 0.05 } = options
  const { stable, canary } = tallyOf(arms)
  const concentration = concentrationFor({ tightestAt, alpha })
  const ofStable = armEvidence(total(stable), q, concentration)
  const ofCanary = armEvidence(total(canary), q, concentration)
  if (ofStable === undefined || ofCanary === undefined) return untestable('empty-arm')
  let least = Infinity
  let belowStable = 0
  let belowCanary = 0
  for (let at = 0; at < stable.length; at += 1) {
    const upToStable = belowStable + stable[at]!
    const upToCanary = belowCanary + canary[at]!
    least = Math.min(least, ofStable(belowStable, upToStable) + ofCanary(belowCanary, upToCanary))
    belowStable = upToStable
    belowCanary = upToCanary
  }
  return { kind: 'tested', p: Math.min(1, Math.exp(-least)) }
}

/** The evidence of n values against a value that `below` to `upTo` of them are at or under: the least in that range, which is convex. */
function armEvidence(
  n: number,
  q: number,
  concentration: number,
): ((below: number, upTo: number) => number) | undefined {
  if (n === 0) return undefined
  const logE = (below: number): number => {
    const process = shareProcess({ alternative: 'different', share: q, concentration })
    process.add({ stable: n - below, canary: below })
    return process.logE
  }
  // Near q n, and there exactly where the mixture is symmetric.
  let low = 0
  let high = n
  for (let step = 0; step < 40; step += 1) {
    const third = (high - low) / 3
    if (logE(low + third) < logE(high - third)) high -= third
    else low += third
  }
  const lowest = (low + high) / 2
  return (below, upTo) => logE(Math.min(Math.max(lowest, below), upTo))
}

function total(counts: readonly number[]): number {
  return counts.reduce((sum, count) => sum + count, 0)
}
