import type { CohortFacts, Decision, Finding, Outcome, Reason, Verdict } from '@coalmine/comparator'
import { count, duration } from '@coalmine/comparator/numbers'
import pc from 'picocolors'
import { interval, value } from './format.ts'
import { hypothesisLines } from './hypotheses.ts'
import { kayentaLines } from './kayenta.ts'
import { table } from './table.ts'
import { whyLines } from './why.ts'

const shownFindings = 20
const shownNotes = 6

/**
 * A verdict for people, as it stands in a terminal or a pipeline's log: what was decided and why, then every finding
 * with its numbers, then who was compared.
 *
 * @example console.log(verdictText(verdict, { colors: process.stdout.isTTY }))
 */
export function verdictText(verdict: Verdict, options: { readonly colors: boolean }): string {
  const ink = pc.createColors(options.colors)
  const { cohorts, service, reasons } = verdict
  const findings = verdict.findings.filter((finding) => finding.gate === 'on')
  const hypotheses = hypothesisLines(verdict, ink)
  return [
    `${stamp(verdict.verdict)}  ${ink.bold(service)}: ${cohorts.canary.selector} against ${cohorts.stable.selector}`,
    '',
    ...reasons.filter((reason) => reason.weight !== 'note').map((reason) => `  ${bullet(reason)}${reason.message}`),
    ...decidedLine(),
    ...table(whyLines(verdict).map(([label, line]) => [ink.dim(label), line])).map((line) => `  ${line}`),
    ...(hypotheses.length > 0 ? ['', ...hypotheses] : []),
    ...(findings.length > 0 ? ['', ...findingsTable()] : []),
    '',
    ...table([
      cohortRow('stable', cohorts.stable),
      cohortRow('canary', cohorts.canary),
      ...trafficRows(),
      ...scopeRows(),
      windowRow(),
      ...coverageRow(),
    ]).map((line) => `  ${line}`),
    ...noteLines(),
    ...(verdict.kayenta ? ['', ...kayentaLines(verdict.kayenta).map((line) => `  ${line}`)] : []),
    '',
  ].join('\n')

  function stamp(outcome: Outcome): string {
    const paint = { pass: ink.green, fail: ink.red, inconclusive: ink.yellow, invalid: ink.magenta }[outcome]
    return ink.bold(paint(outcome.toUpperCase()))
  }

  function bullet(reason: Reason): string {
    return reason.weight === 'blocks' ? ink.yellow('- ') : ''
  }

  function decidedLine(): string[] {
    if (verdict.decidedAfterSeconds === null) return []
    return [`  Decided on ${duration(verdict.decidedAfterSeconds)} of canary traffic.`]
  }

  function findingsTable(): string[] {
    const order: Record<Decision, number> = { fail: 0, inconclusive: 1, pass: 2 }
    const sorted = [...findings].sort((a, b) => order[a.decision] - order[b.decision])
    const head = ['', 'operation', 'metric', 'stable', 'canary', 'change', 'margin'].map((cell) => ink.dim(cell))
    const failed = sorted.filter((finding) => finding.decision === 'fail')
    // Beside a proved harm, what is not worse is no news.
    const shown = (failed.length > 0 ? failed : sorted).slice(0, shownFindings)
    const rows = shown.map((finding) => [
      decision(finding),
      finding.operation ?? ink.dim('(whole service)'),
      metric(finding),
      value(finding, 'stable'),
      value(finding, 'canary'),
      interval(finding),
      finding.margin,
    ])
    const more = sorted.length - shown.length
    const rest = failed.length > 0 ? 'more, not worse than their margins so far' : 'more'
    return [
      ...table([head, ...rows]).map((line) => `  ${line}`),
      ...(more > 0 ? [ink.dim(`  and ${more} ${rest}: --format json has them all`)] : []),
    ]
  }

  function metric({ metric, statistic, part, zerosApart }: Finding): string {
    if (part === 'above zero') return `${metric} ${part}`
    return statistic.startsWith('p') ? `${metric} ${statistic}${zerosApart ? ' above zero' : ''}` : metric
  }

  function decision(finding: Finding): string {
    switch (finding.decision) {
      case 'fail':
        return ink.red('FAIL')
      case 'pass':
        return ink.green('pass')
      case 'inconclusive':
        return ink.yellow('open')
    }
  }

  function cohortRow(arm: string, cohort: CohortFacts): string[] {
    const instances = cohort.instances === 1 ? '1 instance' : `${count(cohort.instances)} instances`
    const hosts = cohort.instances > 0 ? `, ${instances}` : ''
    const served = cohort.adjustedRequests === undefined ? '' : ` of about ${count(cohort.adjustedRequests)}`
    return [
      ink.dim(arm),
      `${count(cohort.requests)}${served} ${verdict.scope === 'downstream' ? 'calls' : 'requests'}${hosts}`,
    ]
  }

  function trafficRows(): string[][] {
    const { traffic, audience } = verdict
    if (traffic === 'users' && audience.length === 0) return []
    const whose = { users: 'users', test: 'test traffic only', all: 'users and test traffic' }[traffic]
    return [[ink.dim('traffic'), audience.length === 0 ? whose : `${whose}, audience ${audience.join(', ')}`]]
  }

  function coverageRow(): string[][] {
    if (verdict.verdict === 'invalid') return []
    const { minutes, windowMinutes, minutesOfHour, operationsShare, unserved } = verdict.coverage
    const met =
      unserved.length === 0
        ? "all of stable's operations"
        : `${Math.floor(operationsShare * 100)} % of stable's requests by operation`
    const time = `${minutes} of ${windowMinutes} minutes, ${minutesOfHour} of the 60 of an hour`
    return [[ink.dim('coverage'), `the canary served in ${time}; it met ${met}`]]
  }

  function noteLines(): string[] {
    const notes = reasons.filter((reason) => reason.weight === 'note').map((reason) => reason.message)
    const shown = notes.length > shownNotes ? notes.slice(0, shownNotes - 1) : notes
    const more = notes.length - shown.length
    const lines = more > 0 ? [...shown, `and ${more} more: --format json has them all`] : shown
    return lines.map((line) => `  ${ink.dim('note')}    ${ink.dim(line)}`)
  }

  function scopeRows(): string[][] {
    if (verdict.scope === 'requests') return []
    return [[ink.dim('scope'), 'downstream: what is counted are the calls that the service makes']]
  }

  function windowRow(): string[] {
    const { start, end, seconds } = verdict.window
    return [ink.dim('window'), `${start} to ${end}, ${duration(seconds)}`]
  }
}
