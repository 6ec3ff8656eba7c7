import { closeSync, futimesSync, openSync, writeSync } from 'node:fs'
import { open, readFile, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { runs } from './holder.ts'

/** A lock that we hold until `release`; `touch` shows processes waiting for it that work is progressing. */
export interface OwnLock {
  readonly touch: () => void
  readonly release: () => Promise<void>
}

/** The result of requesting a directory's lock: we hold it, or another process does. */
type Lock = OwnLock | { readonly holder: number }

/**
 * Takes a directory's lock, for as long as this process has the engine open over it. The engine has a lock of its own,
 * but prints to the terminal if it cannot get it. A lock left by a crashed process is taken over.
 */
export const takeLock = (directory: string): Promise<Lock> => takeFile(lockFile(directory))

/**
 * The progress of the process that holds a directory: a string that changes when it makes progress on a statement, and when
 * another process takes over; undefined if there is no lock. It stays the same while the process is idle, hangs, or has
 * died.
 *
 * @example await progressOf('.coalmine') // '1234 1764482400000.5'
 */
export async function progressOf(directory: string): Promise<string | undefined> {
  const file = await stat(lockFile(directory)).catch(() => undefined)
  return file && `${file.ino} ${file.mtimeMs}`
}

const lockFile = (directory: string): string => join(directory, 'coalmine.lock')

const pollMs = 20

async function takeFile(file: string): Promise<Lock> {
  for (;;) {
    const fd = create(file)
    if (fd !== undefined) {
      try {
        writeSync(fd, `${process.pid}\n`)
      } catch (error) {
        closeSync(fd)
        await rm(file, { force: true })
        throw error
      }
      return {
        touch: () => {
          const now = new Date()
          futimesSync(fd, now, now)
        },
        release: async () => {
          await rm(file, { force: true })
          closeSync(fd)
        },
      }
    }
    const holder = await holderIn(file)
    if (holder !== undefined) return { holder }
    await removeStale(file)
  }
}

function create(file: string): number | undefined {
  try {
    return openSync(file, 'wx')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return undefined
    throw error
  }
}

async function holderIn(file: string): Promise<number | undefined> {
  const read = () => readFile(file, 'utf8').then(Number, () => undefined)
  let pid = await read()
  // The creator writes its id right after creating the file, which may take a while on a busy machine.
  for (let tries = 0; pid === 0 && tries < 500; tries++) {
    await setTimeout(pollMs)
    pid = await read()
  }
  return pid && (await runs(pid, file)) ? pid : undefined
}

// Several processes may find the same stale file. They remove it one at a time, or the second would remove the first's new file.
async function removeStale(file: string): Promise<void> {
  const turn = await takeFile(`${file}.stale`)
  if ('holder' in turn) return setTimeout(pollMs)
  try {
    const seen = await open(file).catch(() => undefined)
    if (!seen) return
    try {
      if ((await holderIn(file)) !== undefined) return
      // While it is open here, no other file can get its inode number.
      const [was, is] = [await seen.stat({ bigint: true }), await stat(file, { bigint: true }).catch(() => undefined)]
      if (is?.ino === was.ino) await rm(file, { force: true })
    } finally {
      await seen.close()
    }
  } finally {
    await turn.release()
  }
}
