import type { Calibrated, Requirement } from './cells.ts'
import { median, type Result } from './simulate.ts'

export interface Judged {
  readonly measured: string
  readonly required: string
  readonly holds: boolean
  /** Whether it may hold, as far as so many runs can tell: false is more than three standard errors away. */
  readonly mayHold: boolean
}

/** What was measured in a cell, against what it must be. */
export function judgeCell({ requirement }: Pick<Calibrated, 'requirement'>, result: Result): Judged {
  switch (requirement.kind) {
    case 'rate': {
      const bound = highest(requirement, result.runs)
      const rate = result[requirement.of] / result.runs
      const holds = rate <= bound
      return { measured: rate.toFixed(4), required: `<= ${bound.toFixed(4)}`, holds, mayHold: holds }
    }
    case 'median': {
      const times = requirement.to === 'fail' ? result.secondsToFail : result.secondsToPass
      const share = times.filter(Number.isFinite).length / times.length
      const seconds = median(times)
      const slow = times[Math.floor(0.9 * times.length)]!
      return {
        measured: `${shown(seconds)} (nine of ten by ${shown(slow)}; ${(100 * share).toFixed(0)} % in time)`,
        required: `<= ${requirement.seconds} s`,
        holds: seconds <= requirement.seconds,
        mayHold: times.filter((time) => time <= requirement.seconds).length / times.length >= lowestHalf(times.length),
      }
    }
  }
}

/** The rate that chance alone exceeds about once in 700 times when the true one is the level. */
function highest({ level }: Extract<Requirement, { kind: 'rate' }>, runs: number): number {
  return level + 3 * Math.sqrt((level * (1 - level)) / runs)
}

/** The share below which a half falls by chance alone about once in 700 times. */
function lowestHalf(runs: number): number {
  return 0.5 - 3 * Math.sqrt(0.25 / runs)
}

function shown(seconds: number): string {
  return Number.isFinite(seconds) ? `${seconds} s` : 'never'
}
