import type { Facts } from '../facts.ts'
import { count, percent } from '../numbers.ts'
import type { Reason } from '../reason.ts'

/** That traces met both cohorts: whoever calls tries again elsewhere, or one request is answered by both. Each request counts for the cohort that it is of. */
export function retriedReasons({ fairness }: Facts): Reason[] {
  const { canary, metBoth } = fairness?.sample ?? {}
  if (!canary || !metBoth || metBoth.traces === 0) return []
  const { traces, failed, retried = failed } = metBoth
  const share = percent(traces / (traces + canary.requests))
  const why =
    retried > 0
      ? `in ${count(retried)} of them the canary had failed: its callers try again elsewhere, so users see fewer errors than it makes`
      : failed > 0
        ? `the canary failed in ${count(failed)} of them, and stable was not asked after that`
        : 'the canary failed in none of them'
  return [
    {
      code: 'retried',
      weight: 'note',
      message: `${share} of the canary's traces met stable too (${count(traces)} of those checked); ${why}. Each request counts for the build that answered it.`,
    },
  ]
}
