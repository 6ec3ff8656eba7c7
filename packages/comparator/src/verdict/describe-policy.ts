import { percent } from '../numbers.ts'
import type { Measure } from '../policy/measure.ts'
import type { MetricPolicy } from '../policy/metric-policy.ts'
import type { Policy } from '../policy/policy.ts'
import { expectationPhrase } from './expectation-phrase.ts'

/** A metric of a policy in plain words, for a reviewer. */
export interface Described {
  readonly metric: string
  /** What is required of it, and what it measures. */
  readonly asked: string
  /** `decides`, `critical`, `advisory`, `off`, or why it is not judged. */
  readonly gate: string
  readonly reason: string | null
}

/**
 * A policy in plain words, metric by metric.
 *
 * @example describePolicy(defaultPolicy)[0] // { metric: 'latency', asked: 'no worse by more than 10 % or 2 ms', gate: 'decides', reason: null }
 */
export function describePolicy({ metrics, split }: Policy): Described[] {
  return metrics.map((metric) => ({
    metric: metric.name,
    asked: `${expectationPhrase(metric)}${sourcePhrase(metric.measure)}`,
    gate: gatePhrase(metric, split),
    reason: metric.reason,
  }))
}

/**
 * The error rates of a policy, one sentence each.
 *
 * @example describeErrors(defaultPolicy)[0] // 'A canary that is no worse than this FAILs with a chance of at most 5 %, ...'
 */
export function describeErrors({ alpha, alphaPass, minimumShare, mode, metrics, split }: Policy): string[] {
  const decides = metrics.some(
    ({ gate, measure }) => gate === 'on' && (measure.kind !== 'lost-requests' || split !== null),
  )
  return [
    ...(decides ? [] : ['No metric decides: no verdict will be PASS or FAIL until one has gate: true.']),
    `A canary that is no worse than this FAILs with a chance of at most ${percent(alpha)}, over all metrics and operations together, ${looksPhrase(mode)}.`,
    `A canary that is worse PASSes with a chance of at most ${percent(alphaPass)}, for each metric and operation.`,
    `Operations with at least ${percent(minimumShare)} of the traffic are judged one by one, smaller ones together.`,
  ]
}

function looksPhrase(mode: Policy['mode']): string {
  if (mode === 'sequential') return 'however often you look'
  return 'if you look once, at the end'
}

function gatePhrase({ gate, critical, weight, measure }: MetricPolicy, split: number | null): string {
  if (gate === 'off') return 'off'
  if (measure.kind === 'lost-requests' && split === null)
    return 'judged where callers send spans, or where a split is declared'
  const part = weight === 1 ? '' : `, weight ${weight}`
  if (gate === 'advisory') return `advisory${critical ? ', critical' : ''}${part}`
  return `${critical ? 'critical' : 'decides'}${part}`
}

function sourcePhrase(measure: Measure): string {
  switch (measure.kind) {
    case 'attribute':
      return `, ${measure.reduce} of ${measure.key} per request`
    case 'calls':
      return `, spans with ${measure.of} per request`
    case 'share':
      return `, share of requests with ${measure.of}`
    default:
      return ''
  }
}
