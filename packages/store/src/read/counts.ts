import { clientCodeName } from '../grpc-codes.ts'

/** A histogram of seconds in OpenTelemetry's exponential buckets: `counts[i]` durations in bucket `indices[i]`. */
export interface Latency {
  readonly scale: 5
  /** Durations of zero, which no exponential bucket holds. */
  readonly zero: number
  /** Ascending. Bucket `i` is (2^(i/32), 2^((i+1)/32)] seconds. */
  readonly indices: readonly number[]
  readonly counts: readonly number[]
}

/** Counts of one cohort at one operation in one tick. A trace counts once, with its slowest span. */
export interface Counts {
  readonly requests: number
  readonly traces: number
  readonly errors: number
  readonly clientErrors: number
  /** Traces with an error below the request, or an exception in it, that the response does not show. */
  readonly innerErrors: number
  /** Latency of all traces except those served by an instance while it warmed up. */
  readonly latency: Latency
  /** Number of traces excluded from `latency` for warm-up. */
  readonly warmUp: number
  /** Traces with an error, by its type. */
  readonly errorTypes: Readonly<Record<string, number>>
  /** Traces with a client error, by code, such as `HTTP 404` or `gRPC UNAUTHENTICATED`; ticks closed by an earlier release have none. */
  readonly clientCodes: Readonly<Record<string, number>>
}

/** Counts as returned by the statements. */
export interface CountRow {
  readonly requests: number
  readonly traces: number
  readonly errors: number
  readonly clientErrors: number
  /** Traces with an error below the request, or an exception in it, that the response does not show. */
  readonly innerErrors: number
  readonly warmUp: number
  readonly buckets: readonly number[]
  readonly counts: readonly number[]
  readonly errorTypes: Readonly<Record<string, number>>
  /** By the code's number. */
  readonly clientCodes: Readonly<Record<string, number>>
}

/** The counts of a tick without requests. */
export const noCounts: Counts = {
  requests: 0,
  traces: 0,
  errors: 0,
  clientErrors: 0,
  innerErrors: 0,
  latency: { scale: 5, zero: 0, indices: [], counts: [] },
  warmUp: 0,
  errorTypes: {},
  clientCodes: {},
}

const zeroBucket = -32768

/** Counts from a row, the bucket of zero durations apart. */
export function countsOf({
  requests,
  traces,
  errors,
  clientErrors,
  innerErrors,
  warmUp,
  buckets,
  counts,
  errorTypes,
  clientCodes,
}: CountRow): Counts {
  const latency: Latency =
    buckets[0] === zeroBucket
      ? { scale: 5, zero: counts[0]!, indices: buckets.slice(1), counts: counts.slice(1) }
      : { scale: 5, zero: 0, indices: buckets, counts }
  return {
    requests,
    traces,
    errors,
    clientErrors,
    innerErrors,
    latency,
    warmUp,
    errorTypes,
    clientCodes: byName(clientCodes),
  }
}

// Most ticks have none.
function byName(codes: CountRow['clientCodes']): Counts['clientCodes'] {
  const found = Object.entries(codes)
  if (found.length === 0) return noCounts.clientCodes
  return Object.fromEntries(found.map(([code, count]) => [clientCodeName(Number(code)), count]))
}
