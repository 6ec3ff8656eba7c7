import { TEST_ENTITY, TEST_RUN } from './attributes.ts'
import { getMark, type Marks } from './marks.ts'
import { sayOnce } from './say-once.ts'
import { type Marker, type SigningKey, signMarker } from './signature.ts'

/** What a service signs the test traffic with that it makes itself. */
export interface SigningOptions {
  readonly key: SigningKey
  /** Who is to believe it. */
  readonly audience?: string
}

/** A request takes less; whoever copies the marker has no longer. */
const lifetimeMs = 60_000

/**
 * The signed marker to send with a request: the one it came with or, where there is a key, one for what is known now.
 *
 * @example markerOf(marks, { key: { id: 'k1', secret }, audience: 'production' }) // 'v1.k1.WzE3OTU...'; undefined of a user's request
 */
export function markerOf(marks: Marks, sign: SigningOptions | undefined): string | undefined {
  if (!marks.test || marks.marker !== undefined || !sign) return marks.marker
  return signedMarker(marks, sign, Date.now() + lifetimeMs)
}

/**
 * A signed marker for what is known of a test now; undefined, which is said once, where its run is too long for one.
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
  // Several entities may be too long together: without them it is a test all the same.
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
