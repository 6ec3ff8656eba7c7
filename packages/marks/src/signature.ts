import { createHmac, timingSafeEqual } from 'node:crypto'
import { isPrintable } from './printable.ts'
import { isRunRevoked } from './run-revoked.ts'

/** A secret for signing markers. Its `id` tells keys apart, so that they can be rotated. */
export interface SigningKey {
  readonly id: string
  readonly secret: string
}

/** The content of a signed marker: a request's test run and entity, the audience, and when the marker expires. */
export interface Marker {
  /** The test run. A marker without one cannot be revoked before it expires. */
  readonly run?: string
  /** The test entity, as `kind:id`. */
  readonly entity?: string
  /** Whom to contact about the run, such as `ana@shop.example`. */
  readonly owner?: string
  /** Who may accept it, such as `production`. Verifiers with another audience, or none, refuse it. */
  readonly audience?: string
  /** When it expires, in milliseconds since 1970. Kept in whole seconds. */
  readonly expiresAt: number
}

/** How to verify markers: which keys to trust, as which audience, and which runs are revoked. */
export interface MarkerTrust {
  /** The trusted keys, in any order. During a rotation, both the old and the new one. */
  readonly keys: readonly SigningKey[]
  readonly audience?: string
  /**
   * Whether a run has been revoked. Called for every marker that is otherwise valid. While a promise is pending, the run gets
   * no special treatment; the answer is refreshed every ten seconds.
   */
  readonly isRevoked?: (run: string) => boolean | Promise<boolean>
  /** How far this clock may be ahead of the signer's. 30 s by default. */
  readonly clockSkewMs?: number
}

/** Why a marker is refused. */
export type RefusalReason = 'malformed' | 'unknown-key' | 'bad-signature' | 'expired' | 'other-audience' | 'revoked'

/** The result of verifying a marker: its content, or why it was refused. */
export type MarkerCheck =
  | { readonly kind: 'trusted'; readonly marker: Marker }
  | { readonly kind: 'refused'; readonly why: RefusalReason }

/** Markers go first in the baggage and must leave room for the rest. */
export const maxMarker = 200
const msPerSecond = 1000

/**
 * Signs a marker, as text of fewer than 200 characters that needs no escaping in headers or baggage:
 * `v1.<key id>.<content>.<HMAC-SHA256 of everything before it>`, in base64url (RFC 2104, RFC 4648 section 5).
 *
 * @throws RangeError if it would be longer: shorten the run, the entity, the owner or the audience; or if `expiresAt` is no time
 * @example signMarker({ run: 'load-7', expiresAt: Date.now() + 600_000 }, { id: 'k1', secret }) // 'v1.k1.WzE3OTU...'
 */
export function signMarker(marker: Marker, key: SigningKey): string {
  const { run = '', entity = '', audience = '', owner, expiresAt } = marker
  const seconds = Math.floor(expiresAt / msPerSecond)
  if (!isTime(seconds))
    throw new RangeError(`the marker cannot expire at ${expiresAt}: expected milliseconds since 1970`)
  const words = [seconds, run, entity, audience, ...(owner ? [owner] : [])]
  const content = Buffer.from(JSON.stringify(words))
  const signed = `v1.${key.id}.${content.toString('base64url')}`
  const text = `${signed}.${signature(signed, key).toString('base64url')}`
  if (text.length < maxMarker) return text
  throw new RangeError(
    `the marker has ${text.length} characters, but only ${maxMarker - 1} are allowed: shorten its run, entity, owner or audience`,
  )
}

/**
 * Verifies a signed marker. Checks the signature in constant time before it reads the content. Never throws.
 *
 * @example verifyMarker(header, { keys: [{ id: 'k1', secret }] }, Date.now()) // { kind: 'refused', why: 'expired' }
 */
export function verifyMarker(text: string, trust: MarkerTrust, nowMs: number): MarkerCheck {
  const { keys, audience = '', isRevoked, clockSkewMs = 30_000 } = trust
  const [version, id, content, given, ...more] = text.length < maxMarker ? text.split('.', 5) : []
  if (version !== 'v1' || !id || !content || !given || more.length > 0) return refused('malformed')
  const key = keys.find((each) => each.id === id)
  if (!key) return refused('unknown-key')
  const expected = signature(`v1.${id}.${content}`, key)
  const actual = Buffer.from(given, 'base64url')
  if (actual.length !== expected.length || !timingSafeEqual(actual, expected)) return refused('bad-signature')
  const marker = read(content)
  if (!marker) return refused('malformed')
  if (nowMs >= marker.expiresAt + clockSkewMs) return refused('expired')
  if ((marker.audience ?? '') !== audience) return refused('other-audience')
  if (marker.run !== undefined && isRunRevoked(marker.run, isRevoked, nowMs)) return refused('revoked')
  return { kind: 'trusted', marker }
}

/**
 * Parses keys from a setting: `id:secret`, separated by commas. Ids consist of letters, digits, `-` and `_`; secrets have
 * at least 32 characters.
 *
 * @throws Error naming the setting and the key's id, never the secret
 * @example parseSigningKeys('k2:5fd...,k1:9ac...', 'COALMINE_TEST_KEYS')
 */
export function parseSigningKeys(text: string, setting: string): SigningKey[] {
  const parts = text.split(',').map((part) => part.trim())
  const keys = parts.filter(Boolean).map((part, index) => {
    const colon = part.indexOf(':')
    const id = part.slice(0, Math.max(colon, 0))
    if (!/^[A-Za-z0-9_-]{1,32}$/.test(id)) {
      throw new Error(`${setting}: key ${index + 1} is not id:secret with an id of letters, digits, - and _`)
    }
    const secret = part.slice(colon + 1)
    if (secret.length < 32) {
      throw new Error(
        `${setting}: the secret of key ${id} has ${secret.length} characters, but needs 32: make one with openssl rand -hex 32`,
      )
    }
    return { id, secret }
  })
  if (keys.length > 0) checkSigningKeys(keys, setting)
  return keys
}

/**
 * Throws an Error at startup if there are no keys, a key lacks its id or secret, or two keys share an id. Without keys
 * nobody would be trusted; the other mistakes would trust the wrong party.
 *
 * @example checkSigningKeys([{ id: 'k1', secret: process.env.KEY }], 'markers.keys') // Error: markers.keys: the secret of key k1 is missing
 */
export function checkSigningKeys(keys: readonly SigningKey[], setting: string): void {
  if (keys.length === 0) throw new Error(`${setting}: there is no key`)
  const ids = new Set<string>()
  for (const [index, key] of keys.entries()) {
    // Values from the environment may be undefined, whatever the type says.
    const { id, secret } = (key ?? {}) as Partial<SigningKey>
    if (!id) throw new Error(`${setting}: key ${index + 1} has no id`)
    if (!secret) throw new Error(`${setting}: the secret of key ${id} is missing`)
    if (ids.has(id)) throw new Error(`${setting}: there are two keys ${id}`)
    ids.add(id)
  }
}

function signature(signed: string, key: SigningKey): Buffer {
  return createHmac('sha256', key.secret).update(signed).digest()
}

function refused(why: RefusalReason): MarkerCheck {
  return { kind: 'refused', why }
}

/** Seconds since 1970 that a Date can hold. */
function isTime(seconds: unknown): seconds is number {
  return typeof seconds === 'number' && !Number.isNaN(new Date(seconds * msPerSecond).getTime())
}

/** Parses defensively: the content is signed, but not necessarily by this code. */
function read(content: string): Marker | undefined {
  try {
    const said = JSON.parse(Buffer.from(content, 'base64url').toString()) as unknown[]
    const [seconds, run, entity, audience, owner = ''] = said
    const texts = [run, entity, audience, owner]
    if (!isTime(seconds) || !texts.every((text) => typeof text === 'string' && isPrintable(text))) return undefined
    return {
      expiresAt: seconds * msPerSecond,
      ...(run ? { run: run as string } : {}),
      ...(entity ? { entity: entity as string } : {}),
      ...(audience ? { audience: audience as string } : {}),
      ...(owner ? { owner: owner as string } : {}),
    }
  } catch {
    return undefined
  }
}
