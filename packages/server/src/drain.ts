import type { Server as HttpServer } from 'node:http'
import type { FastifyInstance } from 'fastify'
import type { RunningGrpc } from './receive/grpc.ts'

/** The listeners that accept requests. */
interface Doors {
  readonly app: FastifyInstance
  /** The listener for commands on the directory, if the server uses TLS. */
  readonly local: HttpServer | undefined
  readonly grpc: RunningGrpc | undefined
}

/**
 * Stops accepting requests, answers those in progress, and after `drainMs` closes the connections of those that are still
 * unanswered: an unfinished request would otherwise hold the server up for ever. Acknowledged data
 * is stored all the same.
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
