import { count, number, percent, roughly } from '../numbers.ts'
import type { Hypothesis } from '../verdict/hypotheses.ts'
import { type BadCounts, boundsOfBad, burnOf, shareOfBad, together } from './counts.ts'
import type { Allowance } from './journey.ts'
import { type JourneyCounts, standingOf } from './journey-budget.ts'
import { type Lasts, lastsFor } from './lasts.ts'
import { lastsText } from './sentences.ts'
import type { RampStage, Slo } from './slo.ts'

/** A number with its 95 % bounds, valid for any number of looks. */
export interface Bounded {
  readonly estimate: number
  readonly lower: number
  readonly upper: number
}

/** A canary's effect on the error budget of a journey. */
export interface VerdictBudget {
  readonly slo: string
  /** Null for all requests of the service. */
  readonly operation: string | null
  readonly objective: number
  readonly windowSeconds: number
  readonly latencySeconds: number | null
  readonly critical: boolean
  /** Requests of each cohort in the comparison's window, and how many were bad. */
  readonly stable: BadCounts
  readonly canary: BadCounts
  /** The canary's share of these requests. */
  readonly share: number
  /** Burn rates of stable, the canary, and all requests in the last hour: 1 is what the objective allows; null if too few. */
  readonly burn: { readonly stable: number | null; readonly canary: number | null; readonly service: number | null }
  /** Bad requests beyond what stable's bad share would have produced. */
  readonly excess: Bounded
  readonly excessPerMinute: number
  /** Null if a window allows fewer than ten bad requests: then only the counts are meaningful. */
  readonly budget: Allowance | null
  /** The excess as a share of the window's budget; null with `budget`. */
  readonly spent: Bounded | null
  /** How long the rest lasts at the canary's current share; null with `budget`. */
  readonly lasts: Lasts | null
  /** How long it lasts along the planned ramp; null if none is planned. */
  readonly rampLasts: Lasts | null
  /** How long a full budget lasts once everyone has the canary; null with `budget`. */
  readonly fullLasts: Lasts | null
  readonly message: string
}

/** Input to `verdictBudget`. */
export interface CanarySpending {
  readonly slo: Slo
  readonly journey: JourneyCounts
  readonly stable: BadCounts
  readonly canary: BadCounts
  /** Length of the comparison's window. */
  readonly seconds: number
  readonly ramp: readonly RampStage[]
}

/** A canary's effect on a journey's budget, from the requests that both cohorts served side by side. */
export function verdictBudget({ slo, journey, stable, canary, seconds, ramp }: CanarySpending): VerdictBudget {
  const { objective, windowSeconds, latencySeconds, critical } = slo
  const { events, budget, load } = standingOf(slo, journey)
  const excess = excessOf(stable, canary)
  const share = canary.requests / Math.max(1, stable.requests + canary.requests)
  const shares = { stable: shareOfBad(stable), canary: shareOfBad(canary), canaryBounds: boundsOfBad(canary) }
  const of = (value: number): number => value / events
  const lasts = (left: number, stages: readonly RampStage[]): Lasts => lastsFor(left, shares, load, stages)
  const made = {
    slo: slo.name,
    operation: journey.operation,
    objective,
    windowSeconds,
    latencySeconds,
    critical,
    stable,
    canary,
    share,
    burn: {
      stable: burnOf(stable, objective).rate,
      canary: burnOf(canary, objective).rate,
      service: burnOf(together(journey.builds.map(({ last1h }) => last1h)), objective).rate,
    },
    excess,
    excessPerMinute: excess.estimate / Math.max(1, seconds / 60),
    budget,
    spent: budget && { estimate: of(excess.estimate), lower: of(excess.lower), upper: of(excess.upper) },
    lasts: budget && lasts(budget.left, [{ share, seconds: 0 }]),
    rampLasts: budget && ramp.length > 0 ? lasts(budget.left, ramp) : null,
    fullLasts: budget && lasts(events, [{ share: 1, seconds: 0 }]),
  }
  return { ...made, message: sentenceOf(made) }
}

// Two bounds, one per cohort, each at half of their joint error level.
const alpha = 0.025

function excessOf(stable: BadCounts, canary: BadCounts): Bounded {
  const [ofStable, ofCanary] = [boundsOfBad(stable, alpha), boundsOfBad(canary, alpha)]
  const more = (share: number): number => canary.requests * Math.max(0, share)
  return {
    estimate: more(shareOfBad(canary) - shareOfBad(stable)),
    lower: more(ofCanary.lower - ofStable.upper),
    upper: more(ofCanary.upper - ofStable.lower),
  }
}

function sentenceOf(budget: Omit<VerdictBudget, 'message'>): string {
  const { operation, canary, stable, windowSeconds, burn, spent, excess, lasts, rampLasts, fullLasts } = budget
  const where = operation ?? 'All requests'
  const span = roughly(windowSeconds)
  if (spent === null) {
    return `${where}: ${count(canary.bad)} of the canary's ${count(canary.requests)} requests were bad, ${count(stable.bad)} of stable's ${count(stable.requests)}. The objective allows fewer than ten bad requests in ${span}: too few for a rate.`
  }
  const cost =
    excess.estimate === 0
      ? `the canary has cost none of the error budget of ${span} (at most ${percent(spent.upper, 2)})`
      : `the canary has cost ${percent(spent.estimate, 2)} (${percent(spent.lower, 2)} to ${percent(spent.upper, 2)}) of the error budget of ${span}: stable would have had ${number(excess.estimate)} fewer bad requests`
  const pace =
    burn.canary === null
      ? ''
      : ` It burns the budget ${number(burn.canary)} times as fast as the objective allows${burn.stable === null ? '' : `, stable ${number(burn.stable)} times`}.`
  const left =
    budget.budget!.left <= 0
      ? 'Nothing of it is left'
      : `What is left lasts ${lastsText(lasts!)} at the canary's present share${rampLasts ? `, ${lastsText(rampLasts)} along the planned ramp` : ''}`
  return `${where}: ${cost}.${pace} ${left}; at full rollout, a full budget would last ${lastsText(fullLasts!)}.`
}

/**
 * The answer to an objective's expectation of a release: refuted if the lower bound of its cost exceeds it, confirmed if the upper bound
 * does not. With several journeys, each counts.
 */
export function budgetHypotheses(slos: readonly Slo[], budgets: readonly VerdictBudget[]): Hypothesis[] {
  return slos.flatMap(({ name, expect, windowSeconds }) => {
    const about = budgets.filter(({ slo, spent }) => slo === name && spent !== null)
    if (expect === null) return []
    const worst = about.toSorted((a, b) => b.spent!.lower - a.spent!.lower || b.spent!.upper - a.spent!.upper)[0]
    const answer =
      worst === undefined
        ? 'open'
        : worst.spent!.lower > expect
          ? 'refuted'
          : about.every(({ spent }) => spent!.upper <= expect)
            ? 'confirmed'
            : 'open'
    const { estimate, lower, upper } = worst?.spent ?? { estimate: 0, lower: 0, upper: 0 }
    const cost = worst
      ? `${worst.operation ?? 'the service'} cost ${percent(estimate, 2)} (${percent(lower, 2)} to ${percent(upper, 2)})`
      : 'there were too few bad requests to tell'
    const stamp = answer[0]!.toUpperCase() + answer.slice(1)
    return {
      metric: `error budget of ${name}`,
      expect: 'worse-by-at-most' as const,
      reason: null,
      answer,
      message: `${stamp}: expected to cost no more than ${percent(expect)} of the error budget of ${name} (${roughly(windowSeconds)}); ${cost} so far.`,
    }
  })
}
