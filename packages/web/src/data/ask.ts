import { base, noteAnswer } from './server.ts'

/** Why a question was not answered: the token is asked for, the server is not there, or it says what is wrong. */
export type Trouble =
  | { readonly kind: 'login' }
  | { readonly kind: 'gone' }
  | { readonly kind: 'refused'; readonly status: number; readonly message: string }

/** A question that was not answered. */
class AskError extends Error {
  readonly trouble: Trouble

  constructor(trouble: Trouble) {
    super(trouble.kind === 'refused' ? trouble.message : trouble.kind)
    this.trouble = trouble
  }
}

// A connection that is gone may say nothing of it.
const usuallyWithinMs = 30_000

/** Asks the server; throws an AskError where it does not answer as it should, or not within some milliseconds. */
export async function ask<Answer>(
  path: string,
  stop: AbortSignal,
  withinMs: number = usuallyWithinMs,
): Promise<Answer> {
  const signal = AbortSignal.any([stop, AbortSignal.timeout(withinMs)])
  const response = await sent(path, { signal })
  return (await response.json().catch(unlessGone)) as Answer
}

/** Sends something to the server, as JSON; what it answers is not read. */
export async function tell(path: string, body: unknown): Promise<void> {
  await sent(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
}

async function sent(path: string, init: RequestInit): Promise<Response> {
  const response = await fetch(base + path, { credentials: 'same-origin', ...init }).catch(unlessGone)
  noteAnswer(response)
  if (response.ok) return response
  if (response.status === 401) throw new AskError({ kind: 'login' })
  if (response.status === 502 || response.status === 503 || response.status === 504)
    throw new AskError({ kind: 'gone' })
  const message = await response
    .json()
    .then((body: { error?: { message?: string } }) => body.error?.message)
    .catch(() => undefined)
  throw new AskError({ kind: 'refused', status: response.status, message: message ?? `status ${response.status}` })
}

function unlessGone(error: Error): never {
  if (error.name === 'AbortError') throw error
  throw new AskError({ kind: 'gone' })
}

/** Converts anything thrown to a Trouble. */
export function troubleOf(error: unknown): Trouble {
  if (error instanceof AskError) return error.trouble
  return { kind: 'refused', status: 0, message: error instanceof Error ? error.message : String(error) }
}
