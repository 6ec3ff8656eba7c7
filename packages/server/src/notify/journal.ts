import type { NotificationEntry, Notifications } from '@coalmine/store'

/** Writes entries to the store in order; those added during a write are written together. */
export interface Journal {
  /** Resolves when they are stored, or have failed to be. Never throws. */
  readonly add: (entries: readonly NotificationEntry[]) => Promise<void>
  /** Resolves when nothing is waiting. */
  readonly settled: () => Promise<void>
}

const mostTogether = 1_000

/** Creates a journal that warns once if it cannot be written. */
export function newJournal(store: Pick<Notifications, 'keep'>, warn: (message: string) => void): Journal {
  let waiting: { readonly entries: readonly NotificationEntry[]; readonly kept: () => void }[] = []
  let writing: Promise<void> | undefined
  let keeps = true

  const write = async (): Promise<void> => {
    while (waiting.length > 0) {
      const some = waiting.slice(0, mostTogether)
      waiting = waiting.slice(some.length)
      const trouble = await store.keep(some.flatMap(({ entries }) => entries)).then(
        (isKept) => (isKept ? undefined : 'this database user may not write to the store, or its disk is full'),
        (error: Error) => error.message,
      )
      if (trouble !== undefined && keeps)
        warn(`notifications are kept only in memory, and are lost when the server stops: ${trouble}`)
      if (trouble === undefined && !keeps) warn('notifications are kept in the store again')
      keeps = trouble === undefined
      for (const { kept } of some) kept()
    }
    writing = undefined
  }

  return {
    add: (entries) =>
      new Promise<void>((kept) => {
        waiting.push({ entries, kept })
        writing ??= write()
      }),
    settled: async () => {
      while (writing) await writing
    },
  }
}
