import { createHmac } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { MarkPropagator } from './propagator.ts'
import {
  type Marker,
  type MarkerTrust,
  parseSigningKeys,
  type SigningKey,
  signMarker,
  verifyMarker,
} from './signature.ts'

const now = Date.UTC(2026, 10, 21, 12)
const k1 = { id: 'k1', secret: 'a'.repeat(32) }
const k2 = { id: 'k2', secret: 'b'.repeat(32) }
const marker: Marker = { run: 'load-7', entity: 'user:42', audience: 'production', expiresAt: now + 600_000 }
const trust: MarkerTrust = { keys: [k1], audience: 'production' }

it('is believed as it was signed, and fits the start of a baggage header and any header as it is', () => {
  const text = signMarker(marker, k1)
  expect(text).toMatch(/^v1\.k1\.[\w-]+\.[\w-]{43}$/)
  expect(text.length).toBeLessThan(200)
  expect(verifyMarker(text, trust, now)).toEqual({ kind: 'trusted', marker })
})

it('is the HMAC-SHA256 that any other implementation makes', () => {
  const content = Buffer.from(`[${now / 1000},"load-7","",""]`).toString('base64url')
  const mac = createHmac('sha256', k1.secret).update(`v1.k1.${content}`).digest('base64url')
  expect(signMarker({ run: 'load-7', expiresAt: now }, k1)).toBe(`v1.k1.${content}.${mac}`)
})

it.each<[string, string, Partial<MarkerTrust>, number, unknown]>([
  ['an unknown key', signMarker(marker, k2), {}, now, 'unknown-key'],
  ['another secret under the same id', signMarker(marker, { ...k2, id: 'k1' }), {}, now, 'bad-signature'],
  ['no keys at all', signMarker(marker, k1), { keys: [] }, now, 'unknown-key'],
  ['after its end and the skew', signMarker(marker, k1), {}, now + 630_000, 'expired'],
  ['for another audience', signMarker(marker, k1), { audience: 'staging' }, now, 'other-audience'],
  ['for nobody in particular', signMarker({ run: 'a', expiresAt: now + 1 }, k1), {}, now, 'other-audience'],
  ['for somebody, where nobody is named', signMarker(marker, k1), { audience: '' }, now, 'other-audience'],
  ['of a run that was stopped', signMarker(marker, k1), { isRevoked: (run) => run === 'load-7' }, now, 'revoked'],
  ['when the list of runs fails', signMarker(marker, k1), { isRevoked: fails }, now, 'revoked'],
  ['nothing', '', {}, now, 'malformed'],
  ['true', 'true', {}, now, 'malformed'],
  ['another version', signMarker(marker, k1).replace('v1', 'v2'), {}, now, 'malformed'],
  ['two markers in one header', `${signMarker(marker, k1)}, ${signMarker(marker, k1)}`, {}, now, 'malformed'],
  ['a part too many', `${signMarker({ expiresAt: now }, k1)}.x`, {}, now, 'malformed'],
  ['a long text', `v1.k1.${'x'.repeat(100_000)}.y`, {}, now, 'malformed'],
  ['signed, but not ours', signedRaw('{}'), {}, now, 'malformed'],
  ['signed, with control characters', signedRaw('[9e9,"load\\u0000-7","","production"]'), {}, now, 'malformed'],
  ['signed, without an end', signedRaw('["soon","load-7","",""]'), {}, now, 'malformed'],
])('is refused: %s', (_, text, differently, at, why) => {
  expect(verifyMarker(text, { ...trust, ...differently }, at)).toEqual({ kind: 'refused', why })
})

it('is refused after any one character was changed', () => {
  const text = signMarker(marker, k1)
  for (let i = 0; i < text.length; i++) {
    const swapped = text[i] === 'A' ? 'B' : 'A'
    // The last character of 32 bytes in base64url has two bits that no decoder looks at.
    if (i === text.length - 1) continue
    const check = verifyMarker(`${text.slice(0, i)}${swapped}${text.slice(i + 1)}`, trust, now)
    expect(check.kind, `character ${i}`).toBe('refused')
  }
})

it('is believed until its end, and a little longer for clocks that differ', () => {
  const text = signMarker(marker, k1)
  const kindAt = (ms: number, clockSkewMs?: number) =>
    verifyMarker(text, clockSkewMs === undefined ? trust : { ...trust, clockSkewMs }, marker.expiresAt + ms).kind
  expect([kindAt(29_999), kindAt(30_000)]).toEqual(['trusted', 'refused'])
  expect([kindAt(-1, 0), kindAt(0, 0)]).toEqual(['trusted', 'refused'])
})

it('is believed under the old key and the new one while keys rotate, and under the old one no more afterwards', () => {
  const [before, after] = [signMarker(marker, k1), signMarker(marker, k2)]
  const kinds = (keys: MarkerTrust['keys']) =>
    [before, after].map((text) => verifyMarker(text, { ...trust, keys }, now).kind)
  expect(kinds([k2, k1])).toEqual(['trusted', 'trusted'])
  expect(kinds([k2])).toEqual(['refused', 'trusted'])
})

it('is not signed when it would be too long', () => {
  expect(() => signMarker({ ...marker, run: 'x'.repeat(100) }, k1)).toThrow(/only 199 are allowed: shorten its run/)
})

it('reads keys from a setting, and never shows a secret in an error', () => {
  expect(parseSigningKeys(` k2:${k2.secret}, k1:${k1.secret},`, 'KEYS')).toEqual([k2, k1])
  expect(parseSigningKeys(`k1:${'a:'.repeat(16)}`, 'KEYS')).toEqual([{ id: 'k1', secret: 'a:'.repeat(16) }])
  for (const [text, message] of [
    [k1.secret, 'KEYS: key 1 is not id:secret'],
    [`k1:${k1.secret},k.2:${k2.secret}`, 'KEYS: key 2 is not id:secret'],
    ['k1:aaaaaaaa', 'KEYS: the secret of key k1 has 8 characters, but needs 32'],
  ] as const) {
    expect(() => parseSigningKeys(text, 'KEYS')).toThrow(message)
    expect(() => parseSigningKeys(text, 'KEYS')).not.toThrow(/aaaa|bbbb/)
  }
})

function fails(): never {
  throw new Error('the list cannot be read')
}

function signedRaw(content: string): string {
  const signed = `v1.k1.${Buffer.from(content).toString('base64url')}`
  return `${signed}.${createHmac('sha256', k1.secret).update(signed).digest('base64url')}`
}

describe('keys that would believe nobody, or somebody else,', () => {
  const key = { id: 'k1', secret: 'a'.repeat(32) }
  it.each([
    ['none', [], 'markers.keys: there is no key'],
    ['one that is not there', [undefined], 'markers.keys: key 1 has no id'],
    ['one without a secret', [{ id: 'k1', secret: undefined }], 'markers.keys: the secret of key k1 is missing'],
    ['an empty secret', [{ id: 'k1', secret: '' }], 'the secret of key k1 is missing'],
    ['two of one id', [key, { ...key, secret: 'b'.repeat(32) }], 'there are two keys k1'],
  ])('are refused at start: %s', (_what, keys, message) => {
    expect(() => new MarkPropagator({ markers: { keys: keys as SigningKey[] } })).toThrow(message)
  })
})

it('a run whose state is told later has no treatment until then', async () => {
  const key = { id: 'k1', secret: 'a'.repeat(32) }
  const stopped = new Set<string>()
  const isRevoked = async (run: string): Promise<boolean> => stopped.has(run)
  const marker = signMarker({ run: 'load-7', expiresAt: 1_000_000 }, key)
  const check = (nowMs: number): string => verifyMarker(marker, { keys: [key], isRevoked }, nowMs).kind
  expect(check(0)).toBe('refused')
  await expect.poll(() => check(1)).toBe('trusted')
  stopped.add('load-7')
  expect(check(2)).toBe('trusted')
  check(20_000)
  await expect.poll(() => check(20_001)).toBe('refused')
  const failing = async (): Promise<boolean> => Promise.reject(new Error('no answer'))
  expect(verifyMarker(marker, { keys: [key], isRevoked: failing }, 0).kind).toBe('refused')
})

it.each([Number.NaN, Number.POSITIVE_INFINITY, 1e300])(
  'does not sign a marker that expires at %s, which is no time',
  (expiresAt) => {
    expect(() => signMarker({ run: 'load-7', expiresAt }, k1)).toThrow('expire')
  },
)
