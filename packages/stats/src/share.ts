import { type Alternative, type EProcess, eProcess } from './e-process.ts'
import { logIncompleteBeta } from './incomplete-beta.ts'
import { logBeta } from './log-beta.ts'

/** The number of units of each arm in one block. */
export interface Counts {
  readonly stable: number
  readonly canary: number
}

/**
 * Evidence that the canary's share of the units is more (`greater`) or less (`less`) than `share`, or not equal to it
 * (`different`): the Beta-binomial mixture of Lindon and Malek 2022, Anytime-valid inference for multinomial count data.
 *
 * `concentration` is the weight of the mixture around `share`, in units: 1000 looks for deviations of one or two hundredths.
 * One-sided evidence holds for every smaller (greater) share too, by a mixture cut off at `share`.
 *
 * @example
 * const process = shareProcess({ alternative: 'different', share: 0.5, concentration: 100 })
 * process.add({ stable: 212, canary: 156 })
 * process.logE // 2.5920750682
 */
export function shareProcess(options: {
  readonly alternative: Alternative | 'different'
  readonly share: number
  readonly concentration: number
}): EProcess<Counts> {
  const { alternative, share, concentration } = options
  if (!(share > 0 && share < 1)) throw new RangeError(`share: expected a number between 0 and 1, got ${share}`)
  if (!(concentration > 0 && concentration < Infinity)) {
    throw new RangeError(`concentration: expected a number above zero, got ${concentration}`)
  }
  const a = concentration * share
  const b = concentration * (1 - share)
  const logMass = (x: number, y: number): number => {
    if (alternative === 'different') return 0
    if (alternative === 'greater') return logIncompleteBeta(1 - share, b + y, a + x)
    return logIncompleteBeta(share, a + x, b + y)
  }
  const atStart = logBeta(a, b) + logMass(0, 0)
  let canary = 0
  let stable = 0
  return eProcess((strata) => {
    for (const block of strata) {
      checkCount(block.stable, 'stable')
      checkCount(block.canary, 'canary')
      canary += block.canary
      stable += block.stable
    }
    const mixed = logBeta(a + canary, b + stable) + logMass(canary, stable) - atStart
    return mixed - canary * Math.log(share) - stable * Math.log1p(-share)
  })
}

/**
 * Converts a margin on the ratio of two rates to a share: the canary's share if each of its units counts `ratio` times.
 *
 * @example shareWithMargin(0.5, 0.9) // 0.4737
 */
export function shareWithMargin(share: number, ratio: number): number {
  return (share * ratio) / (share * ratio + 1 - share)
}

function checkCount(count: number, name: string): void {
  if (!(count >= 0 && count < Infinity)) throw new RangeError(`${name}: expected a number, zero or more, got ${count}`)
}
