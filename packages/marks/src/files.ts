import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'

/**
 * Yields a folder and all of its parents.
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
 * Returns a file's text, or undefined if it cannot be read.
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
