import { readdir, readFile, readlink } from 'node:fs/promises'
import { join } from 'node:path'

/**
 * The id of the process that has a store's directory open, or undefined. It reads what the engine leaves there, because
 * the engine itself says so only on the terminal.
 */
export async function holderOf(directory: string): Promise<number | undefined> {
  const status = join(directory, 'status')
  const pid = Number(/PID: (\d+)/.exec(await readFile(status, 'utf8').catch(() => ''))?.[1])
  if (!pid || pid === process.pid || !isAlive(pid)) return undefined
  return (await hasOpen(pid, status)) ? pid : undefined
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

// After a crash the id may belong to somebody else by now; where the system tells, look at what that process has open.
async function hasOpen(pid: number, path: string): Promise<boolean> {
  const folder = `/proc/${pid}/fd`
  const open = await readdir(folder).catch(() => undefined)
  if (!open) return true
  for (const fd of open) if ((await readlink(join(folder, fd)).catch(() => '')) === path) return true
  return false
}
