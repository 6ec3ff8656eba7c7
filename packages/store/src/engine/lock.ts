import { closeSync, openSync, writeSync } from 'node:fs'
import { open, readFile, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { runs } from './holder.ts'

/** What came of asking for a directory's lock: it is ours until `release`, or another process has it. */
type Lock = { readonly release: () => Promise<void> } | { readonly holder: number }

/**
 * Takes a directory's lock, for as long as this process has the engine open over it. The engine has a lock of its own,
 * but says on the terminal that it did not get it. What a crashed process left is taken over.
 */
export const takeLock = (directory: string): Promise<Lock> => takeFile(join(directory, 'coalmine.lock'))

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
  // Its maker writes its id right after it made the file, and may be slow to come to it.
  for (let tries = 0; pid === 0 && tries < 50; tries++) {
    await setTimeout(pollMs)
    pid = await read()
  }
  return pid && (await runs(pid, file)) ? pid : undefined
}

// Many may find the same stale file. They remove it one at a time, or the second would remove what the first has made.
async function removeStale(file: string): Promise<void> {
  const turn = await takeFile(`${file}.stale`)
  if ('holder' in turn) return setTimeout(pollMs)
  try {
    const seen = await open(file).catch(() => undefined)
    if (!seen) return
    try {
      if ((await holderIn(file)) !== undefined) return
      // While it is open here no other file can get its number.
      const [was, is] = [await seen.stat({ bigint: true }), await stat(file, { bigint: true }).catch(() => undefined)]
      if (is?.ino === was.ino) await rm(file, { force: true })
    } finally {
      await seen.close()
    }
  } finally {
    await turn.release()
  }
}
