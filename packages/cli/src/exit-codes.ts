import { exitCodes } from '@coalmine/client'
import type { Outcome } from '@coalmine/comparator'
import type { Trouble } from '@coalmine/server'

/** Why a command came to no verdict: trouble of a kind that a server may tell of, or the user stopped it. */
export type CommandTrouble = Trouble | 'interrupted'

/**
 * The exit code of each kind of trouble, beside those of verdicts: a broken tool never looks like a failed canary, nor like a
 * passing one. A cohort without data is as meaningless as an invalid comparison.
 */
export const troubleCodes: Readonly<Record<CommandTrouble, number>> = {
  'no-data': 3,
  usage: 64,
  malformed: 65,
  unavailable: 69,
  bug: 70,
  interrupted: 130,
}

/** Whether an answer's `verdict` is one of ours. */
function isOutcome(verdict: unknown): verdict is Outcome {
  return typeof verdict === 'string' && Object.hasOwn(exitCodes, verdict)
}

/** The exit code of what a command came to. */
export function exitCodeOf(result: Outcome | CommandTrouble): number {
  return isOutcome(result) ? exitCodes[result] : troubleCodes[result]
}

/** Both tables as `--help` shows them. */
export const exitCodesHelp = `
Exit codes:
  0   pass           the canary is within the margins
  1   fail           it is worse than a margin
  2   inconclusive   not settled yet; the report says what is missing
  3   invalid        the comparison means nothing, or a cohort has no data
  64  usage          a mistyped flag or value
  65  malformed      input that cannot be read
  69  unavailable    the store or the server cannot be reached
  70  bug            in coalmine itself
  130 interrupted    stopped by you before there was an answer`

/** Why a command cannot go on, for the user: `message` says what, where and what to do. */
export class CommandError extends Error {
  readonly kind: CommandTrouble

  constructor(kind: CommandTrouble, message: string) {
    super(message)
    this.kind = kind
  }
}
