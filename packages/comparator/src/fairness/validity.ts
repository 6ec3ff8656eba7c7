import { beforeAfterReasons, fewestDays } from '../before-after.ts'
import type { Facts } from '../facts.ts'
import { throughputReasons } from '../metrics/throughput.ts'
import type { Policy } from '../policy/policy.ts'
import type { Reason } from '../reason.ts'
import type { OperationSeries } from '../series.ts'
import { assumptionReasons } from '../verdict/assumes.ts'
import { answerReasons } from './answers.ts'
import { cohortsInvalid, cohortsUnfair } from './cohorts.ts'
import { unmatchedReasons } from './coverage.ts'
import type { Hosts } from './hosts.ts'
import { instanceReasons } from './instances.ts'
import { clocksInvalid, instrumentationReasons } from './instrumentation.ts'
import { lateReasons } from './late.ts'
import { leftOut } from './left-out.ts'
import { lookReasons } from './looks.ts'
import { mixReasons } from './mix.ts'
import { quietReasons } from './quiet.ts'
import { retriedReasons } from './retried.ts'
import { sampledReasons } from './sampled.ts'
import { bucketsInvalid, spanMetricsNotes, spanMetricsReasons } from './span-metrics.ts'
import { starvedReasons } from './starved.ts'
import { unnamedReasons } from './unnamed.ts'
import { valueReasons } from './values.ts'

/** Reasons why a comparison is invalid. */
export function invalidReasons(facts: Facts, series: readonly OperationSeries[]): Reason[] {
  const { beforeAfter } = facts
  if (beforeAfter && beforeAfter.days.length < fewestDays) return beforeAfterReasons(beforeAfter)
  return [...bucketsInvalid(facts), ...cohortsInvalid(facts, series), ...clocksInvalid(facts)]
}

/**
 * Reasons why a comparison is unfair, and notes on it, most serious first: if a reason blocks, the comparison
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
    ...quietReasons(facts, series),
    ...unmatchedReasons(series, policy),
    ...unnamedReasons(series),
    ...instrumentationReasons(facts, policy),
    ...answerReasons(facts, policy),
    ...instanceReasons(facts, hosts, policy),
    ...assumptionReasons(facts),
    ...starvedReasons(facts, series, policy),
    ...mixReasons(series),
    ...lateReasons(facts),
    ...retriedReasons(facts),
    ...valueReasons(facts),
    ...throughputReasons(policy, facts),
    ...sampledReasons(facts),
    ...lookReasons(facts, policy),
    ...spanMetricsReasons(facts, series, policy),
  ]
  return [...reasons.filter((one) => one.weight === 'blocks'), ...reasons.filter((one) => one.weight !== 'blocks')]
}

/** Notes on what was not judged, and how the rest was read; they change no decision. */
export function notes(facts: Facts): Reason[] {
  const { beforeAfter } = facts
  const days = beforeAfter && beforeAfter.days.length >= fewestDays ? beforeAfterReasons(beforeAfter) : []
  return [...days, ...leftOut(facts), ...spanMetricsNotes(facts)]
}
