import type { TimedBlock } from '../series.ts'

/** How many requests both cohorts have served in a scope. */
export interface Served {
  readonly stable: number
  readonly canary: number
  /** The last tick in which the canary served; undefined before it. */
  readonly canaryLast: number | undefined
  /** How many requests the canary served after a tick. */
  readonly canaryAfter: (tick: number) => number
}

/** Requests served so far; each added tick must be later than those before. */
export interface GrowingServed extends Served {
  readonly add: (counts: readonly TimedBlock<number>[]) => void
}

/** Starts with nothing served. Keeps two numbers for each tick in which the canary serves. */
export function growingServed(): GrowingServed {
  const ticks: number[] = []
  const sums: number[] = []
  let stable = 0
  let canary = 0
  return {
    get stable() {
      return stable
    },
    get canary() {
      return canary
    },
    get canaryLast() {
      return ticks.at(-1)
    },
    add: (counts) => {
      for (const count of counts) {
        stable += count.stable
        if (count.canary === 0) continue
        canary += count.canary
        ticks.push(count.tick)
        sums.push(canary)
      }
    },
    canaryAfter: (tick) => {
      let [low, high] = [0, ticks.length]
      while (low < high) {
        const middle = (low + high) >> 1
        if (ticks[middle]! <= tick) low = middle + 1
        else high = middle
      }
      return canary - (low === 0 ? 0 : sums[low - 1]!)
    },
  }
}

/** Requests served in some ticks, in chronological order. */
export function servedIn(counts: readonly TimedBlock<number>[]): Served {
  const served = growingServed()
  served.add(counts)
  return served
}
