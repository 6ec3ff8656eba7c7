// Judging

export { judgeSpanMetrics } from './judge-span-metrics.ts'

// What is asked, and of which Prometheus

export type { PrometheusAccess } from './api.ts'
export { type SpanMetricsRequest, slowerThanMetrics } from './request.ts'

// Why it cannot be judged

export { SpanMetricsError, type SpanMetricsTrouble } from './errors.ts'
