/** The labels of a series. */
export type Labels = Readonly<Record<string, string>>

/**
 * The operation that was served, named as for spans: method and route, RPC method, or else the span's name.
 *
 * @example operationOf({ http_request_method: 'GET', http_route: '/cart' }) // 'GET /cart'
 */
export function operationOf(labels: Labels): string {
  const { http_route: route, span_name: name } = labels
  const service = labels['rpc_service'] || labels['grpc_service']
  const rpc = labels['rpc_method'] || labels['grpc_method']
  if (route) {
    const method = labels['http_request_method'] || labels['http_method']
    return method ? `${method} ${route}` : name || route
  }
  if (rpc) return service ? `${service}/${rpc}` : rpc
  return name || '(all)'
}

/** How a request ended; a `client-error` is the client's fault. */
export type Outcome = 'error' | 'client-error' | 'fine'

// In the order of their numbers: grpc.io/docs/guides/status-codes
const grpcCodes = [
  ...['OK', 'CANCELLED', 'UNKNOWN', 'INVALID_ARGUMENT', 'DEADLINE_EXCEEDED', 'NOT_FOUND', 'ALREADY_EXISTS'],
  ...['PERMISSION_DENIED', 'RESOURCE_EXHAUSTED', 'FAILED_PRECONDITION', 'ABORTED', 'OUT_OF_RANGE', 'UNIMPLEMENTED'],
  ...['INTERNAL', 'UNAVAILABLE', 'DATA_LOSS', 'UNAUTHENTICATED'],
]

// The server's fault: opentelemetry.io/docs/specs/semconv/rpc/grpc
const serverFaults = ['UNKNOWN', 'DEADLINE_EXCEEDED', 'UNIMPLEMENTED', 'INTERNAL', 'UNAVAILABLE', 'DATA_LOSS']

/** The outcome of the requests that a series counts: by span status, HTTP status, or gRPC status. */
export function outcomeOf(labels: Labels): Outcome {
  const http = httpStatusOf(labels)
  // Istio reports 0 if there was no answer.
  if (/^(status_code_)?error$/i.test(labels['status_code'] ?? '') || http.startsWith('5') || http === '0')
    return 'error'
  const grpc = grpcCodeOf(labels)
  if (grpc !== undefined && serverFaults.includes(grpc)) return 'error'
  if (http.startsWith('4')) return 'client-error'
  if (grpc !== undefined) return grpc === 'OK' ? 'fine' : 'client-error'
  // A request that was never answered has an error type but no status.
  return http === '' && labels['error_type'] ? 'error' : 'fine'
}

/**
 * The code of a client error, as shown in verdicts.
 *
 * @example clientCodeOf({ grpc_code: 'NotFound' }) // 'gRPC NOT_FOUND'
 */
export function clientCodeOf(labels: Labels): string {
  const http = httpStatusOf(labels)
  return http.startsWith('4') ? `HTTP ${http}` : `gRPC ${grpcCodeOf(labels)}`
}

/** Whether these labels can distinguish errors, and client errors, from other requests. */
export function tells(labels: Labels): { readonly errors: boolean; readonly clientErrors: boolean } {
  const http = httpStatusOf(labels) !== ''
  return {
    errors: http || ['status_code', ...grpcLabels, 'error_type'].some((name) => labels[name]),
    clientErrors: http || grpcLabels.some((name) => labels[name]),
  }
}

function httpStatusOf(labels: Labels): string {
  return labels['http_response_status_code'] || labels['http_status_code'] || labels['response_code'] || ''
}

// The labels of the semantic conventions before and since 2026, of Istio, of gRPC's own plugin, and of go-grpc-prometheus.
const grpcLabels = [
  'rpc_grpc_status_code',
  'rpc_response_status_code',
  'grpc_response_status',
  'grpc_status',
  'grpc_code',
]

/** The name of the gRPC code, whether it is written as a number, as a name, or in Go's spelling of names. */
function grpcCodeOf(labels: Labels): string | undefined {
  const written = grpcLabels.map((name) => labels[name]).find((value) => value)
  if (written === undefined) return undefined
  const letters = written.toUpperCase().replaceAll('_', '')
  return /^\d+$/.test(written)
    ? grpcCodes[Number(written)]
    : grpcCodes.find((code) => code.replaceAll('_', '') === (letters === 'CANCELED' ? 'CANCELLED' : letters))
}

/** Identifies the process that counted: the scraped target and, if that counts for others, the process it counts for. */
export function processOf(labels: Labels): string {
  return JSON.stringify(processLabels.map((name) => labels[name] ?? ''))
}

const processLabels = ['job', 'instance', 'service_instance_id', 'exported_instance', 'pod', 'collector_instance_id']
