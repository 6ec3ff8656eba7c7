import type { Context } from '../context.ts'
import type { Rejected } from '../otlp/otlp-response.ts'
import type { Refusals } from '../otlp/refusals.ts'
import { receiveLogs, receiveTraces } from './receive.ts'

/** A signal of OTLP: its routes, what reads its requests, and the field of the answer that counts rejected items. */
export interface Signal {
  /** Of OTLP/HTTP. */
  readonly path: string
  /** Of OTLP/gRPC: the service, whose method is `Export`. */
  readonly service: string
  readonly receive: (context: Context, type: string, body: Buffer) => Promise<Refusals>
  readonly rejected: Rejected
}

/** What is taken: spans and log records. */
export const signals: readonly Signal[] = [
  {
    path: '/v1/traces',
    service: 'opentelemetry.proto.collector.trace.v1.TraceService',
    receive: receiveTraces,
    rejected: 'rejectedSpans',
  },
  {
    path: '/v1/logs',
    service: 'opentelemetry.proto.collector.logs.v1.LogsService',
    receive: receiveLogs,
    rejected: 'rejectedLogRecords',
  },
]
