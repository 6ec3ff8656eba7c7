import { newRowBytes, type RowBytes, writeBytes, writeText, writeVarint } from '@coalmine/store'
import { wireBytes, wireVarint } from './protobuf-reader.ts'
import type { Refusals } from './refusals.ts'

/** OTLP's two encodings; an answer is in that of its request. */
export const jsonType = 'application/json'
export const protobufType = 'application/x-protobuf'

/** What an answer in JSON calls the number of what was not stored; protobuf has the same field for both. */
export type Rejected = 'rejectedSpans' | 'rejectedLogRecords'

/**
 * The answer to what was stored, `ExportTraceServiceResponse` or `ExportLogsServiceResponse`: it tells how many were not,
 * and why.
 */
export function exportResponse(type: string, { count, why }: Refusals, rejected: Rejected): Buffer {
  if (type === jsonType)
    return Buffer.from(
      JSON.stringify(count === 0 ? {} : { partialSuccess: { [rejected]: String(count), errorMessage: why } }),
    )
  if (count === 0) return Buffer.alloc(0)
  const partial = newRowBytes(256)
  writeNumberField(partial, 1, count)
  writeTextField(partial, 2, why ?? '')
  const response = newRowBytes(256)
  writeMessageField(response, 1, partial)
  return taken(response)
}

/** The answer to a request that failed, `google.rpc.Status`. */
export function statusResponse(type: string, code: number, message: string): Buffer {
  if (type === jsonType) return Buffer.from(JSON.stringify({ code, message }))
  const status = newRowBytes(256)
  writeNumberField(status, 1, code)
  writeTextField(status, 2, message)
  return taken(status)
}

/**
 * The status that asks a gRPC client to come back: with a `google.rpc.RetryInfo` among its details, without which OTLP
 * takes RESOURCE_EXHAUSTED as final. https://opentelemetry.io/docs/specs/otlp/#otlpgrpc-throttling
 */
export function retryStatus(code: number, message: string, afterSeconds: number): Buffer {
  const delay = newRowBytes(16)
  writeNumberField(delay, 1, afterSeconds)
  const info = newRowBytes(32)
  writeMessageField(info, 1, delay)
  const detail = newRowBytes(128)
  writeTextField(detail, 1, 'type.googleapis.com/google.rpc.RetryInfo')
  writeMessageField(detail, 2, info)
  const status = newRowBytes(256)
  writeNumberField(status, 1, code)
  writeTextField(status, 2, message)
  writeMessageField(status, 3, detail)
  return taken(status)
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

function writeNumberField(to: RowBytes, field: number, value: number): void {
  writeVarint(to, (field << 3) | wireVarint)
  writeVarint(to, value)
}

function writeTextField(to: RowBytes, field: number, text: string): void {
  writeVarint(to, (field << 3) | wireBytes)
  writeText(to, text)
}

function writeMessageField(to: RowBytes, field: number, message: RowBytes): void {
  writeVarint(to, (field << 3) | wireBytes)
  writeVarint(to, message.length)
  writeBytes(to, message.bytes, 0, message.length)
}

const taken = ({ bytes, length }: RowBytes): Buffer => bytes.subarray(0, length)
