import { glob, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { StoreError } from '../errors.ts'

/**
 * Throws a StoreError of kind `unavailable` that names a definition of the engine's which is empty: a loss of power, or a
 * full disk, leaves such files, and the engine says of them only that it cannot parse a statement.
 */
export async function refuseEmptyDefinitions(path: string): Promise<void> {
  for await (const name of glob(['metadata/*.sql', 'store/*/*/*.sql'], { cwd: path })) {
    const file = join(path, name)
    if ((await stat(file)).size > 0) continue
    throw new StoreError(
      'unavailable',
      `store ${path}: ${name} is empty, as a loss of power or a full disk leaves it, and without it the engine does not start: put it back from a copy of the directory, or move the directory away and begin a new one`,
    )
  }
}
