import type { ClickHouseClient } from '@clickhouse/client'
import { StoreError } from '../errors.ts'
import { newLane } from './lane.ts'
import { stopQuestions } from './limits.ts'

/** A slow statement blocks its connection, so spans, other writes and reads have separate ones; two connections read. */
export interface Clients {
  readonly inserter: ClickHouseClient
  readonly writer: ClickHouseClient
  readonly readers: readonly ClickHouseClient[]
}

/** The kind of a statement. Each kind has connections of its own, which run one statement at a time. */
export type StatementKind = 'insert' | 'write' | 'read'

/** Connections of the embedded engine, which can be renewed transparently to their users. */
export interface Connections {
  readonly use: <T>(kind: StatementKind, work: (client: ClickHouseClient) => Promise<T>) => Promise<T>
  /** Closes the engine once no statement is running, and opens it again, so that it checks its files at startup. */
  readonly renew: () => Promise<void>
  /** Rejects new statements, cancels running queries, and closes the engine once nothing is running. */
  readonly close: () => Promise<void>
}

/** Opens connections. `open` is called again by `renew`. */
export async function openConnections(open: () => Promise<Clients>): Promise<Connections> {
  let clients: Clients | undefined = await open()
  let renewing: Promise<void> | undefined
  let running = 0
  let isClosing = false
  let idle = (): void => {}

  const close = async (): Promise<void> => {
    const { inserter, writer, readers = [] } = clients ?? {}
    clients = undefined
    await inserter?.close()
    await writer?.close()
    for (const reader of readers) await reader.close()
  }

  const whenIdle = async (): Promise<void> => {
    if (running > 0)
      await new Promise<void>((resolve) => {
        idle = resolve
      })
  }

  const renew = async (): Promise<void> => {
    await whenIdle()
    await close()
    clients = await open()
  }

  const renewed = (): Promise<void> => {
    renewing ??= renew().finally(() => {
      renewing = undefined
    })
    return renewing
  }

  const there = (): Clients => {
    if (!clients) throw new StoreError('unavailable', 'the store is closed')
    return clients
  }
  const lanes = {
    insert: newLane(() => [there().inserter]),
    write: newLane(() => [there().writer]),
    read: newLane(() => there().readers),
  }

  const mustBeOpen = (): void => {
    if (isClosing) throw beingClosed()
  }

  const use: Connections['use'] = async (kind, work) => {
    mustBeOpen()
    await renewing?.catch(() => undefined)
    // Reopening failed before; try again.
    if (!clients) await renewed()
    running++
    try {
      return await lanes[kind].run((client) => {
        mustBeOpen()
        return work(client)
      })
    } catch (cause) {
      // The engine reports a cancelled query in several ways.
      if (isClosing && kind === 'read') throw beingClosed(cause)
      throw cause
    } finally {
      running--
      if (running === 0) idle()
    }
  }

  return {
    use,
    renew: renewed,
    close: async () => {
      await renewing?.catch(() => undefined)
      isClosing = true
      // Nobody is waiting for their results any more.
      await clients?.writer.command({ query: stopQuestions }).catch(() => undefined)
      await whenIdle()
      await close()
    },
  }
}

function beingClosed(cause?: unknown): StoreError {
  return new StoreError('unavailable', 'the store is closing', { cause })
}
