import { randomBytes } from 'node:crypto'
import { digestOf, type KnownToken } from './known-tokens.ts'

/** Those who logged in on the page: each has a secret that is no token, for some hours. */
export interface Sessions {
  /** Begins one for whoever has a token, and gives its secret. */
  readonly begin: (token: KnownToken) => string
  /** Whose session a secret is of; undefined where it is over, or the token is not known any more. */
  readonly holder: (secret: string) => KnownToken | undefined
  readonly end: (secret: string) => void
}

/** How long a session lasts, in milliseconds. */
export const sessionMs: number = 12 * 3_600_000
// Beyond them the oldest is over: who logs in again and again takes no more memory than that.
const mostSessions = 1_000

interface Session {
  readonly token: KnownToken
  readonly endMs: number
}

/** No sessions yet. `current` is the token as it is known now: rights may have changed since, and it may be gone. */
export function newSessions(now: () => number, current: (token: KnownToken) => KnownToken | undefined): Sessions {
  // By the hash of the secret: whoever sees memory, or times a look-up, learns no secret.
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
