import { statfs } from 'node:fs/promises'
import { StoreError } from '../errors.ts'

/** The free space on the disk of an embedded store, at the last check. */
export interface Space {
  readonly freeBytes: number
  /** With less than this free, nothing large is written. */
  readonly minFreeBytes: number
}

/** Watches the free space on a disk. The engine does not: on a full disk it truncates what it writes, without an error. */
export interface SpaceWatch {
  readonly space: () => Space
  readonly isShort: () => boolean
  /** Whether too little is left to write anything at all: with a truncated table definition, the engine would not start again. */
  readonly isSpent: () => boolean
  /** Throws a StoreError of kind `full` if too little was free at the last check, and triggers another check. */
  readonly refuse: () => void
  /** Checks the free space, unless it was checked within the last second. */
  readonly look: () => Promise<void>
  /** Checks as `look` does, then throws as `refuse` does. */
  readonly need: () => Promise<void>
  /** The same, but always checks first: for callers that write a lot within a second. */
  readonly needNow: () => Promise<void>
  /** Throws if nothing may be written at all. */
  readonly needSome: () => Promise<void>
  /** To be called after a write: throws if so little is left that the write may be incomplete. */
  readonly held: () => Promise<void>
  /** Waits for the callbacks triggered by a change. */
  readonly settled: () => Promise<void>
}

/** Which disk to watch, how much must stay free, and what to do if space runs short. */
export interface SpaceOptions {
  /** The store's path, for messages. */
  readonly path: string
  /** At least 8 MB; smaller values are raised to that. */
  readonly minFreeBytes: number
  /** Bytes that this user may still write there. */
  readonly freeBytes: () => Promise<number>
  /** Space is short: stop whatever grows by itself. `torn` if it ran out so fast that a write may have been truncated. */
  readonly onShort: (torn: boolean) => Promise<void>
  readonly onRoom: () => Promise<void>
  readonly now?: () => number
}

/** Default space to leave free: twice the largest insert, and the merges running meanwhile. */
export const defaultMinFreeBytes = 128_000_000

/** Reserve for table definitions and single rows, which are written regardless of `minFreeBytes`. */
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
      // The next check tries again.
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
