import type { Distributions } from '../distributions.ts'
import { tallyOf, type Values } from './tally.ts'

/** What a block says of the order of its arms: how many pairs the canary wins, and what equal distributions would give. */
interface RankMoments {
  /** The number of values in stable. */
  readonly n: number
  /** The number of values in the canary. */
  readonly m: number
  /** Pairs that the canary wins, ties counted one half. */
  readonly wins: number
  /** The variance of the wins under equal distributions, given the ties. */
  readonly variance: number
  readonly ties: boolean
}

/** The moments of a block, with stable's histogram moved up by `shift` buckets. */
export function rankMoments(arms: Values | Distributions, shift = 0): RankMoments {
  const { stable, canary } = tallyOf(arms, shift)
  let n = 0
  let m = 0
  let wins = 0
  let tied = 0
  for (let at = 0; at < stable.length; at += 1) {
    const s = stable[at]!
    const c = canary[at]!
    wins += c * (n + s / 2)
    n += s
    m += c
    tied += (s + c) ** 3 - (s + c)
  }
  const total = n + m
  const variance = total < 2 ? 0 : ((n * m) / 12) * (total + 1 - tied / (total * (total - 1)))
  return { n, m, wins, variance: Math.max(0, variance), ties: tied > 0 }
}
