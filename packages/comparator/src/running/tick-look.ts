import type { Decided } from '../decide.ts'
import { countsOf } from '../metrics/lost-requests.ts'
import type { Policy } from '../policy/policy.ts'
import type { Scope } from '../scopes.ts'
import { entry, type TimedBlock } from '../series.ts'
import { evidenceIn } from '../verdict/finding.ts'
import { missingFor } from '../verdict/missing.ts'
import { type Outcome, outcomeOf } from '../verdict/outcome.ts'
import { type Progress, shownOf } from '../verdict/progress.ts'
import { passSentence, unsettled } from '../verdict/reasons.ts'
import { type GrowingServed, growingServed } from '../verdict/served.ts'

/** The state of the evidence over all ticks so far, regardless of fairness. */
export interface TickLook extends Pick<Progress, 'harmPercent' | 'safetyPercent'> {
  /** What the verdict would be if the comparison is fair. */
  readonly outcome: Exclude<Outcome, 'invalid'>
  /** The first reason of that verdict; null if only the full verdict can tell. */
  readonly reason: string | null
}

/**
 * Turns the decisions into a look, tick after tick; each request is counted once.
 *
 * @param saysAll whether they tell why nothing is settled yet. A difference that hosts or users could explain takes estimates as well.
 */
export function tickLooks(policy: Policy, saysAll: boolean): (decided: readonly Decided[]) => TickLook {
  const scopes = new Map<string | null, { readonly served: GrowingServed; last: number }>()
  const servedIn = ({ operation, series }: Scope): GrowingServed => {
    const scope = entry(scopes, operation, () => ({ served: growingServed(), last: Number.NEGATIVE_INFINITY }))
    const counts = countsOf(series.map((one) => ({ ...one, requests: laterThan(one.requests, scope.last) })))
    scope.served.add(counts)
    scope.last = counts.at(-1)?.tick ?? scope.last
    return scope.served
  }
  return (decided) => {
    const outcome = outcomeOf(decided, false)
    // Of each scope, since its requests are not told again: what passes now may be inconclusive later.
    const served = new Map<string | null, GrowingServed>()
    for (const { scope } of decided) entry(served, scope.operation, () => servedIn(scope))
    const missing = decided
      .filter((one) => one.required && one.decision === 'inconclusive')
      .flatMap((one) => missingFor(one, served.get(one.scope.operation)))
    const shown = decided.map((one) => ({ required: one.required, evidence: evidenceIn(one, policy.mode) }))
    return { outcome, reason: reasonOf(), ...shownOf(shown) }

    function reasonOf(): string | null {
      switch (outcome) {
        case 'fail':
          return null
        case 'pass':
          return passSentence(decided)
        case 'inconclusive':
          return saysAll ? (unsettled(missing)[0]?.message ?? null) : null
      }
    }
  }
}

function laterThan(requests: readonly TimedBlock<number>[], tick: number): readonly TimedBlock<number>[] {
  let first = requests.length
  while (first > 0 && requests[first - 1]!.tick > tick) first -= 1
  return requests.slice(first)
}
