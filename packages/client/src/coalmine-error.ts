/**
 * Why a server gives no answer: `usage` (what was asked is wrong), `malformed` (input that cannot be read), `no-data` (there is
 * nothing to judge, or no such comparison), `unavailable` (no answer, no right to it, or too busy), `bug` (of the server's).
 */
export type Trouble = 'usage' | 'malformed' | 'unavailable' | 'no-data' | 'bug'

/** Why there is no answer: trouble of a kind that a server tells, or `interrupted` by the caller's signal. */
export type CoalmineErrorKind = Trouble | 'interrupted'

const troubles: readonly unknown[] = ['usage', 'malformed', 'unavailable', 'no-data', 'bug'] satisfies Trouble[]

/** Why there is no answer. `message` is `what` and `advice` in one sentence. */
export class CoalmineError extends Error {
  readonly kind: CoalmineErrorKind
  /** What went wrong. */
  readonly what: string
  /** The request, such as `POST http://127.0.0.1:4318/api/compare`. */
  readonly where: string
  /** What to do about it; empty where `what` says so. */
  readonly advice: string
  /** The HTTP status of the answer; undefined where there was none. */
  readonly status: number | undefined

  constructor(
    kind: CoalmineErrorKind,
    told: { readonly what: string; readonly where: string; readonly advice?: string; readonly status?: number },
    options?: ErrorOptions,
  ) {
    const { what, where, advice = '', status } = told
    super(advice === '' ? what : `${what}: ${advice}`, options)
    this.name = 'CoalmineError'
    this.kind = kind
    this.what = what
    this.where = where
    this.advice = advice
    this.status = status
  }
}

/** Whether an answer's `kind` is one that a server may tell of; a server is not interrupted. */
export function isTrouble(kind: unknown): kind is Trouble {
  return troubles.includes(kind)
}

/** Whether the same request may have an answer later: nobody said no to it. */
export function mayPass(error: unknown): boolean {
  if (!(error instanceof CoalmineError)) return false
  return error.kind === 'unavailable' && error.status !== 401 && error.status !== 403
}
