import {
  createSecureServer,
  createServer,
  type Http2Server,
  constants as http2,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2'
import type { AddressInfo } from 'node:net'
import { type Access, mustBeAllowed } from '../access/access.ts'
import type { Context } from '../context.ts'
import { answerable } from '../errors.ts'
import { notListening } from '../not-listening.ts'
import { exportResponse, grpcCode, protobufType, retryStatus } from '../otlp/otlp-response.ts'
import type { TlsFiles } from '../tls.ts'
import type { Share } from './admission.ts'
import { newBodies } from './bodies.ts'
import { framed, frameOf, prefixBytes, statusMessage, timeoutMs } from './grpc-frames.ts'
import { retryAfterSeconds } from './receive.ts'
import { type Signal, signals } from './signals.ts'
import { unpack } from './unpack.ts'

interface GrpcOptions {
  readonly host: string
  /** 0 takes any that is free. */
  readonly port: number
  readonly access: Access
  readonly tls?: TlsFiles | undefined
}

/** A gRPC server that listens. */
export interface RunningGrpc {
  readonly port: number
  readonly connections: () => number
  /** Lets calls end that are under way. */
  readonly close: () => Promise<void>
  /** Ends the calls that are still under way, and with them `close`. */
  readonly cut: () => void
}

// Node counts a call until all of it is put away, and resets what is begun by then beyond these; bytes have a bound of their own.
const streamsOfAConnection = 100
// Exporters send every few seconds; a connection that nobody uses is one that another could have.
const idleMs = 300_000
// Some clients connect a while before they have something to send.
const patientTimes = 3
// Who was answered before the end of the message has this long to end it.
const leftOverMs = 10_000

const codes = { deadlineExceeded: 4, unimplemented: 12 } as const

/**
 * `TraceService/Export` and `LogsService/Export`: OTLP over gRPC, unary calls over HTTP/2. The token is asked for before a
 * byte of a message is read, and messages count as OTLP/HTTP's bodies do: a library that gives whole messages has read and
 * unpacked them by then. https://opentelemetry.io/docs/specs/otlp/#otlpgrpc
 *
 * Throws a ServerError of kind `unavailable` when the port is taken.
 */
export async function startGrpc(context: Context, { host, port, access, tls }: GrpcOptions): Promise<RunningGrpc> {
  const { limits, metrics } = context
  const settings = { maxConcurrentStreams: streamsOfAConnection }
  const server: Http2Server = tls
    ? createSecureServer({ settings, handshakeTimeout: limits.patienceMs, ...tls })
    : createServer({ settings })
  const sessions = new Set<ServerHttp2Session>()
  const unproved = new WeakMap<ServerHttp2Session, NodeJS.Timeout>()
  const take = newTaker(context, access, (session) => clearTimeout(unproved.get(session)))
  server.maxConnections = limits.connections
  server.on('drop', () => metrics.limited('grpc', 'connections'))
  server.on('session', (session: ServerHttp2Session) => {
    sessions.add(session)
    session.setTimeout(idleMs, () => session.close())
    // Whoever opens all connections that there may be, and says nothing, keeps everybody else out.
    const giveUp = (): void => {
      metrics.limited('grpc', 'slow')
      session.close(() => session.destroy())
      setTimeout(() => session.destroy(), leftOverMs).unref()
    }
    unproved.set(session, setTimeout(giveUp, patientTimes * limits.patienceMs).unref())
    session.once('close', () => {
      sessions.delete(session)
      clearTimeout(unproved.get(session))
    })
  })
  // A client that does not speak HTTP/2, or goes away, is no trouble of the server's.
  server.on('sessionError', () => {})
  server.on('stream', (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => {
    stream.on('error', () => {})
    void take(stream, headers)
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => reject(notListening(cause, { host, port, option: '--grpc-port' })))
    server.listen(port, host, resolve)
  })
  return {
    port: (server.address() as AddressInfo).port,
    connections: () => sessions.size,
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      for (const session of sessions) session.close()
      await closed
    },
    cut: () => {
      for (const session of sessions) session.destroy()
    },
  }
}

type Take = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => Promise<void>

/**
 * What answers a call; it settles when the call is answered, and does not throw.
 *
 * @param prove is told of connections over which somebody calls who may.
 */
function newTaker(context: Context, access: Access, prove: (session: ServerHttp2Session) => void): Take {
  const { admission, limits, metrics } = context
  const bodies = newBodies({ ...limits, requestBytes: limits.requestBytes + prefixBytes })

  const answer = async (
    stream: ServerHttp2Stream,
    { receive, rejected }: Signal,
    encoding: string | undefined,
    share: Share,
  ): Promise<void> => {
    const body = await bodies.read(stream, share)
    const { message, packed } = frameOf(body)
    const request = await unpack(message, packed ? encoding : undefined, share, limits.requestBytes)
    // It decodes before it waits for anything, so the body is free while the engine works.
    const stored = receive(context, protobufType, request)
    bodies.done(body)
    const response = exportResponse(protobufType, await stored, rejected)
    if (stream.destroyed) return
    stream.respond(headersOf(200), { waitForTrailers: true })
    stream.once('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }))
    stream.end(framed(response))
  }

  return async (stream, headers) => {
    const share = admission.enter()
    stream.once('close', share.leave)
    let timer: NodeJS.Timeout | undefined
    try {
      if (!isGrpc(headers)) return refuseRequest(stream)
      const signal = signals.find(({ service }) => headers[':path'] === `/${service}/Export`)
      if (!signal) return refuse(stream, codes.unimplemented, `${headers[':path']}: there is no such method`)
      mustBeAllowed(access.bearer(headers.authorization), 'ingest', headers.authorization)
      if (stream.session) prove(stream.session as ServerHttp2Session)
      const patienceMs = timeoutMs(headers['grpc-timeout'] as string | undefined)
      if (patienceMs !== undefined)
        timer = setTimeout(
          () => refuse(stream, codes.deadlineExceeded, 'the deadline of the call has passed'),
          patienceMs,
        )
      await answer(stream, signal, headers['grpc-encoding'] as string | undefined, share)
    } catch (error) {
      const { status, message, limit } = answerable(error)
      if (limit) metrics.limited('grpc', limit)
      const asksBack = status === 429 || status === 503
      const code = grpcCode(status)
      refuse(stream, code, message, asksBack ? retryStatus(code, message, retryAfterSeconds) : undefined)
    } finally {
      clearTimeout(timer)
      share.leave()
    }
  }
}

const isGrpc = (headers: IncomingHttpHeaders): boolean =>
  headers[':method'] === 'POST' && /^application\/grpc($|[+;])/.test(headers['content-type'] ?? '')

const headersOf = (status: number): Record<string, string | number> => ({
  [http2.HTTP2_HEADER_STATUS]: status,
  'content-type': 'application/grpc+proto',
  'grpc-accept-encoding': 'identity,deflate,gzip,zstd',
})

function refuseRequest(stream: ServerHttp2Stream): void {
  stream.respond({ [http2.HTTP2_HEADER_STATUS]: 415 }, { endStream: true })
  stop(stream)
}

function refuse(stream: ServerHttp2Stream, code: number, message: string, details?: Buffer): void {
  if (stream.destroyed || stream.headersSent) return
  stream.respond(
    {
      ...headersOf(200),
      'grpc-status': String(code),
      'grpc-message': statusMessage(message),
      ...(details && { 'grpc-status-details-bin': details.toString('base64') }),
    },
    { endStream: true },
  )
  stop(stream)
}

/**
 * What still comes goes nowhere. The stream is not reset at once: what is on its way by then counts against what the
 * connection may send, and calls beside it would wait for ever.
 */
function stop(stream: ServerHttp2Stream): void {
  stream.resume()
  const timer = setTimeout(() => stream.close(http2.NGHTTP2_NO_ERROR), leftOverMs).unref()
  stream.once('close', () => clearTimeout(timer))
}
