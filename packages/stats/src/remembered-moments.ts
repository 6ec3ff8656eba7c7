import { logMoments } from './hypergeometric.ts'

/**
 * `logMoments` at fixed tilts, remembered: every metric of an operation's tick, both alternatives, every scope and every
 * later look ask for those of the same numbers. Returns where in `values` they begin, which is good until the next call.
 */
export interface RememberedMoments {
  readonly values: Float64Array
  at(n: number, m: number, events: number): number
}

export function rememberedMoments(tilts: Float64Array): RememberedMoments {
  const values = new Float64Array(tilts.length * (mostRemembered + 1))
  // Open addressing; a key is never zero, for there is no block without units.
  const keys = new Float64Array(2 * mostRemembered)
  const places = new Int32Array(keys.length)
  const into = new Float64Array(tilts.length)
  let size = 0

  const write = (n: number, m: number, events: number, place: number): number => {
    logMoments({ n, m, events }, tilts, into)
    values.set(into, place)
    return place
  }
  return {
    values,
    at(n, m, events) {
      // Beyond these the key would not be one of its own: worked out each time, in the last place.
      if (n >= 2 ** 22 || m >= 2 ** 17 || events >= 2 ** 14) return write(n, m, events, mostRemembered * tilts.length)
      const low = m * 2 ** 14 + events
      const key = n * 2 ** 31 + low
      let slot = slotOf(n, low)
      while (keys[slot] !== 0) {
        if (keys[slot] === key) return places[slot]!
        slot = (slot + 1) % keys.length
      }
      if (size === mostRemembered) {
        keys.fill(0)
        size = 0
        slot = slotOf(n, low)
      }
      keys[slot] = key
      places[slot] = write(n, m, events, size * tilts.length)
      size += 1
      return places[slot]!
    },
  }
}

// Those of half an hour of fifty operations, in memory that is taken as it is filled.
const mostRemembered = 2 ** 17

// Knuth 1998, The Art of Computer Programming 3, section 6.4: multiplicative hashing.
function slotOf(high: number, low: number): number {
  return (Math.imul(low, 0x9e3779b1) ^ Math.imul(high, 0x85ebca6b)) >>> 14
}
