import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import type { Config } from '@coalmine/comparator'
import { defaultPolicy } from '@coalmine/comparator/defaults'
import { CommandError } from './exit-codes.ts'

/** The default configuration file. */
export const defaultConfig = 'coalmine.yaml'

/**
 * Reads the named file, otherwise `coalmine.yaml` if it exists, otherwise returns an empty configuration.
 *
 * Throws a CommandError of kind `usage` that says what is wrong and in which line.
 */
export async function readConfig(file: string | undefined): Promise<Config> {
  if (file === undefined && !existsSync(defaultConfig)) return { policy: {}, parsed: defaultPolicy }
  return readConfigFile(file ?? defaultConfig, '--config ')
}

/** Reads a configuration file. `flag` is the option that named it, for the message if the file is missing. */
export async function readConfigFile(path: string, flag = ''): Promise<Config> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new CommandError(
      'usage',
      `${flag}${path}: ${error.code === 'ENOENT' ? 'there is no such file' : error.message}`,
    )
  })
  const { parseConfig } = await import('@coalmine/comparator/configuration')
  const { parseSelector } = await import('@coalmine/server/selector')
  try {
    return parseConfig(text, path, parseSelector)
  } catch (error) {
    throw new CommandError('usage', (error as Error).message)
  }
}
