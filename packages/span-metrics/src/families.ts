/** The default names of span metrics, most informative first. */
export const knownFamilies: readonly string[] = [
  // OpenTelemetry Collector: the spanmetrics connector, and the processor that preceded it.
  'traces_span_metrics_duration_milliseconds',
  'traces_span_metrics_duration_seconds',
  'duration_milliseconds',
  'duration_seconds',
  'latency',
  // Grafana Tempo and Alloy.
  'traces_spanmetrics_latency',
  'traces_spanmetrics_duration_seconds',
  // OpenTelemetry's semantic conventions, current and earlier.
  'http_server_request_duration_seconds',
  'http_server_duration_milliseconds',
  'rpc_server_call_duration_seconds',
  'rpc_server_duration_milliseconds',
  // Without latency.
  'traces_span_metrics_calls_total',
  'traces_spanmetrics_calls_total',
  'calls_total',
]

/** gRPC's own metrics, for applications without others: those of gRPC's OpenTelemetry plugin, and of go-grpc-prometheus. */
export const grpcFamilies: readonly string[] = [
  'grpc_server_call_duration_seconds',
  'grpc_server_handling_seconds',
  // Without latency.
  'grpc_server_handled_total',
]

/** Metrics of Istio's proxies: each request is counted by both the client's proxy and the server's. */
export const istioFamilies: readonly string[] = ['istio_request_duration_milliseconds', 'istio_requests_total']

/** The family's name, from the name of any of its series. */
export function familyOf(name: string): string {
  return name.replace(/_(bucket|count|sum)$/, '')
}

/** The unit of a family in seconds, from its name; if the name has no unit, seconds, as Prometheus recommends. */
export function secondsOf(family: string): number {
  // The processor that preceded the connector counted milliseconds without saying so in the name.
  if (family === 'latency' || /_(milliseconds|ms)$/.test(family)) return 0.001
  return /_(microseconds|us)$/.test(family) ? 1e-6 : 1
}
