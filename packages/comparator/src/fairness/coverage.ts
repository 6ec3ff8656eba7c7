import type { Window } from '../facts.ts'
import { count, percent } from '../numbers.ts'
import type { Policy } from '../policy/policy.ts'
import type { Reason } from '../reason.ts'
import type { OperationSeries, Totals } from '../series.ts'

/** How much of stable's traffic the canary has seen too. */
export interface Coverage {
  /** Minutes of the window in which the canary served, out of `windowMinutes`. */
  readonly minutes: number
  readonly windowMinutes: number
  /** How many of the 60 minutes of an hour these cover: something that happens at five past every hour is seen only then. */
  readonly minutesOfHour: number
  /** Share of stable's requests whose operation the canary served too. */
  readonly operationsShare: number
  /** The operations that the canary never served, with their share of stable's requests, largest first. */
  readonly unserved: readonly { readonly operation: string; readonly share: number }[]
}

// Nothing can be proved about operations that only the canary serves, but this error rate is too high to overlook.
const overlookedErrors = 0.01
const minuteMs = 60_000

/** How much of stable's traffic the canary has seen too, in time and in operations. */
export function coverageOf(series: readonly OperationSeries[], window: Window): Coverage {
  const minutes = new Set<number>()
  for (const one of series)
    for (const { tick, canary } of one.requests) if (canary > 0) minutes.add(Math.floor(tick / minuteMs))
  const served = series.reduce((sum, one) => sum + one.totals.stable.requests, 0)
  const unserved = series
    .filter((one) => one.totals.canary.requests === 0 && one.totals.stable.requests > 0)
    .map((one) => ({ operation: one.operation, share: one.totals.stable.requests / served }))
    .sort((a, b) => b.share - a.share || (a.operation < b.operation ? -1 : 1))
  return {
    minutes: minutes.size,
    windowMinutes: Math.max(minutes.size, Math.ceil(window.seconds / 60)),
    minutesOfHour: new Set([...minutes].map((minute) => minute % 60)).size,
    operationsShare: 1 - unserved.reduce((sum, { share }) => sum + share, 0),
    unserved,
  }
}

/** Operations that only one arm served cannot be compared: they are named, and if they are many there is no PASS. */
export function unmatchedReasons(series: readonly OperationSeries[], policy: Policy): Reason[] {
  return (['canary', 'stable'] as const).flatMap((arm): Reason[] => {
    const other = arm === 'canary' ? 'stable' : 'canary'
    const alone = series.filter((one) => one.totals[other].requests === 0)
    const sum = (some: readonly OperationSeries[], what: keyof Totals, of = arm): number =>
      some.reduce((total, one) => total + one.totals[of][what], 0)
    const requests = sum(alone, 'requests')
    if (requests === 0) return []
    const errors = sum(alone, 'errors')
    const share = requests / sum(series, 'requests')
    const blocks =
      share >= policy.minimumShare ||
      (arm === 'canary' && errors + sum(alone, 'clientErrors') > overlookedErrors * requests)
    const failed = (some: readonly OperationSeries[]): string => {
      const clientErrors = sum(some, 'clientErrors')
      const blamed = clientErrors > 0 ? ` and ${count(clientErrors)} were answered with client errors` : ''
      if (errors + clientErrors === 0) return 'none of them failed'
      const ofOther = sum(series, 'requests', other)
      const rate = (n: number, of: number): string => percent(of > 0 ? n / of : 0)
      return `${count(errors)} of them failed${blamed} (${rate(errors + clientErrors, requests)}, against ${rate(sum(series, 'errors', other) + sum(series, 'clientErrors', other), ofOther)} of all that ${other} served)`
    }
    const names = alone.map((one) => one.operation)
    const named = names.length > 3 ? `${names.slice(0, 3).join(', ')} and ${names.length - 3} more` : names.join(', ')
    return [
      {
        code: 'unmatched-operations',
        weight: blocks ? 'blocks' : 'note',
        message: `Only ${arm === 'canary' ? 'the canary' : arm} served ${named}: ${count(requests)} requests (${percent(share)} of its own), ${failed(alone)}. There is nothing to compare them with.`,
      },
    ]
  })
}
