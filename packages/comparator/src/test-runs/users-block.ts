import { type Histogram, mergeHistograms, quantileOf } from '@coalmine/stats'
import type { UsersLevel } from './answers.ts'

/** Length of the blocks in which users' requests are compared, in milliseconds: longer than the bursts of most services. */
export const blockMs = 30_000

/** Users' requests at one operation in one block of time. */
export interface UsersBlock {
  readonly operation: string
  /** Start of the block, in milliseconds since 1970. */
  readonly fromMs: number
  readonly requests: number
  readonly errors: number
  readonly clientErrors: number
  /** In seconds. */
  readonly latency: Histogram
}

/** A block for one operation, or for all operations together. */
export type Block = Omit<UsersBlock, 'operation'>

/** Blocks of several operations as one of each time, in order. */
export function joinedBlocks(blocks: readonly UsersBlock[]): Block[] {
  const byTime = groupedBy(blocks, ({ fromMs }) => fromMs)
  const sum = (some: readonly UsersBlock[], of: (one: UsersBlock) => number): number =>
    some.reduce((total, one) => total + of(one), 0)
  return [...byTime]
    .sort(([a], [b]) => a - b)
    .map(([fromMs, some]) => ({
      fromMs,
      requests: sum(some, ({ requests }) => requests),
      errors: sum(some, ({ errors }) => errors),
      clientErrors: sum(some, ({ clientErrors }) => clientErrors),
      latency: mergeHistograms(some.map(({ latency }) => latency)),
    }))
}

/** What users' requests were like over some blocks. */
export function levelOf(blocks: readonly Block[]): UsersLevel {
  const requests = blocks.reduce((sum, one) => sum + one.requests, 0)
  const errors = blocks.reduce((sum, one) => sum + one.errors, 0)
  const latency = mergeHistograms(blocks.map((one) => one.latency))
  const seconds = (new Set(blocks.map(({ fromMs }) => fromMs)).size * blockMs) / 1000
  const quantile = (q: number): number | null => quantileOf(latency, q) ?? null
  return {
    requests,
    requestsPerSecond: seconds === 0 ? 0 : requests / seconds,
    errorShare: requests === 0 ? null : errors / requests,
    p50: quantile(0.5),
    p90: quantile(0.9),
    p99: quantile(0.99),
  }
}

/** Blocks by what they have in common. */
export function groupedBy<Key>(
  blocks: readonly UsersBlock[],
  keyOf: (block: UsersBlock) => Key,
): ReadonlyMap<Key, readonly UsersBlock[]> {
  const groups = new Map<Key, UsersBlock[]>()
  for (const block of blocks) {
    const key = keyOf(block)
    const group = groups.get(key)
    if (group) group.push(block)
    else groups.set(key, [block])
  }
  return groups
}
