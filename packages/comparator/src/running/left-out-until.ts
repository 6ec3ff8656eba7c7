import type { Facts } from '../facts.ts'
import { starvedIn } from '../fairness/starved.ts'
import { youngTicks } from '../fairness/young.ts'
import type { MetricPolicy } from '../policy/metric-policy.ts'
import type { Policy } from '../policy/policy.ts'
import type { OperationSeries } from '../series.ts'
import { tickMs } from '../tick.ts'

/**
 * Fingerprint of the ticks up to a given one that cannot FAIL on latency, since both arms starved or the canary was young: new ticks may
 * change which earlier ticks these are.
 */
export function leftOutUntil(
  until: number,
  series: readonly OperationSeries[],
  metrics: readonly MetricPolicy[],
  policy: Policy,
  facts: Facts,
): string {
  const starved = metrics
    .filter(({ measure }) => measure.kind === 'latency')
    .flatMap(({ name }) => starvedIn(series, name))
    .filter(({ from }) => from <= until)
    .map(({ from, to }) => [from, Math.min(to, until + tickMs)])
  return JSON.stringify([starved, youngUntil(until, series, policy, facts)])
}

function youngUntil(until: number, series: readonly OperationSeries[], policy: Policy, facts: Facts): number[] {
  if (!facts.fairness?.instances?.some((one) => one.born && one.cohort === 'canary')) return []
  const isYoung = youngTicks(facts, policy)
  const young: number[] = []
  let tick = series.reduce((first, { requests }) => Math.min(first, requests[0]?.tick ?? until), until)
  for (; tick <= until; tick += tickMs) if (isYoung(tick)) young.push(tick)
  return young
}
