import type { Readable } from 'node:stream'
import { CommandError, isTrouble } from './exit-codes.ts'
import { upload } from './upload.ts'

/** A running server and what it asks for. */
export interface Server {
  readonly url: string
  readonly token?: string | undefined
  /** It was started for this command, and goes when that is done. */
  readonly own?: boolean
}

/** Asks a server's route for what `isAnswer` knows; a refusal comes back as the error that the user is shown. */
export async function ask<T extends object>(
  server: Server,
  path: string,
  isAnswer: (answer: object) => answer is T,
  request: { readonly body?: unknown; readonly stream?: Readable; readonly signal?: AbortSignal } = {},
): Promise<T> {
  const { body, stream, signal } = request
  const headers: Record<string, string> = {}
  if (server.token) headers['authorization'] = `Bearer ${server.token}`
  if (body !== undefined) headers['content-type'] = 'application/json'
  if (stream) headers['content-type'] = 'application/octet-stream'
  const init: RequestInit = { method: body !== undefined ? 'POST' : 'GET', headers }
  if (body !== undefined) init.body = JSON.stringify(body)
  if (signal) init.signal = signal
  const url = server.url.replace(/\/+$/, '') + path
  let response: Response
  try {
    response = await (stream ? upload({ url, headers, stream, signal }) : fetch(url, init))
  } catch (error) {
    if (signal?.aborted) throw stopped()
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : (error as Error)
    throw new CommandError(
      'unavailable',
      `no answer from ${server.url} (${(cause as NodeJS.ErrnoException).code ?? cause.message}): is "coalmine serve" running there?`,
    )
  }
  const answer: unknown = await response.json().catch(() => undefined)
  if (signal?.aborted && answer === undefined) throw stopped()
  if (!response.ok) throw refusal(answer, response, server)
  if (answer && typeof answer === 'object' && isAnswer(answer)) return answer
  throw notCoalmine(response, server)
}

function stopped(): CommandError {
  return new CommandError('interrupted', 'stopped before the server answered')
}

function refusal(answer: unknown, response: Response, server: Server): CommandError {
  const error = answer && typeof answer === 'object' && 'error' in answer ? answer.error : undefined
  if (error && typeof error === 'object' && 'kind' in error && 'message' in error) {
    return new CommandError(isTrouble(error.kind) ? error.kind : 'unavailable', String(error.message))
  }
  return notCoalmine(response, server)
}

function notCoalmine({ status }: Response, { url }: Server): CommandError {
  return new CommandError(
    'unavailable',
    `${url} answered ${status}, but not as coalmine does: it is not a coalmine server`,
  )
}
