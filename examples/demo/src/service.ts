import { once } from 'node:events'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { lognormal, seeded } from './random.ts'

const medianMs = 20
const sigma = 0.4

/** A service's work: waits a lognormal time with a median of 20 ms, from the seeded numbers of DEMO_SEED. */
export function work(env: NodeJS.ProcessEnv): () => Promise<void> {
  const random = seeded(Number(env['DEMO_SEED'] ?? 1))
  return async () => {
    await sleep(lognormal(random, medianMs, sigma))
  }
}

/**
 * Prints the port that the server listens on, as one line of JSON, and closes the server on SIGTERM or when the
 * process that started this one has gone; `close` closes what else would keep the process up. It then ends by itself,
 * its last spans exported.
 */
export async function announce(server: Server, close: () => unknown = () => {}): Promise<void> {
  if (!server.listening) await once(server, 'listening')
  process.stdout.write(`${JSON.stringify({ port: (server.address() as AddressInfo).port })}\n`)
  const stop = (): void => {
    server.close()
    server.closeIdleConnections()
    close()
    if (process.connected) process.disconnect()
  }
  process.once('SIGTERM', stop)
  process.once('disconnect', stop)
}
