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

/** Metrics of gRPC's own, where an application has no others: those of gRPC's OpenTelemetry plugin, and of go-grpc-prometheus. */
export const grpcFamilies: readonly string[] = [
  'grpc_server_call_duration_seconds',
  'grpc_server_handling_seconds',
  // Without latency.
  'grpc_server_handled_total',
]

/** Metrics of Istio's proxies: each request is counted by the proxy of whoever asks, and by that of whoever answers. */
export const istioFamilies: readonly string[] = ['istio_request_duration_milliseconds', 'istio_requests_total']

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
