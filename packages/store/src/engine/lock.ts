import { type BigIntStats, closeSync, openSync, writeSync } from 'node:fs'
import { readFile, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { runs } from './holder.ts'

/** What came of asking for a directory's lock: it is ours until `release`, or another process has it. */
type Lock = { readonly release: () => Promise<void> } | { readonly holder: number }

/**
 * Takes a directory's lock, for as long as this process has the engine open over it. The engine has a lock of its own,
 * but says on the terminal that it did not get it. What a crashed process left is taken over.
 */
export async function takeLock(directory: string): Promise<Lock> {
  const file = join(directory, 'coalmine.lock')
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
    const found = await statOf(file)
    if (!found) continue
    const holder = await holderIn(file)
    if (holder !== undefined) return { holder }
    await removeStale(file, found)
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
  const read = async () => Number(await readFile(file, 'utf8').catch(() => ''))
  let pid = await read()
  // Its maker writes its id right after it made the file.
  for (let tries = 0; !pid && tries < 5; tries++) {
    await setTimeout(20)
    pid = await read()
  }
  return pid && (await runs(pid, file)) ? pid : undefined
}

// Another process may have replaced the stale file since we looked: then what was moved away is not what we saw.
async function removeStale(file: string, seen: BigIntStats): Promise<void> {
  const aside = `${file}.${process.pid}`
  const moved = await rename(file, aside).then(
    () => true,
    () => false,
  )
  if (!moved) return
  const { ino } = (await statOf(aside)) ?? seen
  if (ino === seen.ino) await rm(aside, { force: true })
  else await rename(aside, file)
}

const statOf = (file: string): Promise<BigIntStats | undefined> => stat(file, { bigint: true }).catch(() => undefined)
