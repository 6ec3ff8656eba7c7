import { readFileSync, unwatchFile, watchFile } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { sayOnce } from './say-once.ts'

/** The runs that a file names, as they are now. */
export interface RevokedRuns {
  readonly isRevoked: (run: string) => boolean
  readonly stop: () => void
}

/** How soon a change of the file counts. */
const intervalMs = 250

/**
 * The kill switch of test runs: a file with one run a line, `#` for comments, that is looked at four times a second
 * and never in a request. It may come into being later. A file that cannot be read any more leaves the list as it was.
 *
 * @example const { isRevoked } = watchRevokedRuns('/etc/shop/revoked-runs') // echo load-7 >> /etc/shop/revoked-runs
 */
export function watchRevokedRuns(file: string): RevokedRuns {
  let runs = new Set<string>()
  const failed = (error: NodeJS.ErrnoException): void => {
    if (error.code !== 'ENOENT')
      sayOnce(`the file of revoked runs ${file} cannot be read; the last list stays in force`, error)
  }
  const onChange = (): void => {
    readFile(file, 'utf8').then((text) => {
      runs = parseRuns(text)
    }, failed)
  }
  try {
    runs = parseRuns(readFileSync(file, 'utf8'))
  } catch (error) {
    failed(error as NodeJS.ErrnoException)
  }
  // Polling sees what a watch of the inode does not: editors and Kubernetes put another file in its place.
  watchFile(file, { interval: intervalMs, persistent: false }, onChange)
  return { isRevoked: (run) => runs.has(run), stop: () => unwatchFile(file, onChange) }
}

function parseRuns(text: string): Set<string> {
  const lines = text.split('\n').map((line) => (line.split('#', 1)[0] as string).trim())
  return new Set(lines.filter((line) => line !== ''))
}
