import { base, noteAnswer } from './server.ts'

/** Why a request failed: a token is needed, the server is unreachable, or it answered with an error. */
export type Trouble =
  | { readonly kind: 'login' }
  | { readonly kind: 'gone' }
  | { readonly kind: 'refused'; readonly status: number; readonly message: string }

/** A failed request. */
class AskError extends Error {
  readonly trouble: Trouble

  constructor(trouble: Trouble) {
    super(trouble.kind === 'refused' ? trouble.message : trouble.kind)
    this.trouble = trouble
  }
}

// A lost connection may give no sign of it.
const usuallyWithinMs = 30_000

/** Sends a request to the server. Throws an AskError if the answer is not as expected, or takes too long (in milliseconds). */
export async function ask<Answer>(
  path: string,
  stop: AbortSignal,
  withinMs: number = usuallyWithinMs,
): Promise<Answer> {
  const signal = AbortSignal.any([stop, AbortSignal.timeout(withinMs)])
  const response = await sent(path, { signal })
  return (await response.json().catch(unlessGone)) as Answer
}

/** Posts JSON to the server, and ignores the body of the answer. */
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
