import { randomBytes } from 'node:crypto'
import { digestOf, type KnownToken } from './known-tokens.ts'

/** Sessions of those who logged in on the page: each has a secret, separate from the token, for some hours. */
export interface Sessions {
  /** Begins a session for a token and returns its secret. */
  readonly begin: (token: KnownToken) => string
  /** The token of a session; undefined if the session is over or the token is no longer known. */
  readonly holder: (secret: string) => KnownToken | undefined
  readonly end: (secret: string) => void
}

/** How long a session lasts, in milliseconds. */
export const sessionMs: number = 12 * 3_600_000
// Beyond this many, the oldest session ends, so that repeated logins take no more memory.
const mostSessions = 1_000

interface Session {
  readonly token: KnownToken
  readonly endMs: number
}

/** Creates an empty set of sessions. `current` looks up a token's current state: its rights may have changed, or it may be gone. */
export function newSessions(now: () => number, current: (token: KnownToken) => KnownToken | undefined): Sessions {
  // Keyed by the hash of the secret, so that neither memory dumps nor the timing of look-ups reveal it.
  const sessions = new Map<string, Session>()
  const keyOf = (secret: string): string => digestOf(secret).toString('base64')
  return {
    begin: (token) => {
      const [oldest] = sessions.keys()
      if (sessions.size >= mostSessions && oldest !== undefined) sessions.delete(oldest)
      const secret = randomBytes(32).toString('base64url')
      sessions.set(keyOf(secret), { token, endMs: now() + sessionMs })
      return secret
    },
    holder: (secret) => {
      const key = keyOf(secret)
      const session = sessions.get(key)
      if (!session) return undefined
      const token = session.endMs > now() ? current(session.token) : undefined
      if (!token) sessions.delete(key)
      return token
    },
    end: (secret) => void sessions.delete(keyOf(secret)),
  }
}
