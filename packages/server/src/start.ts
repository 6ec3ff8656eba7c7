import type { RunningServer, ServerOptions } from './server.ts'

/**
 * Starts a server: OTLP/HTTP and the API on one port, OTLP/gRPC on another. Its modules are loaded only when this is called:
 * most commands need no server, or use a running one.
 *
 * Throws a ServerError of kind `unavailable` if the port is taken, the directory cannot be written or the engine is
 * missing; its status is 423 if another process holds the store and may release it.
 *
 * @example const { url, close } = await startServer({ store: '.coalmine', port: 4318 })
 */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const server = await import('./server.ts')
  return server.startServer(options)
}
