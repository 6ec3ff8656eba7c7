import { blocksOf, oddsRatioProcess } from '@coalmine/stats'
import type { Facts, LateTick } from '../facts.ts'
import { count, percent } from '../numbers.ts'
import type { Reason } from '../reason.ts'
import type { Scope } from '../scopes.ts'
import type { OperationSeries, RateBlock } from '../series.ts'
import { run } from '../statistics/run.ts'

// A difference this small, in odds, is of no consequence; and one that chance brings once in a thousand times is not chance.
const tolerated = 1.5
const level = 0.001
const smallestBlock = 20

/**
 * Requests that arrived after their tick had closed, by cohort. Errors among them count, as a stratum of the service; if the canary
 * has more of them than stable, some of its requests end differently from stable's, and there is no PASS.
 */
export function lateReasons(facts: Facts): Reason[] {
  const { lateSpans, late = [] } = facts
  if (lateSpans === 0) return []
  const sum = (arm: 'stable' | 'canary', what: 'traces' | 'late' | 'errors'): number =>
    late.reduce((total, tick) => total + tick[arm][what], 0)
  const lateOf = (arm: 'stable' | 'canary'): string => {
    const share = sum(arm, 'traces') > 0 ? ` (${percent(sum(arm, 'late') / sum(arm, 'traces'))})` : ''
    return `${count(sum(arm, 'late'))} of ${arm}'s requests${share} were late, and ${count(sum(arm, 'errors'))} of those failed`
  }
  const whose =
    late.length === 0
      ? ''
      : ` In the ticks with most of them: ${lateOf('stable')}; ${lateOf('canary')}. Their errors count.`
  const more = run(
    oddsRatioProcess({ alternative: 'greater', oddsRatio: tolerated }),
    blocksOf(ratesOf(late, 'late'), smallestBlock),
  )
  if (more.maxLogE >= -Math.log(level)) {
    return [
      {
        code: 'late-requests',
        weight: 'blocks',
        message: `More of the canary's requests than of stable's arrived after their tick had closed, and only their errors were judged.${whose} See whether the canary exports its spans less often, or later.`,
      },
    ]
  }
  return [
    {
      code: 'late-spans',
      weight: 'note',
      message: `${count(lateSpans)} spans arrived too late to be judged.${whose}`,
    },
  ]
}

/** Late errors as an additional stratum of the service: out of all requests of their ticks. */
export function lateErrors({ scope }: Scope, { late = [] }: Facts): OperationSeries[] {
  if (scope !== 'service' || late.length === 0) return []
  const errors = ratesOf(late, 'errors')
  const nothing = { requests: 0, errors: 0, clientErrors: 0 }
  return [
    {
      operation: '(late)',
      totals: { stable: nothing, canary: nothing },
      requests: [],
      distributions: new Map(),
      rates: new Map([['errors', blocksOf(errors, smallestBlock)]]),
      sums: new Map(),
      failures: new Map([['errors', errors]]),
    },
  ]
}

function ratesOf(late: readonly LateTick[], events: 'late' | 'errors'): RateBlock[] {
  return late.map(({ tick, stable, canary }) => ({
    tick,
    stable: { n: stable.traces, events: stable[events] },
    canary: { n: canary.traces, events: canary[events] },
  }))
}
