import { readdir, readFile, readlink, stat } from 'node:fs/promises'
import { join } from 'node:path'

/**
 * The id of the process that has a store's directory open, or undefined. Reads the engine's status file, because
 * the engine itself reports this only on the terminal.
 */
export async function holderOf(directory: string): Promise<number | undefined> {
  const status = join(directory, 'status')
  const pid = Number(/PID: (\d+)/.exec(await readFile(status, 'utf8').catch(() => ''))?.[1])
  return pid && pid !== process.pid && (await runs(pid, status)) ? pid : undefined
}

/** Whether a process that wrote its id into a file, and keeps the file open, is still running. */
export async function runs(pid: number, file: string): Promise<boolean> {
  return isAlive(pid) && (await hasOpen(pid, file))
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

// After a crash the id may belong to another process by now; if the system allows it, check that process's open files.
async function hasOpen(pid: number, path: string): Promise<boolean> {
  const folder = `/proc/${pid}/fd`
  const open = await readdir(folder).catch(() => undefined)
  if (!open) return true
  const file = await stat(path).catch(() => undefined)
  for (const fd of open) {
    // A process has hundreds of sockets, pipes and files of /proc open, and the last are slow to look at.
    const link = await readlink(join(folder, fd)).catch(() => '')
    if (!link.startsWith('/') || link.startsWith('/proc/')) continue
    const held = await stat(join(folder, fd)).catch(() => undefined)
    if (held && held.dev === file?.dev && held.ino === file.ino) return true
  }
  return false
}
