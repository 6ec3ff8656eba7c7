import { CoalmineError, isTrouble } from './coalmine-error.ts'

/** A running server and what it asks for. */
export interface ServerAddress {
  /** Such as `http://127.0.0.1:4318`. */
  readonly url: string
  /** The token that it asks for. */
  readonly token?: string | undefined
}

/** How a server is asked. */
export interface AskOptions {
  /** Sent as JSON. */
  readonly body?: unknown
  readonly signal?: AbortSignal | undefined
  /** After so long without the whole answer it is not waited for any more, in milliseconds; as long as it takes, unless given. */
  readonly timeoutMs?: number | undefined
  readonly headers?: Readonly<Record<string, string>>
  /** POST with a body, GET without one, unless given. */
  readonly method?: 'GET' | 'POST'
  /** Sends the request; `fetch` unless given. */
  readonly send?: (url: string, init: RequestInit) => Promise<Response>
}

/**
 * Asks a server's route for what `isAnswer` knows.
 *
 * Throws a CoalmineError where there is no such answer.
 *
 * @example await ask({ url: 'http://127.0.0.1:4318' }, '/api/store', (answer): answer is object => true)
 */
export async function ask<T extends object>(
  server: ServerAddress,
  path: string,
  isAnswer: (answer: object) => answer is T,
  options: AskOptions = {},
): Promise<T> {
  const { body, signal, timeoutMs, send = fetch, method = body === undefined ? 'GET' : 'POST' } = options
  const request = requestOf(server, path, method, options.headers)
  // Node 20 takes whole milliseconds alone.
  const timeout = timeoutMs === undefined ? undefined : AbortSignal.timeout(Math.ceil(timeoutMs))
  const signals = [signal, timeout].filter((one) => one !== undefined)
  const headers = body === undefined ? request.headers : { ...request.headers, 'content-type': 'application/json' }
  let response: Response
  let answer: unknown
  try {
    response = await send(request.url, {
      method: request.method,
      headers,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(signals.length === 0 ? {} : { signal: AbortSignal.any(signals) }),
    })
    answer = parsed(await response.text())
  } catch (error) {
    if (signal?.aborted) throw interrupted(request)
    throw timeout?.aborted ? noAnswerIn(timeoutMs!, server, request) : noAnswer(error, server, request)
  }
  if (!response.ok) throw refusal(answer, response.status, server, request)
  if (answer && typeof answer === 'object' && isAnswer(answer)) return answer
  throw notCoalmine(response.status, server, request)
}

/** A request that is about to be sent. */
export interface Request {
  readonly method: string
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
}

/** A request to a route. */
export function requestOf(
  { url, token }: ServerAddress,
  path: string,
  method: string,
  headers: Readonly<Record<string, string>> = {},
): Request {
  return {
    method,
    url: url.replace(/\/+$/, '') + path,
    headers: { accept: 'application/json', ...headers, ...(token ? { authorization: `Bearer ${token}` } : {}) },
  }
}

/** The error of whoever aborted the request. */
export function interrupted(request: Request): CoalmineError {
  return new CoalmineError('interrupted', { what: 'stopped before the server answered', where: whereOf(request) })
}

/** The error of a connection that gave no answer. */
export function noAnswer(error: unknown, { url }: ServerAddress, request: Request): CoalmineError {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  const { code, message = String(cause) } = Object(cause) as { code?: unknown; message?: string }
  return new CoalmineError(
    'unavailable',
    {
      what: `no answer from ${url} (${typeof code === 'string' ? code : message})`,
      where: whereOf(request),
      advice: 'is "coalmine serve" running there?',
    },
    { cause: error },
  )
}

/** The error that a server answered with. */
export function refusal(answer: unknown, status: number, server: ServerAddress, request: Request): CoalmineError {
  const error: unknown = answer && typeof answer === 'object' && 'error' in answer ? answer.error : undefined
  if (!error || typeof error !== 'object' || !('kind' in error) || !('message' in error))
    return notCoalmine(status, server, request)
  const kind = isTrouble(error.kind) ? error.kind : 'unavailable'
  return new CoalmineError(kind, { what: String(error.message), where: whereOf(request), status })
}

/** The error of an answer that is not one of coalmine's. */
export function notCoalmine(status: number, { url }: ServerAddress, request: Request): CoalmineError {
  return new CoalmineError('unavailable', {
    what: `${url} answered ${status}, but not as a Coalmine server would`,
    where: whereOf(request),
    advice: 'does something else run there?',
    status,
  })
}

function noAnswerIn(ms: number, { url }: ServerAddress, request: Request): CoalmineError {
  return new CoalmineError('unavailable', {
    what: `no answer from ${url} in ${ms / 1_000} s`,
    where: whereOf(request),
    advice: 'it may be busy: try again, or allow more time with timeoutMs',
  })
}

const whereOf = ({ method, url }: Request): string => `${method} ${url}`

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
