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

/** What the evidence of all ticks so far says, without what makes a comparison unfair. */
export interface TickLook extends Pick<Progress, 'harmPercent' | 'safetyPercent'> {
  /** What the verdict would be, were nothing unfair. */
  readonly outcome: Exclude<Outcome, 'invalid'>
  /** The first reason of that verdict; null where it takes the whole of it to tell. */
  readonly reason: string | null
}

/** Looks at what was decided, tick after tick: requests are counted once. */
export function tickLooks(policy: Policy): (decided: readonly Decided[]) => TickLook {
  const counts = new Map<string | null, TimedBlock<number>[]>()
  const countsIn = ({ operation, series }: Scope): readonly TimedBlock<number>[] => {
    const known = entry(counts, operation, () => [])
    const last = known.at(-1)?.tick ?? Number.NEGATIVE_INFINITY
    known.push(...countsOf(series.map((one) => ({ ...one, requests: laterThan(one.requests, last) }))))
    return known
  }
  return (decided) => {
    const outcome = outcomeOf(decided, false)
    const missing = decided
      .filter((one) => one.required && one.decision === 'inconclusive')
      .flatMap((one) => missingFor(one, countsIn(one.scope)))
    const shown = decided.map((one) => ({ required: one.required, evidence: evidenceIn(one, policy.mode) }))
    return { outcome, reason: reasonOf(), ...shownOf(shown) }

    function reasonOf(): string | null {
      switch (outcome) {
        case 'fail':
          return null
        case 'pass':
          return passSentence(decided)
        case 'inconclusive':
          return unsettled(missing)[0]?.message ?? null
      }
    }
  }
}

function laterThan(requests: readonly TimedBlock<number>[], tick: number): readonly TimedBlock<number>[] {
  let first = requests.length
  while (first > 0 && requests[first - 1]!.tick > tick) first -= 1
  return requests.slice(first)
}
