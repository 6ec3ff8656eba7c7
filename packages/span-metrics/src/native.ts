/** The counts of a series at some moment, since its process started, as a histogram of the comparator's kind. */
export interface Cumulative {
  readonly scale: number
  readonly zero: number
  readonly indices: readonly number[]
  readonly counts: readonly number[]
  /** The upper edge of a native histogram's zero bucket. */
  readonly zeroTo: number
}

/**
 * Reads a native histogram from the HTTP API, which returns buckets `[rule, lower, upper, count]` without their schema:
 * the schema is derived from their edges.
 *
 * @returns undefined where the buckets are not exponential.
 * @example nativeOf({ buckets: [[0, '1', '1.0905077326652577', '3']] }) // { scale: 3, indices: [0], counts: [3], ... }
 */
export function nativeOf(histogram: unknown): Cumulative | undefined {
  const { buckets = [] } = histogram as { buckets?: readonly (readonly [number, string, string, string])[] }
  let scale: number | undefined
  let zero = 0
  let zeroTo = 0
  const indices: number[] = []
  const counts: number[] = []
  for (const [, from, to, count] of buckets) {
    const [lower, upper] = [Number(from), Number(to)]
    if (upper <= 0) {
      // No latency is negative: a clock was set back.
      zero += Number(count)
    } else if (lower <= 0) {
      zero += Number(count)
      zeroTo = upper
    } else {
      const exact = -Math.log2(Math.log2(upper / lower))
      const own = Math.round(exact) + 0
      scale ??= own
      const steps = Math.log2(upper) * 2 ** scale
      if (own !== scale || Math.abs(exact - own) > 1e-3 || Math.abs(steps - Math.round(steps)) > 1e-4) return undefined
      indices.push(Math.round(steps) - 1)
      counts.push(Number(count))
    }
  }
  // A histogram without buckets fits any scale.
  return { scale: scale ?? finest, zero, indices, counts, zeroTo }
}

const finest = 8
