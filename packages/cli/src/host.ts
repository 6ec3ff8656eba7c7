import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { findServer, heldStatus, isRemote, type RunningServer, ServerError, startServer } from '@coalmine/server'
import type { Server } from './client.ts'
import { CommandError } from './exit-codes.ts'
import type { Io } from './io.ts'
import { newPatience } from './patience.ts'

/** Where the spans of a command are: a running server, or a store that a server is started for. */
export interface SpanSource {
  readonly store: string
  readonly traces?: string | undefined
  readonly server?: string | undefined
  readonly token?: string | undefined
  /** Days that a server started for the command keeps spans of; older ones are refused. */
  readonly retentionDays?: number
  /** The store is removed with the command. */
  readonly temporary?: boolean
  /** Comparisons that have run are asked for, too. */
  readonly knowsComparisons?: boolean
}

type Purpose = 'read' | 'write'
type Work<T> = (server: Server) => Promise<T>

/**
 * Does the work through a server: the one that was named, the one that owns the store, or one started for this
 * command alone and closed after it. While another command has the store it waits, as long as that one gets on.
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
        // Reading can begin anew where its server went away; what was written may be half there.
        const gone = purpose === 'read' && isUnavailable(error) && (await findServer(source.store))?.pid !== owner.pid
        if (!gone || !(await patience.wait())) throw error
        continue
      }
    }
    if (purpose === 'read') mustBeThere(source.store)
    const server = await start(source, purpose).catch((error: unknown) => {
      if (isHeld(error)) return error
      throw error
    })
    if (!(server instanceof ServerError)) return withOwnServer(server, work)
    if (!(await patience.wait(server.message))) throw server
  }
}

// Nobody else is to find this server: it goes when its command is done, whatever others ask of it.
function start(
  { store, traces, retentionDays, temporary, knowsComparisons }: SpanSource,
  purpose: Purpose,
): Promise<RunningServer> {
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

// The engine would make a store of any directory; `metadata` is what it leaves in one.
function mustBeThere(store: string): void {
  if (existsSync(join(store, 'metadata'))) return
  throw new CommandError(
    'unavailable',
    `there is no store at ${store}: start "coalmine serve", import spans, or give another with --store`,
  )
}

const isHeld = (error: unknown): error is ServerError => error instanceof ServerError && error.status === heldStatus

const isUnavailable = (error: unknown): boolean => error instanceof CommandError && error.kind === 'unavailable'
