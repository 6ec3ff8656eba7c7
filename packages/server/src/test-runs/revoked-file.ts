import { open, readFile, realpath, rm, stat } from 'node:fs/promises'
import { setTimeout } from 'node:timers/promises'
import { replaceFile } from '@coalmine/rollout'
import { ServerError } from '../errors.ts'

/** A line of the file that verifiers watch: the stopped run and, for people, when, by whom and why it was stopped. */
export interface Revoked {
  readonly run: string
  readonly at: string
  readonly by: string
  readonly why: string
}

/**
 * Adds a run to the file of revoked runs that `watchRevokedRuns` reads, unless it is already there; the file is created if
 * missing. The file is replaced atomically.
 *
 * @throws {ServerError} of kind `usage` if the file cannot name the run, `unavailable` if it cannot be written.
 * @example await revokeInFile('/etc/shop/revoked-runs', { run: 'load-7', at, by: 'ana', why: 'users were hurt' })
 */
export async function revokeInFile(file: string, { run, at, by, why }: Revoked): Promise<void> {
  checkRunName(run)
  const line = `${run} # ${at} by ${oneLine(by)}: ${oneLine(why)}`
  try {
    // Replace the target of a symbolic link, not the link.
    const path = await realpath(file).catch(() => file)
    await alone(path, async () => {
      const text = await textOf(path)
      if (!names(text, run))
        await replaceFile(path, `${text}${text === '' || text.endsWith('\n') ? '' : '\n'}${line}\n`, usualMode)
    })
  } catch (error) {
    throw new ServerError(
      'unavailable',
      `the file of revoked runs ${file} cannot be written: ${(error as Error).message}`,
    )
  }
}

/** Throws a ServerError of kind `usage` if a line of the file cannot hold the name, which ends at a `#` there. */
export function checkRunName(run: string): void {
  if (run !== '' && run.trim() === run && !/[#\r\n]/.test(run)) return
  throw new ServerError(
    'usage',
    `run ${JSON.stringify(run)}: the file of revoked runs cannot name it; take the key of its markers from the services instead, and give the next one a name without # and spaces around it`,
  )
}

const names = (text: string, run: string): boolean =>
  text.split('\n').some((line) => line.split('#', 1)[0]!.trim() === run)

const oneLine = (text: string): string =>
  text
    .replaceAll(/[\p{C}\s]+/gu, ' ')
    .trim()
    .slice(0, 300)

async function textOf(file: string): Promise<string> {
  return readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return ''
    throw error
  })
}

const usualMode = 0o644

// A lock older than this was left behind by a crash.
const staleMs = 5_000

/** Runs work under a lock, since other commands and servers may write the same file. */
async function alone(path: string, work: () => Promise<void>): Promise<void> {
  const lock = `${path}.lock`
  for (;;) {
    try {
      await (await open(lock, 'wx')).close()
      break
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
      const sinceMs = await stat(lock).then(
        ({ mtimeMs }) => mtimeMs,
        () => Date.now(),
      )
      if (Date.now() - sinceMs > staleMs) await rm(lock, { force: true })
      else await setTimeout(10)
    }
  }
  try {
    await work()
  } finally {
    await rm(lock, { force: true })
  }
}
