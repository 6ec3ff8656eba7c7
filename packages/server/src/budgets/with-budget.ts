import { budgetHypotheses, type Slo, type Verdict, type VerdictBudget, verdictBudget } from '@coalmine/comparator'
import type { BadCounts, CohortBad, Comparison } from '@coalmine/store'
import type { ComparisonRequest } from '../compare/request.ts'
import type { Context } from '../context.ts'
import { countedLately } from './counted-lately.ts'
import { askedOf, type CountedJourney } from './journey-budgets.ts'

type Asked = Pick<Context, 'store' | 'now' | 'slos' | 'warn'>

/**
 * Adds to a verdict the canary's effect on error budgets, if objectives cover what it serves, and the answers to what they expect of
 * a release. Without objectives nothing is read; if budgets cannot be counted, the verdict stands without them.
 */
export async function withBudget(
  verdict: Verdict,
  request: Omit<ComparisonRequest, 'policy'>,
  { store, now, slos: own, warn }: Asked,
): Promise<Verdict> {
  const slos = (request.slos ?? own).filter((slo) => slo.service === request.service)
  if (slos.length === 0 || verdict.verdict === 'invalid' || !isOfUsers(request)) return verdict
  const { start, end, seconds } = verdict.window
  const window = { ...request, start: Date.parse(start), end: Date.parse(end) }
  try {
    const journeys = await covered(slos, window, { store, now })
    const budget = journeys.map(({ slo, counts, stable, canary }) =>
      verdictBudget({ slo, journey: counts, stable, canary, seconds, ramp: request.ramp }),
    )
    const hypotheses = [...verdict.hypotheses, ...budgetHypotheses(slos, budget)]
    return budget.length === 0 ? verdict : { ...verdict, hypotheses, budget: mostHarmful(budget) }
  } catch (error) {
    warn(`the error budgets of ${request.service} were not counted for its verdict: ${(error as Error).message}`)
    return verdict
  }
}

// A service has up to 500 operations, but people read verdicts.
const mostTold = 100

function mostHarmful(budgets: readonly VerdictBudget[]): readonly VerdictBudget[] {
  if (budgets.length <= mostTold) return budgets
  return budgets.toSorted((a, b) => b.excess.estimate - a.excess.estimate).slice(0, mostTold)
}

/** Whether a comparison is about users' requests, as objectives are. */
function isOfUsers({ traffic, audience, side }: Pick<ComparisonRequest, 'traffic' | 'audience' | 'side'>): boolean {
  return traffic === 'users' && audience.length === 0 && side === 'requests'
}

interface Covered extends CountedJourney {
  readonly stable: BadCounts
  readonly canary: BadCounts
}

/** The journeys that the canary served, with each cohort's share of bad requests. */
async function covered(
  slos: readonly Slo[],
  window: Comparison,
  { store, now }: Pick<Asked, 'store' | 'now'>,
): Promise<Covered[]> {
  const counted = await countedLately({ store, now }, slos)
  const asked = counted.map(({ slo, counts }) => askedOf(slo, counts.operation ?? undefined))
  const rows = await store.budgets.ofCohorts(window, asked)
  if (!rows) return []
  return counted
    .map((journey, at) => ({
      ...journey,
      stable: sumOf(rows[at]!, 'stable'),
      canary: sumOf(rows[at]!, 'canary'),
    }))
    .filter(({ canary, stable }) => canary.requests > 0 && stable.requests > 0)
}

function sumOf(rows: readonly CohortBad[], cohort: CohortBad['cohort']): BadCounts {
  const own = rows.filter((row) => row.cohort === cohort)
  return {
    requests: own.reduce((sum, { counts }) => sum + counts.requests, 0),
    bad: own.reduce((sum, { counts }) => sum + counts.bad, 0),
  }
}
