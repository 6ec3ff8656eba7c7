import type { Outcome } from '@coalmine/comparator'

/** One meaning each. A broken tool never looks like a failed canary, nor like a passing one. */
export const exitCodes = {
  pass: 0,
  fail: 1,
  inconclusive: 2,
  invalid: 3,
  'no-data': 3,
  usage: 64,
  malformed: 65,
  unavailable: 69,
  bug: 70,
  interrupted: 130,
} as const

export type Trouble = Exclude<keyof typeof exitCodes, Outcome>

/** The same table as `--help` shows it. */
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
  readonly kind: Trouble

  constructor(kind: Trouble, message: string) {
    super(message)
    this.kind = kind
  }
}
