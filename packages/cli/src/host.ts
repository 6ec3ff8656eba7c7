import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { RunningServer, ServerError } from '@coalmine/server'
import { findServer, isRemote } from '@coalmine/server/location'
import type { Server } from './client.ts'
import { CommandError } from './exit-codes.ts'
import type { Io } from './io.ts'
import { newPatience } from './patience.ts'

/** Where a command gets its spans: a running server, or a store that a server is started for. */
export interface SpanSource {
  readonly store: string
  readonly traces?: string | undefined
  readonly server?: string | undefined
  readonly token?: string | undefined
  /** Retention in days of a server started for the command; older spans are refused. */
  readonly retentionDays?: number
  /** True if the store is removed after the command. */
  readonly temporary?: boolean
  /** True if past comparisons are needed too. */
  readonly knowsComparisons?: boolean
}

type Purpose = 'read' | 'write'
type Work<T> = (server: Server) => Promise<T>

/**
 * Does the work through a server: the named one, the one that owns the store, or one started for this command and closed
 * after it. While another command holds the store, it waits as long as that command makes progress.
 */
export async function withServer<T>(
  source: SpanSource,
  purpose: Purpose,
  io: Pick<Io, 'stderr' | 'stop'>,
  work: Work<T>,
): Promise<T> {
  if (source.server !== undefined) return work({ url: source.server, token: source.token })
  if (isRemote(source.store)) return withOwnServer(await start(source, purpose), work)
  const patience = newPatience(source.store, io)
  for (;;) {
    const owner = await findServer(source.store)
    if (owner) {
      try {
        return await work({ url: owner.url, token: owner.token ?? source.token })
      } catch (error) {
        // A read can be repeated if its server went away; a write may be half done.
        const gone = purpose === 'read' && isUnavailable(error) && (await findServer(source.store))?.pid !== owner.pid
        if (!gone || !(await patience.wait())) throw error
        continue
      }
    }
    if (purpose === 'read') mustBeThere(source.store)
    const server = await start(source, purpose).catch(held)
    if (!(server instanceof Error)) return withOwnServer(server, work)
    if (!(await patience.wait(server.message))) throw server
  }
}

// Others must not find this server, because it closes when its command is done.
async function start(
  { store, traces, retentionDays, temporary, knowsComparisons }: SpanSource,
  purpose: Purpose,
): Promise<RunningServer> {
  const { startServer } = await import('@coalmine/server')
  return startServer({
    store,
    traces,
    readOnly: purpose === 'read',
    host: '127.0.0.1',
    port: 0,
    announced: false,
    ...(retentionDays && { retentionDays }),
    ...(temporary && { temporary }),
    ...(knowsComparisons && { knowsComparisons }),
  })
}

async function withOwnServer<T>(server: RunningServer, work: Work<T>): Promise<T> {
  try {
    return await work({ url: server.url, own: true })
  } finally {
    await server.close()
  }
}

// The engine would create a store in any directory; a `metadata` folder shows that one exists.
function mustBeThere(store: string): void {
  if (existsSync(join(store, 'metadata'))) return
  throw new CommandError(
    'unavailable',
    `there is no store at ${store}: start "coalmine serve", import spans, or give another with --store`,
  )
}

/** Returns the error that another process holds the store. Throws every other. */
async function held(error: unknown): Promise<ServerError> {
  const { heldStatus, ServerError } = await import('@coalmine/server')
  if (error instanceof ServerError && error.status === heldStatus) return error
  throw error
}

const isUnavailable = (error: unknown): boolean => error instanceof CommandError && error.kind === 'unavailable'
