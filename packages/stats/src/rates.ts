/** The number of units of an arm, and how many of them had the event. */
export interface Rate {
  readonly n: number
  readonly events: number
}

/** One block of a rate metric: both arms in one tick of one stratum. */
export interface Rates {
  readonly stable: Rate
  readonly canary: Rate
}

/** Throws a RangeError naming the number that is not a valid count. */
export function checkRates({ stable, canary }: Rates): void {
  checkRate(stable, 'stable')
  checkRate(canary, 'canary')
}

/** The same of one arm. */
export function checkRate({ n, events }: Rate, name: string): void {
  if (!(Number.isSafeInteger(n) && n >= 0)) {
    throw new RangeError(`${name}.n: expected a whole number, zero or more, got ${n}`)
  }
  if (!(Number.isSafeInteger(events) && events >= 0 && events <= n)) {
    throw new RangeError(`${name}.events: expected a whole number from 0 to n = ${n}, got ${events}`)
  }
}
