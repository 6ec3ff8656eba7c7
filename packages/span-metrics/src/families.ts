/** Span metrics by the names that they have where nobody chose others, the most telling first. */
export const knownFamilies: readonly string[] = [
  // OpenTelemetry Collector: the spanmetrics connector, and what it was before.
  'traces_span_metrics_duration_milliseconds',
  'traces_span_metrics_duration_seconds',
  'duration_milliseconds',
  'duration_seconds',
  'latency',
  // Grafana Tempo and Alloy.
  'traces_spanmetrics_latency',
  'traces_spanmetrics_duration_seconds',
  // OpenTelemetry's conventions of today and before.
  'http_server_request_duration_seconds',
  'http_server_duration_milliseconds',
  'rpc_server_call_duration_seconds',
  'rpc_server_duration_milliseconds',
  // Without latency.
  'traces_span_metrics_calls_total',
  'traces_spanmetrics_calls_total',
  'calls_total',
]

/** The name of a family, from that of any of its series. */
export function familyOf(name: string): string {
  return name.replace(/_(bucket|count|sum)$/, '')
}

/** How many seconds the unit of a family is: by its name, else what Prometheus recommends. */
export function secondsOf(family: string): number {
  // The processor before the connector counted milliseconds, and did not say so.
  if (family === 'latency' || /_(milliseconds|ms)$/.test(family)) return 0.001
  return /_(microseconds|us)$/.test(family) ? 1e-6 : 1
}
