import { meanOf, mergeHistograms, quantileOf } from '@coalmine/stats'
import type { Slice } from '../slice.ts'
import type { KayentaConfig, KayentaMetric } from './config.ts'
import type { KayentaSeries } from './judge.ts'

type Arm = 'stable' | 'canary'
type Minute = readonly Slice[]

const minuteMs = 60_000

/** What a point of each series is: latencies in milliseconds, rates in per cent, requests a second of each instance. */
const pointOf: Readonly<Record<string, (minute: Minute, arm: Arm, instances: number) => number>> = {
  'latency-mean': (minute, arm) => milliseconds(meanOf(latencies(minute, arm))),
  'latency-p50': (minute, arm) => milliseconds(quantileOf(latencies(minute, arm), 0.5)),
  'latency-p90': (minute, arm) => milliseconds(quantileOf(latencies(minute, arm), 0.9)),
  'latency-p95': (minute, arm) => milliseconds(quantileOf(latencies(minute, arm), 0.95)),
  'latency-p99': (minute, arm) => milliseconds(quantileOf(latencies(minute, arm), 0.99)),
  'error-rate': (minute, arm) => perCent(minute, arm, 'errors'),
  'client-error-rate': (minute, arm) => perCent(minute, arm, 'client-errors'),
  // Its name before gRPC's codes were among them.
  '4xx-rate': (minute, arm) => perCent(minute, arm, 'client-errors'),
  throughput: (minute, arm, instances) => {
    const counts = minute.filter(({ metric }) => metric === 'requests').map((slice) => slice[arm].n)
    return counts.reduce((sum, n) => sum + n, 0) / (minuteMs / 1000) / Math.max(1, instances)
  },
}

/**
 * Turns every metric of a canary config into one point per minute for Kayenta's judge. Minutes start with the window; an
 * unfinished one is left out. A minute in which an arm served nothing has no value, except a throughput of zero.
 *
 * @param slices latency, errors, client errors and requests of both cohorts at each operation.
 * @param window milliseconds since the epoch.
 * @param instances the number of instances of each arm, to divide its throughput by.
 * @throws {RangeError} naming an unknown metric, and the known ones.
 * @example minuteSeries(slices, config, { start: 0, end: 3_600_000 }, { stable: 3, canary: 1 })[0].canary.length // 60
 */
export function minuteSeries(
  slices: Iterable<Slice>,
  { metrics }: KayentaConfig,
  window: { readonly start: number; readonly end: number },
  instances: Readonly<Record<Arm, number>>,
): KayentaSeries[] {
  const points = metrics.map((metric) => ({ metric, point: pointsOf(metric) }))
  const minutes = Array.from({ length: Math.floor((window.end - window.start) / minuteMs) }, (): Slice[] => [])
  for (const slice of slices) minutes[Math.floor((slice.tick - window.start) / minuteMs)]?.push(slice)
  return points.map(({ metric: { name, operation }, point }) => {
    const ofOperation = minutes.map((minute) =>
      operation === null ? minute : minute.filter((slice) => slice.operation === operation),
    )
    const series = (arm: Arm): number[] => ofOperation.map((minute) => point(minute, arm, instances[arm]))
    return { name, stable: series('stable'), canary: series('canary') }
  })
}

/** `errorRate`, `Error Rate` and `error-rate` are one. */
function pointsOf({ name, source }: KayentaMetric): (typeof pointOf)[string] {
  const plain = source
    .replace(/([a-z])([A-Z])/g, '$1-$2')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
  const known = Object.hasOwn(pointOf, plain) ? pointOf[plain] : undefined
  if (known) return known
  throw new RangeError(
    `metric "${name}": no series is called "${source}"; name one in its query, such as "query": { "coalmine": "latency-p99" }, of ${Object.keys(pointOf).join(', ')}`,
  )
}

function latencies(minute: Minute, arm: Arm): ReturnType<typeof mergeHistograms> {
  return mergeHistograms(
    minute.flatMap(({ metric, [arm]: side }) =>
      metric === 'latency' && side.kind === 'distribution' ? [side.histogram] : [],
    ),
  )
}

function perCent(minute: Minute, arm: Arm, wanted: string): number {
  let n = 0
  let events = 0
  for (const { metric, [arm]: side } of minute) {
    if (metric !== wanted || side.kind !== 'rate') continue
    n += side.n
    events += side.events
  }
  return n === 0 ? Number.NaN : (100 * events) / n
}

function milliseconds(seconds: number | undefined): number {
  return seconds === undefined ? Number.NaN : seconds * 1000
}
