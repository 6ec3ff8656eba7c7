import { conformalProcess, quantileOf, type Timed } from '@coalmine/stats'
import type { LatencyMargin, RateMargin } from '../policy/margin.ts'
import type { Policy } from '../policy/policy.ts'
import { type Block, blockMs, groupedBy, joinedBlocks, type UsersBlock } from './users-block.ts'

/** Fewer blocks than this say too little of what is usual. */
export const fewestBlocks = 20

/** Evidence that users' requests during a run are worse than in the blocks without it, with a block of time as one unit. */
export interface TimeEvidence {
  /** What is judged. */
  readonly metric: string
  readonly operation: string | null
  /** Of the false alarm rate its part. */
  readonly weight: number
  /** E at its highest, times its part: harm is proved where this reaches one over the false alarm rate. */
  readonly e: number
  /** When it did so, in milliseconds since 1970: the end of that block; null where it did not. */
  readonly provedMs: number | null
}

interface Scope {
  readonly operation: string | null
  readonly weight: number
  readonly during: readonly Block[]
  readonly without: readonly Block[]
}

interface Score {
  readonly metric: string
  readonly of: (block: Block) => number | undefined
  readonly worsened: (value: number) => number
}

// As in the gate: smaller operations are in the service as a whole.
const leastShare = 0.05

/**
 * The evidence of each metric in the service as a whole and in each of its larger operations. Each is valid by itself at its own part
 * of the false alarm rate, so that no assumption is needed of how they go together (Bonferroni).
 *
 * @param alpha the false alarm rate of all of them together.
 */
export function timeEvidence(
  during: readonly UsersBlock[],
  without: readonly UsersBlock[],
  { policy, alpha }: { readonly policy: Policy; readonly alpha: number },
): TimeEvidence[] {
  return scopesOf(during, without).flatMap((scope) => {
    const scores = scoresOf(scope, policy)
    return scores.map((score) => evidenceOf(scope, score, scope.weight / scores.length, alpha))
  })
}

function evidenceOf({ operation, during, without }: Scope, score: Score, weight: number, alpha: number): TimeEvidence {
  const timed = (blocks: readonly Block[]): Timed[] =>
    blocks.flatMap((block) => {
      const value = score.of(block)
      return value === undefined ? [] : [{ at: block.fromMs / blockMs, value }]
    })
  const before = timed(without)
  const nothing = { metric: score.metric, operation, weight, e: weight, provedMs: null }
  if (before.length < fewestBlocks) return nothing
  const process = conformalProcess(before, score.worsened)
  let provedMs: number | null = null
  for (const one of timed(during)) {
    process.add(one)
    if (provedMs === null && weight * Math.exp(process.maxLogE) >= 1 / alpha) provedMs = (one.at + 1) * blockMs
  }
  return { ...nothing, e: weight * Math.exp(process.maxLogE), provedMs }
}

function scopesOf(during: readonly UsersBlock[], without: readonly UsersBlock[]): Scope[] {
  const requests = without.reduce((sum, one) => sum + one.requests, 0)
  const byOperation = groupedBy(without, ({ operation }) => operation)
  const sums = [...byOperation].map(([operation, blocks]) => ({
    operation,
    share: blocks.reduce((sum, one) => sum + one.requests, 0) / requests,
  }))
  const large = sums.filter(({ share }) => share >= leastShare)
  const whole = {
    operation: null,
    weight: sums.length === 1 || large.length === 0 ? 1 : 0.5,
    during: joinedBlocks(during),
    without: joinedBlocks(without),
  }
  if (whole.weight === 1) return [whole]
  const shares = large.reduce((sum, { share }) => sum + share, 0)
  const of = (blocks: readonly UsersBlock[], name: string): Block[] =>
    joinedBlocks(blocks.filter(({ operation }) => operation === name))
  return [
    whole,
    ...large.map(({ operation, share }) => ({
      operation,
      weight: (0.5 * share) / shares,
      during: of(during, operation),
      without: of(without, operation),
    })),
  ]
}

// A quantile of fewer requests is one of the slowest two.
const requestsForTail = 200

function scoresOf({ without }: Scope, { metrics }: Policy): Score[] {
  const scores: Score[] = []
  const latency = metrics.find(({ measure, gate }) => measure.kind === 'latency' && gate === 'on')
  if (latency) {
    const { ratio, seconds } = latency.margin as LatencyMargin
    const worsened = (value: number): number => Math.max(value * (1 + ratio), value + seconds)
    const usual = without.map(({ requests }) => requests).sort((a, b) => a - b)[Math.floor(without.length / 2)] ?? 0
    for (const q of usual >= requestsForTail ? [0.5, 0.9, 0.99] : [0.5, 0.9])
      scores.push({ metric: 'latency', of: (block) => quantileOf(block.latency, q), worsened })
  }
  const errors = metrics.find(({ measure, gate }) => measure.kind === 'errors' && gate === 'on')
  if (errors) {
    const { oddsRatio, difference } = errors.margin as RateMargin
    scores.push({
      metric: 'errors',
      of: ({ requests, errors: failed }) => (requests === 0 ? undefined : failed / requests),
      worsened: (rate) => Math.max((oddsRatio * rate) / (1 - rate + oddsRatio * rate), Math.min(1, rate + difference)),
    })
  }
  return scores
}
