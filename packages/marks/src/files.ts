import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'

/**
 * A folder, and those that it is in.
 *
 * @example [...upwards('/srv/shop')] // ['/srv/shop', '/srv', '/']
 */
export function* upwards(from: string): Generator<string> {
  for (let folder = resolve(from); ; folder = dirname(folder)) {
    yield folder
    if (dirname(folder) === folder) return
  }
}

/**
 * A file's text; undefined when it cannot be read.
 *
 * @example readText('/no/such/file') // undefined
 */
export function readText(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}
