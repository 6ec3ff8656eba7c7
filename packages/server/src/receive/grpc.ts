import {
  logVerbosity,
  Metadata,
  type MethodDefinition,
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type sendUnaryData,
  setLogVerbosity,
} from '@grpc/grpc-js'
import type { Context } from '../context.ts'
import { answerable, ServerError } from '../errors.ts'
import { exportResponse, grpcCode, protobufType, retryStatus } from '../otlp/otlp-response.ts'
import type { TlsFiles } from '../tls.ts'
import { isAllowed, tokenAsked } from '../token.ts'
import { maxUnpackedBytes } from './body.ts'
import { retryAfterSeconds } from './receive.ts'
import { type Signal, signals } from './signals.ts'

interface GrpcOptions {
  readonly host: string
  /** 0 takes any that is free. */
  readonly port: number
  readonly token?: string | undefined
  readonly tls?: TlsFiles | undefined
}

export interface RunningGrpc {
  readonly port: number
  readonly close: () => Promise<void>
}

// A stream may hold a whole message, so their number bounds what one connection can make the server hold.
const streamsOfAConnection = 16

/**
 * `TraceService/Export` and `LogsService/Export`: OTLP over gRPC. Messages stay bytes on this side too: the reader of OTLP/HTTP reads them.
 * https://opentelemetry.io/docs/specs/otlp/#otlpgrpc
 *
 * Throws a ServerError of kind `unavailable` when the port is taken.
 */
export async function startGrpc(context: Context, { host, port, token, tls }: GrpcOptions): Promise<RunningGrpc> {
  // What goes wrong is told by errors; the library would write it to the terminal too.
  setLogVerbosity(logVerbosity.NONE)
  const server = new Server({
    'grpc.max_receive_message_length': maxUnpackedBytes,
    'grpc.max_concurrent_streams': streamsOfAConnection,
  })
  for (const signal of signals)
    server.addService(
      { export: exportMethod(signal) },
      {
        export: (call: ServerUnaryCall<Buffer, Buffer>, answer: sendUnaryData<Buffer>) => {
          take(context, signal, call, token).then(
            (response) => answer(null, response),
            (error: unknown) => answer(refusalOf(error)),
          )
        },
      },
    )
  const credentials = tls
    ? ServerCredentials.createSsl(null, [{ cert_chain: tls.cert, private_key: tls.key }])
    : ServerCredentials.createInsecure()
  const address = `${host.includes(':') ? `[${host}]` : host}:${port}`
  const bound = await new Promise<number>((resolve, reject) =>
    server.bindAsync(address, credentials, (cause, at) => (cause ? reject(notListening(address, cause)) : resolve(at))),
  )
  return { port: bound, close: () => closed(server) }
}

const exportMethod = ({ service }: Signal): MethodDefinition<Buffer, Buffer> => ({
  path: `/${service}/Export`,
  requestStream: false,
  responseStream: false,
  requestSerialize: (bytes) => bytes,
  requestDeserialize: (bytes) => bytes,
  responseSerialize: (bytes) => bytes,
  responseDeserialize: (bytes) => bytes,
})

async function take(
  context: Context,
  { receive, rejected }: Signal,
  { request, metadata }: ServerUnaryCall<Buffer, Buffer>,
  token: string | undefined,
): Promise<Buffer> {
  if (!isAllowed(metadata.get('authorization')[0]?.toString(), token)) throw tokenAsked()
  return exportResponse(protobufType, await receive(context, protobufType, request), rejected)
}

function refusalOf(error: unknown): { code: number; details: string; metadata: Metadata } {
  const { status, message } = answerable(error)
  const code = grpcCode(status)
  const metadata = new Metadata()
  if (status === 429 || status === 503)
    metadata.set('grpc-status-details-bin', retryStatus(code, message, retryAfterSeconds))
  return { code, details: message, metadata }
}

function notListening(address: string, cause: Error): ServerError {
  return new ServerError(
    'unavailable',
    `cannot listen on ${address} for OTLP/gRPC: ${cause.message}; take another port with --grpc-port`,
    { cause },
  )
}

/** Lets calls end that are under way. */
function closed(server: Server): Promise<void> {
  return new Promise((resolve) => server.tryShutdown(() => resolve()))
}
