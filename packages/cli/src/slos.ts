import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Config, Slo, SloInput } from '@coalmine/comparator'
import { defaultConfig } from './config-file.ts'
import { CommandError } from './exit-codes.ts'

/**
 * Returns a command's objectives: those of the named OpenSLO file, otherwise those of `slo:` in its configuration, if any.
 *
 * @param configFile the path of the configuration; files that it names are relative to it.
 * @throws {CommandError} of kind `usage` that says what is wrong and in which line.
 */
export async function slosOf(
  config: Config,
  { slo, config: configFile = defaultConfig }: { readonly slo?: string; readonly config?: string },
): Promise<readonly SloInput[]> {
  if (slo !== undefined) return readFileOf(slo, '--slo ')
  if (config.sloFile !== undefined) return readFileOf(join(dirname(configFile), config.sloFile), `${configFile}: slo: `)
  return config.slo ?? []
}

/** Returns the parsed objectives, with their defaults. */
export async function parsedSlosOf(config: Config, files: { readonly config?: string }): Promise<readonly Slo[]> {
  const { config: configFile } = files
  const { readSlos } = await import('@coalmine/comparator/configuration')
  const read = readSlos(await slosOf(config, { ...(configFile !== undefined && { config: configFile }) }), undefined)
  return read.kind === 'slos' ? read.slos : []
}

async function readFileOf(path: string, named: string): Promise<readonly SloInput[]> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new CommandError(
      'usage',
      `${named}${path}: ${error.code === 'ENOENT' ? 'there is no such file' : error.message}`,
    )
  })
  const { readOpenSlo, readSlos } = await import('@coalmine/comparator/configuration')
  try {
    const found = readOpenSlo(text, path)
    const read = readSlos(found, undefined)
    if (read.kind !== 'problems') return found
    throw new RangeError(
      read.problems.map(({ path: key, message }) => `${path}: ${key.join('.')}: ${message}`).join('\n'),
    )
  } catch (error) {
    throw new CommandError('usage', (error as Error).message)
  }
}
