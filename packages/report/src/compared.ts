import type { CohortFacts, Verdict } from '@coalmine/comparator'
import { count, duration } from '@coalmine/comparator/numbers'
import type { Ink } from './ink.ts'
import { table } from './table.ts'

/** Who was compared, whose requests, when, and how much of what stable met the canary met: a label and what it says, line by line. */
export function comparedLines(verdict: Verdict, ink: Ink): string[] {
  return table(comparedRows(verdict).map(([label, text]) => [ink.dim(label), text])).map((line) => `  ${line}`)
}

/** The same as labels and texts. */
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
  const instances = cohort.instances === 1 ? '1 instance' : `${count(cohort.instances)} instances`
  const hosts = cohort.instances > 0 ? `, ${instances}` : ''
  const served = cohort.adjustedRequests === undefined ? '' : ` of about ${count(cohort.adjustedRequests)}`
  return `${count(cohort.requests)}${served} ${scope === 'downstream' ? 'calls' : 'requests'}${hosts}`
}

// What is left at the end of a window is less than this, and no news.
const allButAll = 0.95

/** How many of them the rates of the service were judged on: those of the time in which both cohorts served. */
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
