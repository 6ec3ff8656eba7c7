import type { Policy, SpanMetricsFacts } from '@coalmine/comparator'
import type { Arm, ByArm } from './arms.ts'
import type { Found } from './discover.ts'
import type { Increments } from './increments.ts'
import { type Labels, tells } from './labels.ts'
import type { Scraped } from './samples.ts'
import type { IncrementSlices } from './slices.ts'

/** The policy's metrics that these series cannot measure, and why. */
export function notMeasuredIn(
  { metrics }: Policy,
  { kind, family }: Found,
  labels: readonly Labels[],
): SpanMetricsFacts['notMeasured'] {
  const known = labels.map(tells)
  const lacking: Readonly<Record<string, string | undefined>> = {
    latency: kind === 'counter' ? `${family} has none. Name a histogram with --metric, or turn it off.` : undefined,
    errors: known.some(({ errors }) => errors)
      ? undefined
      : 'the series have no status. Make status.code or http.response.status_code a dimension of them, or turn it off.',
    'inner-errors': 'span metrics do not say which request a span belongs to. Turn it off, or judge from spans.',
    'client-errors': known.some(({ clientErrors }) => clientErrors)
      ? undefined
      : 'the series have neither an HTTP status nor a gRPC code. Make http.response.status_code or rpc.response.status_code a dimension of them, or turn it off.',
  }
  return metrics.flatMap(({ name, gate, measure }) => {
    const why = lacking[measure.kind]
    const isAsked = gate === 'on' || (gate === 'advisory' && measure.kind !== 'inner-errors')
    return isAsked && why !== undefined ? [{ metric: name, why }] : []
  })
}

/** Turns off a metric that could not be measured. */
export function without(notMeasured: SpanMetricsFacts['notMeasured']) {
  return (metric: Policy['metrics'][number]): Policy['metrics'][number] =>
    notMeasured.some((one) => one.metric === metric.name) ? { ...metric, gate: 'off' } : metric
}

/** The number of processes that served each cohort; 0 if one process counts for all of them, as a Collector does. */
export function instancesOf(series: ByArm<readonly Scraped[]>): ByArm<number> {
  const none = { stable: 0, canary: 0 }
  for (const label of ['service_instance_id', 'instance']) {
    const valuesOf = (arm: Arm): Set<string> =>
      new Set(series[arm].map(({ labels }) => labels[label] ?? '').filter((value) => value !== ''))
    const [stable, canary] = [valuesOf('stable'), valuesOf('canary')]
    if (stable.size === 0 || canary.size === 0) continue
    return [...stable].some((value) => canary.has(value)) ? none : { stable: stable.size, canary: canary.size }
  }
  return none
}

/** The comparator's facts about the series. */
export function spanMetricsOf(
  { family, kind }: Found,
  { joined, warmUp, bucketsDiffer }: IncrementSlices,
  cellMs: number,
  { stable, canary }: ByArm<Increments>,
  notMeasured: SpanMetricsFacts['notMeasured'],
  testsApart: boolean,
): SpanMetricsFacts {
  return {
    name: family,
    kind,
    cellSeconds: cellMs / 1000,
    joinedCells: joined,
    testsApart,
    undated: { stable: stable.undated, canary: canary.undated },
    warmUp,
    notMeasured,
    bucketsDiffer,
  }
}
