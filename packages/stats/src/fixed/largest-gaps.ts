import type { Distributions } from '../distributions.ts'
import { tallyOf, type Values } from './tally.ts'

/**
 * How far stable's empirical distribution function lies above the canary's, and below it, where it does so most; `n` and `m`
 * are the sizes of the arms. Gaps are 0 where an arm is empty.
 *
 * @example largestGaps({ stable: [1, 2, 3, 4], canary: [3, 4, 5, 6] }) // { n: 4, m: 4, above: 0.5, below: 0 }
 */
export function largestGaps(arms: Values | Distributions): Record<'n' | 'm' | 'above' | 'below', number> {
  const { stable, canary } = tallyOf(arms)
  const n = stable.reduce((sum, count) => sum + count, 0)
  const m = canary.reduce((sum, count) => sum + count, 0)
  let above = 0
  let below = 0
  if (n === 0 || m === 0) return { n, m, above, below }
  let ofStable = 0
  let ofCanary = 0
  for (let at = 0; at < stable.length; at += 1) {
    ofStable += stable[at]!
    ofCanary += canary[at]!
    const difference = ofStable / n - ofCanary / m
    above = Math.max(above, difference)
    below = Math.max(below, -difference)
  }
  return { n, m, above, below }
}
