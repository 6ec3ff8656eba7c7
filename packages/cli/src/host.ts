import { existsSync } from 'node:fs'
import { findServer, startServer } from '@coalmine/server'
import type { Server } from './client.ts'
import { CommandError } from './exit-codes.ts'

/** Where a command's spans are: a running server, or a store that a server is started for. */
export interface Place {
  readonly store: string
  readonly server?: string | undefined
  readonly token?: string | undefined
  /** Days that a server started for the command keeps spans of; older ones are refused. */
  readonly retentionDays?: number
}

/**
 * Does the work through a server: the one that was named, the one that owns the store, or one started for this
 * command alone and closed after it.
 */
export async function withServer<T>(
  place: Place,
  purpose: 'read' | 'write',
  work: (server: Server) => Promise<T>,
): Promise<T> {
  if (place.server !== undefined) return work({ url: place.server, token: place.token })
  const embedded = !/^https?:/.test(place.store)
  if (embedded) {
    const owner = await findServer(place.store)
    if (owner) return work({ url: owner.url, token: owner.token ?? place.token })
    if (purpose === 'read' && !existsSync(place.store)) {
      throw new CommandError(
        'unavailable',
        `there is no store at ${place.store}: start "coalmine serve", import spans, or name another with --store`,
      )
    }
  }
  const { store, retentionDays } = place
  const server = await startServer({ store, host: '127.0.0.1', port: 0, ...(retentionDays && { retentionDays }) })
  try {
    return await work({ url: server.url })
  } finally {
    await server.close()
  }
}
