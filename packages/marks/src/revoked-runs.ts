import { readFileSync, unwatchFile, watchFile } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { sayOnce } from './say-once.ts'

/** The runs that a file currently lists. */
export interface RevokedRuns {
  readonly isRevoked: (run: string) => boolean
  readonly stop: () => void
}

/** How often the file is checked for changes. */
const intervalMs = 250

/**
 * The kill switch for test runs: a file with one run per line and `#` comments, checked four times a second, never during a
 * request. The file may be created later. If it becomes unreadable, the last list stays in force.
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
  // Polls, because editors and Kubernetes replace the file, which a watch on the inode would miss.
  watchFile(file, { interval: intervalMs, persistent: false }, onChange)
  return { isRevoked: (run) => runs.has(run), stop: () => unwatchFile(file, onChange) }
}

function parseRuns(text: string): Set<string> {
  const lines = text.split('\n').map((line) => (line.split('#', 1)[0] as string).trim())
  return new Set(lines.filter((line) => line !== ''))
}
