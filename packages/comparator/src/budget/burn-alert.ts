import { number, percent, roughly } from '../numbers.ts'
import { type BurnWindow, boundsOfBad, burnWindows, isTooFew } from './counts.ts'
import type { CohortBudget, JourneyBudget } from './journey.ts'
import { buildName, cohortSentence, lastsText } from './sentences.ts'

/** A build that burns a budget fast enough to alert someone, however small its share of the traffic. */
export interface BurnAlert {
  /** Identifies the alert: the same problem has the same key. */
  readonly key: string
  readonly slo: string
  readonly service: string
  readonly operation: string | null
  readonly build: string
  /** Its share of the requests. */
  readonly share: number
  /** Burn rate over the time range that raised the alert: 1 is what the objective allows. */
  readonly burn: number
  /** The burn rate of all requests together; null if there are too few. */
  readonly serviceBurn: number | null
  readonly critical: boolean
  readonly title: string
  readonly text: readonly string[]
}

/** Prefix of the alert keys, followed by the percent-encoded service and a slash. */
export const burnKey = 'slo/'

// The first two rows of the usual table: this share of a window's budget spent in the long range, still burning in the short one.
const rules: readonly { readonly spent: number; readonly long: BurnWindow; readonly short: BurnWindow }[] = [
  { spent: 0.02, long: 'last1h', short: 'last5m' },
  { spent: 0.05, long: 'last6h', short: 'last5m' },
]

/** The burn rate threshold of a time range: 14.4 for one hour of 30 days, 6 for six hours. */
export function burnThreshold(spent: number, windowSeconds: number, long: BurnWindow): number {
  return Math.max(1, (spent * windowSeconds) / burnWindows[long])
}

/**
 * Builds that burn a journey's budget too fast. The burn rate of the whole service hides them: one of its hundred
 * requests may fail twenty times as often as it may, and the service is within its objective.
 *
 * A build raises an alert if the lower bound of its bad share's confidence sequence is above the threshold over the long range, its burn
 * rate is above it over the short range too, and it is worse than stable beyond chance.
 */
export function burnAlertsOf(journey: JourneyBudget): BurnAlert[] {
  return journey.cohorts.flatMap((cohort) => {
    if (!cohort.isHarmful) return []
    const rule = rules.find((one) => isBroken(one, cohort, journey))
    return rule ? [alertOf(cohort, journey, rule.long)] : []
  })
}

function isBroken(
  { spent, long, short }: (typeof rules)[number],
  { burn }: CohortBudget,
  journey: JourneyBudget,
): boolean {
  const { objective, windowSeconds } = journey
  const threshold = burnThreshold(spent, windowSeconds, long)
  const [longer, shorter] = [burn[long], burn[short]]
  if (isTooFew(longer.bad) || shorter.requests === 0) return false
  const still = shorter.bad / (shorter.requests * (1 - objective))
  return still >= threshold && boundsOfBad(longer).lower / (1 - objective) >= threshold
}

function alertOf(cohort: CohortBudget, journey: JourneyBudget, long: BurnWindow): BurnAlert {
  const { slo, service, operation, critical, burn } = journey
  const { build, share, fullLasts } = cohort
  const rate = cohort.burn[long].rate ?? 0
  const whole = burn[long].rate
  const hidden = whole !== null && whole < burnThreshold(0.02, journey.windowSeconds, 'last1h')
  return {
    key: `${burnKey}${[service, slo, operation ?? '', build].map(encodeURIComponent).join('/')}`,
    slo,
    service,
    operation,
    build,
    share,
    burn: rate,
    serviceBurn: whole,
    critical,
    title: `${operation ?? service}: ${buildName(build)} burns its error budget ${number(rate)} times as fast as the objective allows`,
    text: [
      cohortSentence(cohort, journey),
      ...(hidden
        ? [
            `A burn-rate alert on the whole service would miss it: the build serves only ${percent(share, 2)} of the requests.`,
          ]
        : []),
      ...(fullLasts?.seconds != null && fullLasts.seconds < journey.windowSeconds
        ? [`At full rollout, the budget of ${roughly(journey.windowSeconds)} would be gone in ${lastsText(fullLasts)}.`]
        : []),
    ],
  }
}
