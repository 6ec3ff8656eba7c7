import { randomBytes } from 'node:crypto'
import { open, rename, rm, stat } from 'node:fs/promises'

/**
 * Replaces a file atomically: readers see the old one or the new one, never part of one. It keeps its mode; `mode` is that of a file
 * which does not exist yet, and without it such a file is an error. Throws the error of the file system.
 *
 * @example await replaceFile('/etc/flagd/flags.json', text)
 */
export async function replaceFile(path: string, text: string, mode?: number): Promise<void> {
  const fresh = `${path}.${randomBytes(4).toString('hex')}.new`
  try {
    const modes = await stat(path).catch((error: unknown) => {
      if (mode === undefined) throw error
      return { mode }
    })
    const handle = await open(fresh, 'wx', modes.mode)
    try {
      await handle.writeFile(text)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(fresh, path)
  } catch (error) {
    await rm(fresh, { force: true })
    throw error
  }
}
