import { createHash, timingSafeEqual } from 'node:crypto'
import type { Right } from './rights.ts'

/** A known token, held only as its SHA-256, so that it cannot leak from here. */
export interface KnownToken {
  /** Null if tokens have no names. */
  readonly name: string | null
  readonly rights: readonly Right[]
  readonly digest: Buffer
}

/** The SHA-256 of a token. */
export function digestOf(token: string): Buffer {
  return createHash('sha256').update(token).digest()
}

/** Finds the known token with a digest; always compares all of them, so that timing reveals nothing. */
export function tokenOf(digest: Buffer, known: readonly KnownToken[]): KnownToken | undefined {
  let found: KnownToken | undefined
  for (const token of known) if (timingSafeEqual(token.digest, digest)) found = token
  return found
}
