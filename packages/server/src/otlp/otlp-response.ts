import { messageField, numberField, textField } from './protobuf-writer.ts'
import type { Refusals } from './refusals.ts'

/** OTLP in JSON; an answer is in the encoding of its request. */
export const jsonType = 'application/json'

/** OTLP in protobuf. */
export const protobufType = 'application/x-protobuf'

/** The JSON field for the number of rejected items; protobuf has the same field for both kinds. */
export type Rejected = 'rejectedSpans' | 'rejectedLogRecords'

/**
 * The answer to a stored request, `ExportTraceServiceResponse` or `ExportLogsServiceResponse`: how many items were rejected, and why.
 */
export function exportResponse(type: string, { count, why }: Refusals, rejected: Rejected): Buffer {
  if (type === jsonType)
    return Buffer.from(
      JSON.stringify(count === 0 ? {} : { partialSuccess: { [rejected]: String(count), errorMessage: why } }),
    )
  if (count === 0) return Buffer.alloc(0)
  return messageField(1, numberField(1, count), textField(2, why ?? ''))
}

/** The answer to a failed request, `google.rpc.Status`. */
export function statusResponse(type: string, code: number, message: string): Buffer {
  if (type === jsonType) return Buffer.from(JSON.stringify({ code, message }))
  return Buffer.concat([numberField(1, code), textField(2, message)])
}

/**
 * The status that asks a gRPC client to retry. It contains a `google.rpc.RetryInfo`, without which OTLP treats RESOURCE_EXHAUSTED as
 * final. https://opentelemetry.io/docs/specs/otlp/#otlpgrpc-throttling
 */
export function retryStatus(code: number, message: string, afterSeconds: number): Buffer {
  const info = messageField(1, numberField(1, afterSeconds))
  const detail = messageField(3, textField(1, 'type.googleapis.com/google.rpc.RetryInfo'), messageField(2, info))
  return Buffer.concat([numberField(1, code), textField(2, message), detail])
}

/** The gRPC code that OTLP gives for an HTTP status. https://github.com/googleapis/googleapis/blob/master/google/rpc/code.proto */
export function grpcCode(status: number): number {
  if (status === 401) return 16
  if (status === 403) return 7
  if (status === 408) return 4
  if (status === 413 || status === 429) return 8
  if (status === 503) return 14
  return status >= 500 ? 13 : 3
}
