import { TEST_ENTITY, TEST_RUN } from './attributes.ts'
import { getMark, type Marks } from './marks.ts'
import { sayOnce } from './say-once.ts'
import { type Marker, type SigningKey, signMarker } from './signature.ts'

/** How a service signs the test traffic that it originates. */
export interface SigningOptions {
  readonly key: SigningKey
  /** Who may accept the marker. */
  readonly audience?: string
}

/** Long enough for a request, and short enough to limit the use of a copied marker. */
const lifetimeMs = 60_000

/**
 * Returns the signed marker to send with a request: the one it arrived with or, given a key, a new one for its current marks.
 *
 * @example markerOf(marks, { key: { id: 'k1', secret }, audience: 'production' }) // 'v1.k1.WzE3OTU...'; undefined for a user's request
 */
export function markerOf(marks: Marks, sign: SigningOptions | undefined): string | undefined {
  if (!marks.test || marks.marker !== undefined || !sign) return marks.marker
  return signedMarker(marks, sign, Date.now() + lifetimeMs)
}

/**
 * Signs a marker for a test's current marks. Returns undefined, and warns once, if the run's name is too long.
 *
 * @example signedMarker(marks, { key: { id: 'k1', secret } }, Date.now() + 60_000) // 'v1.k1.WzE3OTU...'
 */
export function signedMarker(marks: Marks, { key, audience }: SigningOptions, expiresAt: number): string | undefined {
  const run = getMark(marks, TEST_RUN) as string | undefined
  const entity = getMark(marks, TEST_ENTITY) as string | undefined
  const marker: Marker = {
    expiresAt,
    ...(audience === undefined ? {} : { audience }),
    ...(run === undefined ? {} : { run }),
  }
  // Several entities may be too long together; the marker is still valid without them.
  return (entity === undefined ? undefined : signed({ ...marker, entity }, key)) ?? signed(marker, key)
}

function signed(marker: Marker, key: SigningKey): string | undefined {
  try {
    return signMarker(marker, key)
  } catch (error) {
    sayOnce('a test marker could not be signed', error)
    return undefined
  }
}
