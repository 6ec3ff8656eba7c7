/** The labels of a series. */
export type Labels = Readonly<Record<string, string>>

/**
 * What was served, in the words that spans have for it: method and route, a method of RPC, else the span's name.
 *
 * @example operationOf({ http_request_method: 'GET', http_route: '/cart' }) // 'GET /cart'
 */
export function operationOf(labels: Labels): string {
  const { http_route: route, span_name: name, rpc_service: service, rpc_method: rpc } = labels
  if (route) {
    const method = labels['http_request_method'] || labels['http_method']
    return method ? `${method} ${route}` : name || route
  }
  if (rpc) return service ? `${service}/${rpc}` : rpc
  return name || '(all)'
}

/** How a request came out: `4xx` is an error of whoever asked. */
export type Outcome = 'error' | '4xx' | 'fine'

// The server's fault: opentelemetry.io/docs/specs/semconv/rpc/grpc
const serverFaults = ['2', '4', '12', '13', '14', '15']

/** How what a series counts came out: by the span's status, the HTTP status, or gRPC's. */
export function outcomeOf(labels: Labels): Outcome {
  const http = httpStatusOf(labels)
  if (/^(status_code_)?error$/i.test(labels['status_code'] ?? '') || http.startsWith('5')) return 'error'
  if (serverFaults.includes(labels['rpc_grpc_status_code'] ?? '')) return 'error'
  if (http.startsWith('4')) return '4xx'
  // A request that was never answered has a type of error and no status.
  return http === '' && labels['error_type'] ? 'error' : 'fine'
}

/** Whether series with these labels tell errors from the rest, and answers of 4xx. */
export function tells(labels: Labels): { readonly errors: boolean; readonly '4xx': boolean } {
  const http = httpStatusOf(labels) !== ''
  return {
    errors: http || ['status_code', 'rpc_grpc_status_code', 'error_type'].some((name) => labels[name]),
    '4xx': http,
  }
}

function httpStatusOf(labels: Labels): string {
  return labels['http_response_status_code'] || labels['http_status_code'] || ''
}

/** The process that counted: what is scraped, and where that counts for others, for whom. */
export function processOf(labels: Labels): string {
  return JSON.stringify(processLabels.map((name) => labels[name] ?? ''))
}

const processLabels = ['job', 'instance', 'service_instance_id', 'exported_instance', 'pod', 'collector_instance_id']
