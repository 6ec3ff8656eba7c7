import { logMoments } from './hypergeometric.ts'

/**
 * `logMoments` at fixed tilts, remembered: every metric of an operation's tick, both alternatives, every scope and every
 * later look ask for those of the same numbers. Returns where in `values` they begin, which is good until the next call.
 */
export interface RememberedMoments {
  readonly values: Float64Array
  at(n: number, m: number, events: number): number
}

/** The remembered moments at these tilts; nothing is remembered yet. */
export function rememberedMoments(tilts: Float64Array): RememberedMoments {
  const into = new Float64Array(tilts.length)
  let most = fewest
  let size = 0
  // The last place is for what is not remembered.
  let values = new Float64Array(tilts.length * (most + 1))
  // Open addressing; a key is never zero, for there is no block without units.
  let keys = new Float64Array(2 * most)
  let places = new Int32Array(2 * most)

  const slotOf = (key: number): number => {
    const high = Math.floor(key / 2 ** 31)
    let slot = hashOf(high, key - high * 2 ** 31) & (keys.length - 1)
    while (keys[slot] !== 0 && keys[slot] !== key) slot = (slot + 1) & (keys.length - 1)
    return slot
  }

  const write = (n: number, m: number, events: number, place: number): number => {
    logMoments({ n, m, events }, tilts, into)
    values.set(into, place)
    return place
  }

  const makeRoom = (): void => {
    if (most === mostRemembered) {
      keys.fill(0)
      size = 0
      return
    }
    const before = { keys, places, values }
    most *= 2
    values = new Float64Array(tilts.length * (most + 1))
    values.set(before.values)
    keys = new Float64Array(2 * most)
    places = new Int32Array(2 * most)
    before.keys.forEach((key, at) => {
      if (key === 0) return
      const slot = slotOf(key)
      keys[slot] = key
      places[slot] = before.places[at]!
    })
  }

  return {
    get values() {
      return values
    },
    at(n, m, events) {
      // Beyond these the key would not be one of its own: worked out each time.
      if (n >= 2 ** 22 || m >= 2 ** 17 || events >= 2 ** 14) return write(n, m, events, most * tilts.length)
      const key = (n * 2 ** 17 + m) * 2 ** 14 + events
      const found = slotOf(key)
      if (keys[found] === key) return places[found]!
      if (size === most) makeRoom()
      const slot = slotOf(key)
      keys[slot] = key
      places[slot] = write(n, m, events, size * tilts.length)
      size += 1
      return places[slot]!
    },
  }
}

const fewest = 1_024

// Those of half an hour of fifty operations.
const mostRemembered = 2 ** 17

// Knuth 1998, The Art of Computer Programming 3, section 6.4: multiplicative hashing, whose high bits are the mixed ones.
function hashOf(high: number, low: number): number {
  const mixed = Math.imul(low, 0x9e3779b1) ^ Math.imul(high, 0x85ebca6b)
  return mixed ^ (mixed >>> 15)
}
