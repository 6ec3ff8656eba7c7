import { exitCodes } from '@coalmine/client'
import type { Outcome } from '@coalmine/comparator'
import type { Trouble } from '@coalmine/server'

/** Why a command reached no verdict: a kind of trouble that a server may report, or the user's interruption. */
export type CommandTrouble = Trouble | 'interrupted'

/**
 * The exit code of each kind of trouble, distinct from those of verdicts, so that a broken tool never looks like a failed or
 * passing canary. A cohort without data is as meaningless as an invalid comparison.
 */
export const troubleCodes: Readonly<Record<CommandTrouble, number>> = {
  'no-data': 3,
  usage: 64,
  malformed: 65,
  unavailable: 69,
  bug: 70,
  interrupted: 130,
}

/** Whether an answer's `verdict` is a known outcome. */
function isOutcome(verdict: unknown): verdict is Outcome {
  return typeof verdict === 'string' && Object.hasOwn(exitCodes, verdict)
}

/** Returns the exit code for a command's result. */
export function exitCodeOf(result: Outcome | CommandTrouble): number {
  return isOutcome(result) ? exitCodes[result] : troubleCodes[result]
}

/** The exit codes as shown by `--help`. */
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

/** An error that stops a command, for the user: `message` says what is wrong, where, and what to do. */
export class CommandError extends Error {
  readonly kind: CommandTrouble

  constructor(kind: CommandTrouble, message: string) {
    super(message)
    this.kind = kind
  }
}
