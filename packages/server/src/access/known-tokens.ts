import { createHash, timingSafeEqual } from 'node:crypto'
import type { Right } from './rights.ts'

/** A token that is known, by its SHA-256: nothing here could send it on. */
export interface KnownToken {
  /** Null where tokens have no names. */
  readonly name: string | null
  readonly rights: readonly Right[]
  readonly digest: Buffer
}

/** The SHA-256 of a token. */
export function digestOf(token: string): Buffer {
  return createHash('sha256').update(token).digest()
}

/** The token of a digest among those that are known; every one of them is looked at, so that time tells nothing. */
export function tokenOf(digest: Buffer, known: readonly KnownToken[]): KnownToken | undefined {
  let found: KnownToken | undefined
  for (const token of known) if (timingSafeEqual(token.digest, digest)) found = token
  return found
}
