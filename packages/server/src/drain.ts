import type { Server as HttpServer } from 'node:http'
import type { FastifyInstance } from 'fastify'
import type { RunningGrpc } from './receive/grpc.ts'

/** What takes requests. */
interface Doors {
  readonly app: FastifyInstance
  /** Where commands on the directory come in, beside a server with TLS. */
  readonly local: HttpServer | undefined
  readonly grpc: RunningGrpc | undefined
}

/**
 * Takes no new requests, answers those under way, and after `drainMs` closes the connections of those that are not
 * answered by then: somebody who begins a request and does not end it would hold the server up for ever. What was
 * acknowledged is stored all the same.
 */
export async function drain({ app, local, grpc }: Doors, drainMs: number): Promise<void> {
  const timer = setTimeout(() => {
    grpc?.cut()
    local?.closeAllConnections()
    app.server.closeAllConnections()
  }, drainMs)
  local?.closeIdleConnections()
  const localClosed = local && new Promise<void>((resolve) => local.close(() => resolve()))
  await Promise.all([grpc?.close(), localClosed, app.close()])
  clearTimeout(timer)
}
