// Judging

export { judgeSpanMetrics } from './judge-span-metrics.ts'

// The request, and the Prometheus to query

export type { PrometheusAccess } from './api.ts'
export { type SpanMetricsRequest, slowerThanMetrics } from './request.ts'

// Errors

export { SpanMetricsError, type SpanMetricsTrouble } from './errors.ts'
