// Seeded traffic of instances whose requests are not independent, second by second: what a stall, a burst or a cold start does to one
// process it does to all of its requests at once.
import { normalQuantile, type Random } from '@coalmine/stats'
import { arrivals } from '../generate.ts'

export interface Size {
  readonly canary: number
  readonly stable: number
}

/** How an instance is, second by second; a nuisance changes it. */
export interface Instance {
  readonly canary: boolean
  /** Its share of the traffic beside the others'. */
  load: number
  /** The logarithm of how many times slower it is. */
  readonly level: Float64Array
  /** The standard deviation of the logarithm of its latencies. */
  readonly sigma: Float64Array
  /** Its requests wait for up to so many seconds. */
  readonly wait: Float64Array
  /** The chance that a request fails. */
  readonly errors: Float64Array
  /** The share of its requests that are five times slower. */
  readonly slow: Float64Array
  /** Each failing request is asked again so many times, and fails. */
  retries: number
}

/** What befalls a fleet. */
export type Nuisance = (fleet: readonly Instance[], random: Random) => void

/** What one instance did in one tick: `counts` of buckets at scale 5 from `lowest` on. */
export interface Served {
  n: number
  errors: number
  readonly counts: Int32Array
}

/** The first bucket that is counted, and how many there are: from 0.1 ms to four minutes. */
export const lowest = -32 * 13
export const buckets = 32 * 21

export const seconds = 1800

// The normal distribution's quantiles: a draw is one of them.
const normals = Float64Array.from({ length: 65_536 }, (_, at) => normalQuantile((at + 0.5) / 65_536))

export const gauss = (random: Random): number => normals[Math.floor(random() * normals.length)]!

/** Half an hour of instances that nothing befell but this, tick by tick. */
export function served(size: Size, perSecond: number, nuisance: Nuisance, random: Random): Served[][] {
  const fleet = [
    ...Array.from({ length: size.canary }, () => true),
    ...Array.from({ length: size.stable }, () => false),
  ].map(instanceOf)
  nuisance(fleet, random)
  const load = fleet.reduce((sum, one) => sum + one.load, 0)
  return Array.from({ length: seconds / 5 }, (_, tick) =>
    fleet.map((one) => {
      const served: Served = { n: 0, errors: 0, counts: new Int32Array(buckets) }
      for (let second = 5 * tick; second < 5 * tick + 5; second += 1)
        serve(one, second, arrivals((perSecond * one.load) / load, random), served, random)
      return served
    }),
  )
}

function serve(one: Instance, second: number, requests: number, served: Served, random: Random): void {
  const [level, sigma, wait] = [one.level[second]!, one.sigma[second]!, one.wait[second]!]
  for (let request = 0; request < requests; request += 1) {
    const slower = one.slow[second]! > 0 && random() < one.slow[second]! ? Math.log(5) : 0
    let log = Math.log(0.1) + level + slower + sigma * gauss(random)
    if (wait > 0) log = Math.log(Math.exp(log) + wait * random())
    const bucket = Math.max(0, Math.min(buckets - 1, Math.floor((log / Math.LN2) * 32) - lowest))
    const failed = one.errors[second]! > 0 && random() < one.errors[second]!
    const times = failed ? 1 + one.retries : 1
    served.n += times
    if (failed) served.errors += times
    served.counts[bucket]! += times
  }
}

function instanceOf(canary: boolean): Instance {
  const all = (value: number): Float64Array => new Float64Array(seconds).fill(value)
  const [level, wait, slow] = [all(0), all(0), all(0)]
  return { canary, load: 1, level, sigma: all(0.6), wait, errors: all(0.001), slow, retries: 0 }
}
