import { count, number, percent, roughly } from '../numbers.ts'
import { closest } from '../policy/closest.ts'
import type { CohortBudget, JourneyBudget } from './journey.ts'
import { isUncertain, type Lasts } from './lasts.ts'

/** Sentences about a journey's budget, most important first. */
export function budgetSentences(journey: Omit<JourneyBudget, 'messages'>, seen: readonly string[] = []): string[] {
  const { window, budget, objective, windowSeconds, cohorts, lasts, rampLasts, coveredSeconds } = journey
  if (window.requests === 0) return [`No requests within the window${meant(journey.operation, seen)}`]
  const span = roughly(windowSeconds)
  if (budget === null) {
    return [
      `${count(window.bad)} of ${count(window.requests)} requests were bad in ${roughly(coveredSeconds)}. At this traffic the objective allows fewer than ten bad requests in ${span}: too few for a rate, so these are counts.`,
    ]
  }
  return [
    ...cohorts.filter((one) => one.isHarmful).map((one) => cohortSentence(one, journey)),
    budget.left <= 0
      ? `The budget of ${span} is used up: ${count(window.bad)} requests were bad, and the objective of ${percent(objective, 10)} allows ${count(budget.events)}.`
      : `At the present rate, the rest of the budget lasts ${lastsText(lasts!)}${rampLasts ? `; along the planned ramp, which then stays at its last share, ${lastsText(rampLasts)}` : ''}.`,
    ...(coveredSeconds < windowSeconds - 3_600
      ? [`There are ${roughly(coveredSeconds)} of traffic so far; the requests of ${span} are estimated from them.`]
      : []),
  ]
}

const shownSeen = 3

function meant(operation: string | null, seen: readonly string[]): string {
  if (operation === null || seen.length === 0) return '.'
  const close = closest(operation, seen)
  return close
    ? `; did you mean ${close}?`
    : `; the busiest operations of the last day are ${seen.slice(0, shownSeen).join(', ')}.`
}

/** A duration in words, with best and worst if they are far apart. */
export function lastsText(lasts: Lasts): string {
  const text = (seconds: number | null): string => (seconds === null ? 'more than a year' : roughly(seconds))
  if (!isUncertain(lasts)) return text(lasts.seconds)
  return `${text(lasts.seconds)} (at worst ${text(lasts.atWorst)}, at best ${text(lasts.atBest)})`
}

/** How a sentence names a build. */
export function buildName(build: string): string {
  return build === '' ? 'Traffic without a build' : build
}

/** A build's effect on the budget, now and if everyone had it. */
export function cohortSentence(cohort: CohortBudget, { burn, windowSeconds }: Omit<JourneyBudget, 'messages'>): string {
  const { build, share, excess, fullLasts } = cohort
  const rate = cohort.burn.last1h.rate ?? cohort.burn.last6h.rate
  const whole = burn.last1h.rate
  const service = whole === null ? '' : `, while all builds together burn it ${number(whole)} times as fast`
  const spent =
    excess?.spent === null || excess === null
      ? ''
      : `, and it has cost ${percent(excess.spent, 2)} of the budget of ${roughly(windowSeconds)}`
  const full = fullLasts === null ? '' : ` At full rollout, a full budget would last ${lastsText(fullLasts)}.`
  return `${buildName(build)} serves ${percent(share, 2)} of the requests and burns the budget ${number(rate ?? 0)} times as fast as the objective allows${service}. It adds ${number(excess?.perMinute ?? 0)} bad requests a minute${spent}.${full}`
}
