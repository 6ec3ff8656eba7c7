import { StoreError, type Trouble } from '@coalmine/store'

/** The HTTP status of each kind, unless an error has a more specific one. */
const statusOf: Readonly<Record<Trouble, number>> = {
  usage: 400,
  malformed: 400,
  unavailable: 503,
  'no-data': 404,
  bug: 500,
}

/** The limits that a request may exceed, as counted in the metrics. */
export type Limit = 'memory' | 'queue' | 'slow' | 'large' | 'token' | 'origin' | 'connections'

/** An error whose message is meant for the caller: what is wrong, where, and what to do. */
export class ServerError extends Error {
  readonly kind: Trouble
  readonly status: number
  readonly limit: Limit | undefined

  constructor(kind: Trouble, message: string, options: ErrorOptions & { status?: number; limit?: Limit } = {}) {
    super(message, options)
    this.name = 'ServerError'
    this.kind = kind
    this.status = options.status ?? statusOf[kind]
    this.limit = options.limit
  }
}

/** The body of every answer that is an error, outside `/v1`. */
export interface ErrorBody {
  readonly error: { readonly kind: Trouble; readonly message: string }
}

/** What a route accepts, for error messages. */
export interface Takes {
  readonly types: readonly string[]
  readonly bytes: number
}

/** Turns any error into one to answer with. An unforeseen error is our bug, and its details are not revealed. */
export function answerable(error: unknown, takes?: Takes): ServerError {
  if (error instanceof ServerError) return error
  if (error instanceof StoreError) {
    const { message: text, kind } = error
    if (kind === 'busy') return new ServerError('unavailable', text, { cause: error, status: 429, limit: 'queue' })
    if (kind === 'held') return new ServerError('unavailable', text, { cause: error, status: heldStatus })
    if (kind === 'full') return new ServerError('unavailable', text, { cause: error })
    return new ServerError(kind, text, { cause: error })
  }
  const { statusCode: status = 500, message = String(error) } = error as { statusCode?: number; message?: string }
  if (status >= 500) return new ServerError('bug', `the server failed: ${message}`, { cause: error })
  if (status === 413 || status === 415) {
    return new ServerError('malformed', (takes && refusalOf(status, takes)) ?? message, { cause: error, status })
  }
  return new ServerError('usage', message, { cause: error, status })
}

/** The status of the error that another process holds the store: WebDAV's "Locked". */
export const heldStatus = 423

function refusalOf(status: 413 | 415, { types, bytes }: Takes): string {
  return status === 413
    ? `the body is larger than ${bytes} bytes; send smaller batches`
    : `this content-type is not supported; send ${types.join(' or ')}`
}
