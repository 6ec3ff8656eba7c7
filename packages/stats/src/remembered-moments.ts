import { logMoments } from './hypergeometric.ts'

/**
 * `logMoments` at fixed tilts, remembered: every metric of an operation's tick, both alternatives and every scope ask for those
 * of the same few numbers. Returns where in `values` they begin.
 */
export interface RememberedMoments {
  readonly values: Float64Array
  at(n: number, m: number, events: number): number
}

export function rememberedMoments(tilts: Float64Array): RememberedMoments {
  const values = new Float64Array(tilts.length * (mostRemembered + 1))
  const known = new Map<number, number>()
  const into = new Float64Array(tilts.length)
  return {
    values,
    at(n, m, events) {
      // Beyond these the key would not be one of its own: worked out each time, in the last place.
      const fits = n < 2 ** 22 && m < 2 ** 17 && events < 2 ** 14
      const key = (n * 2 ** 17 + m) * 2 ** 14 + events
      const found = fits ? known.get(key) : undefined
      if (found !== undefined) return found
      if (known.size >= mostRemembered) known.clear()
      const place = (fits ? known.size : mostRemembered) * tilts.length
      logMoments({ n, m, events }, tilts, into)
      values.set(into, place)
      if (fits) known.set(key, place)
      return place
    },
  }
}

const mostRemembered = 16_384
