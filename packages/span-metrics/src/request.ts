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

/** A comparison as of spans, and which span metrics tell of it. */
export interface SpanMetricsRequest extends ComparisonBody {
  /** The histogram, or counter, by any name that its series have; the first known one that both cohorts have, when left out. */
  readonly metric?: string | undefined
  /** Times such as `250ms` or `1s`; the policy has the metrics of `slowerThanMetrics` for them. */
  readonly slowerThan?: readonly string[] | undefined
}

/** A request whose every part is known to be sound; times are milliseconds since 1970. */
export interface SoundRequest {
  readonly service: string
  readonly stable: string
  readonly canary: string
  readonly traffic: Traffic
  readonly metric: string | undefined
  /** Metrics of slow requests: by name, from how many seconds on. */
  readonly slowerThan: ReadonlyMap<string, number>
  /** Undefined where the window begins with the canary. */
  readonly startMs: number | undefined
  readonly endMs: number
  /** Whether the window was to end at a moment, and not now. */
  readonly ended: boolean
  /** Whether later looks start where this one does. */
  readonly anchored: boolean
  readonly policy: Policy
}

/**
 * The metrics that judge the share of requests slower than some times, for the policy of a request.
 *
 * @example slowerThanMetrics(['250ms']) // { 'slower-than-250ms': { share: 'duration>250ms' } }
 */
export function slowerThanMetrics(times: readonly string[]): Record<string, MetricInput> {
  return Object.fromEntries(times.map((time) => [metricOf(time), { share: `duration>${time}` }]))
}

const metricOf = (time: string): string => `slower-than-${time}`

const secondsIn = (time: string): number => Number.parseFloat(time) / (time.endsWith('ms') ? 1000 : 1)

/**
 * Reads a request.
 *
 * Throws a SpanMetricsError of kind `usage` for what span metrics cannot tell.
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

/** The policy, of which every metric can be told from span metrics. */
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

// Flags of these are refused before; here they come from coalmine.yaml.
function refuseUnknown({ audience, scope }: SpanMetricsRequest): void {
  if (audience?.length)
    throw new SpanMetricsError('usage', 'audience: span metrics do not know it; leave it out for --prometheus')
  if (scope !== undefined && scope !== 'requests')
    throw new SpanMetricsError('usage', `scope: ${scope} is not known from span metrics; leave it out for --prometheus`)
}

/** Whose requests are asked for, as labels. */
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
