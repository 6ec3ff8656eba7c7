import type { CohortFacts, Verdict } from '@coalmine/comparator'
import { count, counted, duration } from '@coalmine/comparator/numbers'
import type { Ink } from './ink.ts'
import { table } from './table.ts'

/** Which cohorts were compared, on whose requests, when, and how much of stable's traffic the canary saw too: one labelled line each. */
export function comparedLines(verdict: Verdict, ink: Ink): string[] {
  return table(comparedRows(verdict).map(([label, text]) => [ink.dim(label), text])).map((line) => `  ${line}`)
}

/** The same rows as pairs of label and text. */
export function comparedRows(verdict: Verdict): readonly (readonly [string, string])[] {
  const { cohorts } = verdict
  return [
    ['stable', `${cohortText(cohorts.stable, verdict)}${judgedText('stable', verdict)}`],
    ['canary', `${cohortText(cohorts.canary, verdict)}${judgedText('canary', verdict)}`],
    ...trafficRows(verdict),
    ...(verdict.scope === 'requests'
      ? []
      : ([['scope', 'downstream: the calls that the service makes are counted']] as const)),
    ['window', windowText(verdict)],
    ...(verdict.verdict === 'invalid' ? [] : ([['coverage', coverageText(verdict)]] as const)),
  ]
}

function cohortText(cohort: CohortFacts, { scope }: Verdict): string {
  const hosts = cohort.instances > 0 ? `, ${counted(cohort.instances, 'instance')}` : ''
  const unit = scope === 'downstream' ? 'call' : 'request'
  const of = cohort.adjustedRequests
  return `${of === undefined ? '' : `${count(cohort.requests)} of about `}${counted(of ?? cohort.requests, unit)}${hosts}`
}

// A judged share above this is not worth reporting: the rest is the tail of the window.
const allButAll = 0.95

/** How many requests the service's rates were judged on: those from the time when both cohorts served. */
function judgedText(arm: 'stable' | 'canary', { findings, cohorts }: Verdict): string {
  const ofService = findings.find(({ scope, statistic }) => scope === 'service' && statistic === 'share of requests')
  const judged = ofService?.[arm].count ?? 0
  return judged > 0 && judged < allButAll * cohorts[arm].traces
    ? `; judged: the ${count(judged)} while both served`
    : ''
}

function trafficRows({ traffic, audience }: Verdict): (readonly [string, string])[] {
  if (traffic === 'users' && audience.length === 0) return []
  const whose = { users: 'users', test: 'test traffic only', all: 'users and test traffic' }[traffic]
  return [['traffic', audience.length === 0 ? whose : `${whose}, audience ${audience.join(', ')}`]]
}

function windowText({ window: { start, end, seconds } }: Verdict): string {
  return `${start} to ${end}, ${duration(seconds)}`
}

function coverageText({ coverage }: Verdict): string {
  const { minutes, windowMinutes, minutesOfHour, operationsShare, unserved } = coverage
  const met =
    unserved.length === 0
      ? "all of stable's operations"
      : `operations with ${Math.floor(operationsShare * 100)} % of stable's requests`
  return `the canary served in ${minutes} of ${windowMinutes} minutes (${minutesOfHour} of the hour's 60), and on ${met}`
}
