import { createHash, timingSafeEqual } from 'node:crypto'
import { ServerError } from './errors.ts'

/** Whether an `authorization` has the token; where none is asked for everybody is allowed. */
export function isAllowed(authorization: string | undefined, token: string | undefined): boolean {
  return token === undefined || isSame(authorization ?? '', `Bearer ${token}`)
}

/** The answer to whoever is not allowed. */
export function tokenAsked(): ServerError {
  return new ServerError('unavailable', 'this server asks for a token: give its own with --token or COALMINE_TOKEN', {
    status: 401,
    limit: 'token',
  })
}

// Hashes are of one length, which a comparison in constant time needs.
function isSame(given: string, expected: string): boolean {
  const hash = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(hash(given), hash(expected))
}
