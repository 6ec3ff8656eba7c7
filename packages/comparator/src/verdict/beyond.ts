import type { Decided } from '../decide.ts'
import type { Finding } from '../finding.ts'

/** Why a finding whose interval lies beyond its margin is no FAIL. */
export type HeldBack = 'users' | 'instances' | 'hosts'

/** A finding, by its metric and operation. */
export function findingKey({ metric, operation }: Pick<Finding, 'metric' | 'operation'>): string {
  return JSON.stringify([metric, operation])
}

/**
 * The findings that are not settled although the canary measures worse than the margin, and what keeps each from FAIL: nobody is
 * to wait for such evidence to grow, or to take the difference for one that is close to the margin.
 */
export function heldBackIn(decided: readonly Decided[], findings: readonly Finding[]): ReadonlyMap<string, HeldBack> {
  const found = new Map<string, HeldBack>()
  for (const [at, one] of decided.entries()) {
    const finding = findings[at]!
    if (one.decision !== 'inconclusive' || one.metric.expect !== 'no-worse') continue
    const { withUsers, acrossInstances } = one.tested
    if (withUsers && withUsers.worse.maxLogE >= one.neededWorse) found.set(findingKey(finding), 'users')
    else if (acrossInstances && acrossInstances.maxLogE >= one.neededWorse) found.set(findingKey(finding), 'instances')
    else if (isBeyond(one, finding)) found.set(findingKey(finding), 'hosts')
  }
  return found
}

/** Whether all of the interval is worse than the margin. */
function isBeyond(
  { metric }: Decided,
  { effect, interval, stable }: Pick<Finding, 'effect' | 'interval' | 'stable'>,
): boolean {
  const { lower, changed } = interval
  if (metric.worse !== 'higher' || lower === null || changed) return false
  const { margin } = metric
  if ('oddsRatio' in margin)
    return (
      lower > (effect.kind === 'odds-ratio' ? margin.oddsRatio : effect.kind === 'ratio' ? Infinity : margin.difference)
    )
  if (effect.kind !== 'ratio') return false
  const seconds = 'seconds' in margin ? margin.seconds : 0
  return lower > 1 + margin.ratio && (lower - 1) * (stable.value ?? 0) > seconds
}
