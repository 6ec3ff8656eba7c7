/** What a series had counted at a moment, since its process began: a histogram in the sense of the comparator. */
export interface Cumulative {
  readonly scale: number
  readonly zero: number
  readonly indices: readonly number[]
  readonly counts: readonly number[]
  /** Up to here a native histogram counts as zero. */
  readonly zeroTo: number
}

/**
 * A native histogram from the HTTP API, which gives it as buckets `[rule, lower, upper, count]` without saying their schema:
 * that is told from their edges.
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
      // Below zero: no latency is, but a clock that was set back.
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
  // One without buckets is of any scale.
  return { scale: scale ?? finest, zero, indices, counts, zeroTo }
}

const finest = 8
