import { beforeAfterReasons, fewestDays } from './before-after.ts'
import { cohortsInvalid, cohortsUnfair } from './fair/cohorts.ts'
import { unmatchedReasons } from './fair/coverage.ts'
import { instanceReasons } from './fair/instances.ts'
import { instrumentationReasons } from './fair/instrumentation.ts'
import { leftOut } from './fair/left-out.ts'
import { lookReasons } from './fair/looks.ts'
import { mixReasons } from './fair/mix.ts'
import { sampledReasons } from './fair/sampled.ts'
import { valueReasons } from './fair/values.ts'
import type { Policy } from './policy.ts'
import type { OperationSeries } from './series.ts'
import { throughputReasons } from './throughput.ts'
import type { Facts, Hosts, Reason } from './verdict.ts'

/** Reasons for which a comparison means nothing. */
export function invalidReasons(facts: Facts, series: readonly OperationSeries[]): Reason[] {
  const { beforeAfter } = facts
  if (beforeAfter && beforeAfter.days.length < fewestDays) return beforeAfterReasons(beforeAfter)
  return cohortsInvalid(facts, series)
}

/**
 * What makes a comparison unfair, and what is good to know of it, the gravest first: where a reason blocks, the comparison
 * can FAIL, but never PASS.
 */
export function unfairReasons(
  facts: Facts,
  series: readonly OperationSeries[],
  policy: Policy,
  hosts: Hosts | null,
): Reason[] {
  const reasons = [
    ...cohortsUnfair(facts, series, policy),
    ...unmatchedReasons(series, policy),
    ...instrumentationReasons(facts, policy),
    ...instanceReasons(facts, hosts, policy),
    ...mixReasons(series),
    ...valueReasons(facts),
    ...throughputReasons(policy, facts),
    ...sampledReasons(facts),
    ...lookReasons(facts, policy),
  ]
  return [...reasons.filter((one) => one.weight === 'blocks'), ...reasons.filter((one) => one.weight !== 'blocks')]
}

/** What was not judged, and how the rest was read: it changes no decision. */
export function notes(facts: Facts): Reason[] {
  const { beforeAfter } = facts
  const days = beforeAfter && beforeAfter.days.length >= fewestDays ? beforeAfterReasons(beforeAfter) : []
  return [...days, ...leftOut(facts)]
}
