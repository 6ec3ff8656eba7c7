// What befalls healthy services, by its name in the table.
import type { Random } from '@coalmine/stats'
import { gauss, type Nuisance, seconds } from './fleet.ts'

/** Stretches of time, in seconds, that begin every `gap` on average. */
function stretches(gap: number, shortest: number, longest: number, random: Random): [number, number][] {
  const found: [number, number][] = []
  const next = (): number => -Math.log(random()) * gap
  for (let from = next(); from < seconds; from += next()) {
    const to = from + shortest + (longest - shortest) * random()
    found.push([from, to])
    from = to
  }
  return found
}

/** Seconds of a stretch at least as bad as `bad`, the first and the last in part. */
function fill(values: Float64Array, [from, to]: readonly [number, number], bad: number): void {
  for (let second = Math.floor(from); second < Math.min(seconds, to); second += 1) {
    const covered = Math.min(to, second + 1) - Math.max(from, second)
    values[second] = Math.max(values[second]!, bad * covered)
  }
}

/** Each instance stalls: what comes in waits for its end. */
export const stalls =
  (gap: number): Nuisance =>
  (fleet, random) => {
    for (const one of fleet)
      for (const stall of stretches(gap, 1, 2, random)) fill(one.wait, stall, stall[1] - stall[0])
  }

/** A share of what an instance is asked fails for one to five seconds. */
export const bursts =
  (gap: number, share: number): Nuisance =>
  (fleet, random) => {
    for (const one of fleet) for (const burst of stretches(gap, 1, 5, random)) fill(one.errors, burst, share)
  }

export const burstsOnAll =
  (gap: number, share: number): Nuisance =>
  (fleet, random) => {
    for (const burst of stretches(gap, 1, 5, random)) for (const one of fleet) fill(one.errors, burst, share)
  }

/** A neighbour takes an instance's CPU for 20 to 60 s: slower by a third to twice, and less even. */
export const steal =
  (gap: number): Nuisance =>
  (fleet, random) => {
    for (const one of fleet)
      for (const stretch of stretches(gap, 20, 60, random)) {
        fill(one.level, stretch, Math.log(1.3 + 0.7 * random()))
        fill(one.sigma, stretch, 0.9)
      }
  }

/** Something takes the CPU that all instances have for one to three minutes: all are two to five times slower, each by as much as it gets, and less even. */
export const stealFromAll =
  (gap: number): Nuisance =>
  (fleet, random) => {
    for (const stretch of stretches(gap, 60, 180, random))
      for (const one of fleet) {
        fill(one.level, stretch, Math.log(2 + 3 * random()))
        fill(one.sigma, stretch, 0.9)
      }
  }

/** An instance runs out of connections for 10 to 20 s: its requests wait, and a fifth of them fail. */
export const pool =
  (gap: number): Nuisance =>
  (fleet, random) => {
    for (const one of fleet)
      for (const stretch of stretches(gap, 10, 20, random)) {
        fill(one.wait, stretch, 0.5 + 1.5 * random())
        fill(one.errors, stretch, 0.2)
      }
  }

/** Each instance's level wanders, an AR(1) process with a memory of a minute. */
export const wander =
  (sd: number): Nuisance =>
  (fleet, random) => {
    const rho = Math.exp(-1 / 60)
    for (const one of fleet) {
      let level = sd * gauss(random)
      for (let second = 0; second < seconds; second += 1) {
        one.level[second]! += level
        level = rho * level + Math.sqrt(1 - rho * rho) * sd * gauss(random)
      }
    }
  }

/** Each instance has a speed of its own. */
export const hosts =
  (sd: number): Nuisance =>
  (fleet, random) => {
    for (const one of fleet) {
      const level = sd * gauss(random)
      for (let second = 0; second < seconds; second += 1) one.level[second]! += level
    }
  }

/** Garbage is collected every ten seconds or so: a part of a second's requests is slow. */
export const collections: Nuisance = (fleet, random) => {
  for (const one of fleet)
    for (let at = 10 * random(); at < seconds; at += 8 + 4 * random()) one.slow[Math.floor(at)] = 0.1 + 0.2 * random()
}

/** An instance's cache is lost, and half of its requests are slow for 10 to 20 s. */
export const misses =
  (gap: number): Nuisance =>
  (fleet, random) => {
    for (const one of fleet)
      for (const [from, to] of stretches(gap, 10, 20, random))
        for (let second = Math.floor(from); second < Math.min(seconds, to); second += 1) one.slow[second] = 0.5
  }

export const retries =
  (times: number): Nuisance =>
  (fleet) => {
    for (const one of fleet) one.retries = times
  }

export const errors =
  (rate: number): Nuisance =>
  (fleet) => {
    for (const one of fleet) one.errors.set(one.errors.map((known) => Math.max(known, rate)))
  }

/** The canary's instances have so many times the load of stable's. */
export const load =
  (times: number): Nuisance =>
  (fleet) => {
    for (const one of fleet) if (one.canary) one.load = times
  }

/** The canary is slower: a build that is worse. */
export const slower =
  (times: number): Nuisance =>
  (fleet) => {
    for (const one of fleet) if (one.canary) one.level.set(one.level.map((known) => known + Math.log(times)))
  }

/** The canary fails more often. */
export const failing =
  (rate: number): Nuisance =>
  (fleet) => {
    for (const one of fleet) if (one.canary) one.errors.fill(rate)
  }

export const together =
  (...all: readonly Nuisance[]): Nuisance =>
  (fleet, random) => {
    for (const one of all) one(fleet, random)
  }
