import {
  type ComparisonBody,
  type MetricInput,
  type Policy,
  parsePolicy,
  problemsText,
  type Traffic,
} from '@coalmine/comparator'
import type { Matcher } from './cohort.ts'
import { SpanMetricsError } from './errors.ts'

/** A comparison as for spans, and the span metrics to judge it by. */
export interface SpanMetricsRequest extends ComparisonBody {
  /** The histogram or counter, by the name of any of its series; by default the first known one that both cohorts have. */
  readonly metric?: string | undefined
  /** Times such as `250ms` or `1s`; the policy must contain the metrics that `slowerThanMetrics` makes of them. */
  readonly slowerThan?: readonly string[] | undefined
}

/** A validated request; times are milliseconds since 1970. */
export interface SoundRequest {
  readonly service: string
  readonly stable: string
  readonly canary: string
  readonly traffic: Traffic
  readonly metric: string | undefined
  /** Thresholds of the slow-request metrics in seconds, by metric name. */
  readonly slowerThan: ReadonlyMap<string, number>
  /** Undefined if the window begins with the canary. */
  readonly startMs: number | undefined
  readonly endMs: number
  /** Whether the request set an end of the window, rather than ending it now. */
  readonly ended: boolean
  /** Whether later looks start at the same moment as this one. */
  readonly anchored: boolean
  readonly policy: Policy
}

/**
 * Metrics for a policy that judge the share of requests slower than the given times.
 *
 * @example slowerThanMetrics(['250ms']) // { 'slower-than-250ms': { share: 'duration>250ms' } }
 */
export function slowerThanMetrics(times: readonly string[]): Record<string, MetricInput> {
  return Object.fromEntries(times.map((time) => [metricOf(time), { share: `duration>${time}` }]))
}

const metricOf = (time: string): string => `slower-than-${time}`

const secondsIn = (time: string): number => Number.parseFloat(time) / (time.endsWith('ms') ? 1000 : 1)

/**
 * Validates a request.
 *
 * Throws a SpanMetricsError of kind `usage` for anything that span metrics cannot answer.
 */
export function soundRequest(request: SpanMetricsRequest, nowMs: number): SoundRequest {
  const { service, stable, canary, traffic = 'users', metric, slowerThan = [] } = request
  const { sinceMs, start, end } = request.window ?? {}
  const endMs = end === undefined ? nowMs : Date.parse(end)
  const slow = new Map(slowerThan.map((time) => [metricOf(time), secondsIn(time)]))
  const policy = policyOf(request, slow)
  refuseUnknown(request)
  return {
    service,
    stable,
    canary,
    traffic: traffic as Traffic,
    metric,
    slowerThan: slow,
    startMs: start !== undefined ? Date.parse(start) : sinceMs === undefined ? undefined : endMs - sinceMs,
    endMs,
    ended: end !== undefined,
    anchored: sinceMs === undefined,
    policy,
  }
}

/** The policy, all of whose metrics must be measurable from span metrics. */
function policyOf({ policy: input }: SpanMetricsRequest, slow: ReadonlyMap<string, number>): Policy {
  const parsed = parsePolicy(input)
  if (parsed.kind === 'problems') throw new SpanMetricsError('usage', problemsText(parsed.problems))
  const foreign = parsed.policy.metrics.find(
    ({ name, gate, measure }) =>
      gate !== 'off' && ['attribute', 'calls', 'share'].includes(measure.kind) && !slow.has(name),
  )
  if (!foreign) return parsed.policy
  throw new SpanMetricsError(
    'usage',
    `metrics.${foreign.name}: span metrics have no attributes and no calls; turn it off for --prometheus, or judge spans`,
  )
}

// The command line already refuses these as flags; here they come from coalmine.yaml.
function refuseUnknown({ audience, scope }: SpanMetricsRequest): void {
  if (audience?.length)
    throw new SpanMetricsError('usage', 'audience: span metrics do not know it; leave it out for --prometheus')
  if (scope !== undefined && scope !== 'requests')
    throw new SpanMetricsError('usage', `scope: ${scope} is not known from span metrics; leave it out for --prometheus`)
}

/** Label matchers for the chosen traffic. */
export function trafficMatchers(traffic: Traffic): Matcher[] {
  switch (traffic) {
    case 'all':
      return []
    case 'test':
      return [{ label: 'coalmine_test', operator: '=', value: 'true' }]
    case 'users':
      return [{ label: 'coalmine_test', operator: '!=', value: 'true' }]
  }
}
