import { statfs } from 'node:fs/promises'
import { StoreError } from '../errors.ts'

/** The room on the disk of an embedded store, at the last look. */
export interface Space {
  readonly freeBytes: number
  /** With less than this free nothing large is written. */
  readonly minFreeBytes: number
}

/** Looks after the room on a disk. The engine does not: what it writes while the disk is full is cut short, and it says nothing. */
export interface SpaceWatch {
  readonly space: () => Space
  readonly isShort: () => boolean
  /** So little is left that nothing is written at all: of a table's definition that is cut short no engine starts again. */
  readonly isSpent: () => boolean
  /** Throws a StoreError of kind `full` when too little was free at the last look; has another made. */
  readonly refuse: () => void
  /** Looks, unless there was a look within the last second. */
  readonly look: () => Promise<void>
  /** Throws as `refuse` does, after a look, unless there was one within the last second. */
  readonly need: () => Promise<void>
  /** The same after a look in any case: for what writes much in a second. */
  readonly needNow: () => Promise<void>
  /** Throws when nothing may be written at all. */
  readonly needSome: () => Promise<void>
  /** After something was written: throws when so little is left that it may not be whole. */
  readonly held: () => Promise<void>
  /** Waits for what a change of the room set going. */
  readonly settled: () => Promise<void>
}

/** Which disk is watched, how much must stay free on it, and what is done when it is short of that. */
export interface SpaceOptions {
  /** Where the store is, for messages. */
  readonly path: string
  /** Taken for 8 MB when it is less. */
  readonly minFreeBytes: number
  /** Bytes that this user may still write there. */
  readonly freeBytes: () => Promise<number>
  /** Room is short: what grows by itself is to stop. `torn` when it went so fast that something may have been cut short. */
  readonly onShort: (torn: boolean) => Promise<void>
  readonly onRoom: () => Promise<void>
  readonly now?: () => number
}

/** What is left free unless a store is told otherwise: an insert of the largest size, twice, and what is merged meanwhile. */
export const defaultMinFreeBytes = 128_000_000

/** Definitions of tables, marks, a row here and there: what is written whatever the floor is. */
const spentBytes = 8_000_000

const lookEveryMs = 1_000

/** Starts watching; the first look is made before it is given back. Throws when the place cannot be looked at. */
export async function watchSpace({
  path,
  minFreeBytes: asked,
  freeBytes: measure,
  onShort,
  onRoom,
  now = Date.now,
}: SpaceOptions): Promise<SpaceWatch> {
  const minFreeBytes = Math.max(asked, spentBytes)
  let freeBytes = Number.POSITIVE_INFINITY
  let lookedAt = Number.NEGATIVE_INFINITY
  let short = false
  let looking: Promise<void> | undefined
  let acting: Promise<void> = Promise.resolve()

  const isTorn = (): boolean => freeBytes < minFreeBytes / 2

  const act = (what: () => Promise<void>): void => {
    acting = acting.then(what).catch(() => {
      // The next look tries again.
      short = !short
    })
  }

  const measured = async (): Promise<void> => {
    freeBytes = await measure().catch((cause: Error) => {
      throw new StoreError('unavailable', `store ${path}: its directory cannot be read: ${cause.message}`, {
        cause,
      })
    })
    lookedAt = now()
    if (freeBytes < minFreeBytes === short) return
    short = !short
    const torn = isTorn()
    act(short ? () => onShort(torn) : onRoom)
  }

  const lookOnce = (): Promise<void> => {
    looking ??= measured().finally(() => {
      looking = undefined
    })
    return looking
  }

  const refuse = (): void => {
    if (now() - lookedAt >= lookEveryMs) lookOnce().catch(() => undefined)
    if (freeBytes < minFreeBytes) throw full(path, freeBytes, minFreeBytes)
  }

  const look = async (): Promise<void> => {
    if (now() - lookedAt >= lookEveryMs) await lookOnce()
  }

  await lookOnce()
  return {
    space: () => ({ freeBytes, minFreeBytes }),
    isShort: () => short,
    isSpent: () => freeBytes < spentBytes,
    refuse,
    look,
    need: async () => {
      await look()
      refuse()
    },
    needNow: async () => {
      await lookOnce()
      refuse()
    },
    needSome: async () => {
      await look()
      if (freeBytes < spentBytes) throw full(path, freeBytes, minFreeBytes)
    },
    held: async () => {
      await lookOnce()
      if (isTorn()) throw full(path, freeBytes, minFreeBytes)
    },
    settled: () => acting,
  }
}

/** Bytes that this user may still write into a directory. */
export async function freeBytesOf(directory: string): Promise<number> {
  const { bavail, bsize } = await statfs(directory)
  return bavail * bsize
}

function full(path: string, freeBytes: number, minFreeBytes: number): StoreError {
  return new StoreError(
    'full',
    `store ${path}: its disk has ${megabytes(freeBytes)} free, and nothing is written below ${megabytes(minFreeBytes)}; free some, keep fewer days (--keep), or set --min-free`,
  )
}

const megabytes = (bytes: number): string => `${Math.floor(bytes / 1_000_000)} MB`
