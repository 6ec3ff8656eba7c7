import type { Calibrated, Requirement } from './cells.ts'
import { alphas, median, type Result } from './simulate.ts'

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
    case 'rate':
      return judgeRates(ratesOf(requirement, result), result.runs)
    case 'median': {
      const { to, most, unit } = requirement
      const times = to === 'fail' ? result.secondsToFail : result.secondsToPass
      return {
        measured: timesOf(times, unit),
        required: `<= ${most} ${unit}`,
        holds: median(times) <= most,
        mayHold: times.filter((time) => time <= most).length / times.length >= lowestHalf(times.length),
      }
    }
    case 'named': {
      const { right, wrong } = result.named!
      const [rightly, wrongly] = [right / result.runs, wrong / result.runs]
      return {
        measured: `right ${rightly.toFixed(3)}, wrong ${wrongly.toFixed(3)}; FAIL ${timesOf(result.secondsToFail, 's')}`,
        required: `right >= ${requirement.right}, wrong <= ${requirement.wrong}`,
        holds: rightly >= requirement.right && wrongly <= requirement.wrong,
        mayHold:
          wrongly <= highest(requirement.wrong, result.runs) &&
          1 - rightly <= highest(1 - requirement.right, result.runs),
      }
    }
    case 'shown': {
      const rate = (result.failed / result.runs).toFixed(4)
      return {
        measured: `FAIL ${rate}, ${timesOf(result.secondsToFail, 's')}`,
        required: '',
        holds: true,
        mayHold: true,
      }
    }
  }
}

interface Rate {
  readonly rate: number
  readonly level: number
}

function ratesOf({ of, level }: Extract<Requirement, { kind: 'rate' }>, result: Result): Rate[] {
  const { failedAt, runs } = result
  if (of !== 'failed' || !failedAt) return [{ rate: result[of] / runs, level }]
  return alphas.map((alpha) => ({ rate: failedAt[alpha]! / runs, level: Math.min(level, alpha) }))
}

function judgeRates(rates: readonly Rate[], runs: number): Judged {
  const holds = rates.every(({ rate, level }) => rate <= highest(level, runs))
  return {
    measured: rates.map(({ rate }) => rate.toFixed(4)).join(', '),
    required: `<= ${rates.map(({ level }) => highest(level, runs).toFixed(4)).join(', ')}`,
    holds,
    mayHold: holds,
  }
}

function timesOf(times: readonly number[], unit: string): string {
  const share = times.filter(Number.isFinite).length / times.length
  const slow = times[Math.floor(0.9 * times.length)]!
  return `${shownTime(median(times), unit)} (nine of ten by ${shownTime(slow, unit)}; ${(100 * share).toFixed(0)} % in time)`
}

/** The rate that chance alone exceeds about once in 700 times when the true one is the level. */
function highest(level: number, runs: number): number {
  return level + 3 * Math.sqrt((level * (1 - level)) / runs)
}

/** The share below which a half falls by chance alone about once in 700 times. */
function lowestHalf(runs: number): number {
  return 0.5 - 3 * Math.sqrt(0.25 / runs)
}

/** Seconds or units as a table shows them. */
export function shownTime(time: number, unit: string): string {
  return Number.isFinite(time) ? `${time} ${unit}` : 'never'
}
