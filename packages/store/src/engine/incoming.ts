import { type FileHandle, open } from 'node:fs/promises'
import { resolve } from 'node:path'
import { createIncoming, incomingPaths, incomingTables, insertIncoming } from '../queries/incoming.ts'
import type { Engine } from './engine.ts'

/** The way of rows into the embedded engine: through files, one of which is filled while the engine reads another. */
export interface Incoming {
  readonly insert: (rows: Uint8Array) => Promise<void>
  readonly close: () => Promise<void>
}

interface Place {
  readonly table: string
  readonly file: FileHandle
}

/**
 * Makes the files of a store.
 *
 * @param run runs a statement on the connection that inserts.
 * @param failed makes what is thrown of an error.
 */
export async function openIncoming(
  path: string,
  engine: Pick<Engine, 'read' | 'write'>,
  run: (statement: string) => Promise<void>,
  failed: (cause: unknown) => never,
): Promise<Incoming> {
  for (const table of incomingTables) await engine.write(createIncoming(table))
  const paths = await engine.read<{ table: string; file: string }>(incomingPaths)
  const all: Place[] = []
  const close = async (): Promise<void> => {
    for (const { file } of all) await file.close()
  }
  try {
    for (const { table, file } of paths) all.push({ table, file: await open(resolve(path, file), 'w') })
  } catch (error) {
    await close()
    throw error
  }
  const free = [...all]
  const asking: ((place: Place) => void)[] = []

  const take = (): Promise<Place> => {
    const place = free.shift()
    return place ? Promise.resolve(place) : new Promise((given) => asking.push(given))
  }
  const giveBack = (place: Place): void => {
    const next = asking.shift()
    if (next) next(place)
    else free.push(place)
  }

  return {
    insert: async (rows) => {
      const place = await take()
      try {
        await overwrite(place.file, rows).catch(async (cause: unknown) => {
          await place.file.truncate().catch(() => undefined)
          failed(cause)
        })
        await run(insertIncoming(place.table))
      } finally {
        giveBack(place)
      }
    },
    close,
  }
}

// Truncated last, so that its pages are used again: making them anew costs several times as much as filling them.
async function overwrite(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length; ) at += (await file.write(bytes, at, bytes.length - at, at)).bytesWritten
  await file.truncate(bytes.length)
}
