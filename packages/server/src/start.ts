import type { RunningServer, ServerOptions } from './server.ts'

/**
 * Starts a server: OTLP/HTTP in and answers out on one port, OTLP/gRPC on another. What it is made of is loaded only then:
 * most commands need no server, or go through one that runs.
 *
 * Throws a ServerError of kind `unavailable` when the port is taken, the directory cannot be written or the engine is not
 * there; its status is 423 when another process holds the store, which may let go of it.
 *
 * @example const { url, close } = await startServer({ store: '.coalmine', port: 4318 })
 */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const server = await import('./server.ts')
  return server.startServer(options)
}
