import type { Verdict } from '@coalmine/comparator'
import { judgeSpanMetrics, type SpanMetricsRequest, slowerThanMetrics } from '@coalmine/span-metrics'
import { comparisonRequest } from './comparison.ts'
import type { ComparisonOptions } from './comparison-options.ts'
import { type Io, tell } from './io.ts'
import type { SpanMetricsOptions } from './span-metrics-options.ts'
import { version } from './version.ts'

/** Builds a span-metrics request: a comparison whose policy may also judge the share of requests above a latency bound. */
export async function spanMetricsRequest(options: ComparisonOptions & SpanMetricsOptions): Promise<SpanMetricsRequest> {
  const { metric, slowerThan = [] } = options
  return { ...(await comparisonRequest(options, slowerThanMetrics(slowerThan))), metric, slowerThan }
}

/** Returns a function that asks a Prometheus for a verdict each time it is called, and prints each warning once. */
export function spanMetricsJudge(
  url: string,
  request: SpanMetricsRequest,
  { prometheusHeader = [] }: SpanMetricsOptions,
  io: Io,
): () => Promise<Verdict> {
  const warned = new Set<string>()
  const warn = (message: string): void => {
    if (!warned.has(message)) tell(io, message)
    warned.add(message)
  }
  const access = { url, headers: [prometheusHeader].flat(), stop: io.stop, warn }
  return () => judgeSpanMetrics(request, access, { now: Date.now(), version })
}
