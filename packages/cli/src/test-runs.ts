import type { TestRunAnswer } from '@coalmine/comparator'
import { Option } from 'commander'
import { ask, type Server } from './client.ts'
import { CommandError } from './exit-codes.ts'

/** Whether an answer is a test run. */
export const isRun = (answer: object): answer is TestRunAnswer => 'run' in answer && 'state' in answer

/** `--revoke`, the file that verifiers watch. */
export function revokeOption(): Option {
  return new Option(
    '--revoke <file>',
    'the revocation file that the services watch; without it, the server adds the run to its own --revoke file',
  ).env('COALMINE_REVOKED_FILE')
}

/** Who revokes a run, and the reason. */
export interface Said {
  readonly by: string
  readonly why: string
}

/**
 * Adds a run to the revocation file, if one is named, and then records the revocation in the server. Returns the run, or
 * `undefined` if the store has not seen it; it is revoked in the file all the same.
 */
export async function revokeRun(
  server: Server,
  run: string,
  { file, by, why }: Said & { readonly file: string | undefined },
): Promise<TestRunAnswer | undefined> {
  if (file !== undefined) {
    const { revokeInFile } = await import('@coalmine/server')
    await revokeInFile(file, { run, at: new Date().toISOString(), by, why })
  }
  return ask(server, `/api/runs/${encodeURIComponent(run)}/revoke`, isRun, {
    body: { by, why, ...(file !== undefined && { isInFile: true }) },
  }).catch((error: unknown) => {
    if (file !== undefined && error instanceof CommandError && error.kind === 'no-data') return undefined
    throw error
  })
}
