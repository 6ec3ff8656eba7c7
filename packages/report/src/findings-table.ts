import type { Decision, Finding } from '@coalmine/comparator'
import { interval, value } from './format.ts'
import type { Ink } from './ink.ts'
import { table } from './table.ts'

const shownFindings = 20

/** The findings that decide, what failed first. Beside a proved harm, what is not worse is no news: it is only counted. */
export function findingsTable(findings: readonly Finding[], ink: Ink): string[] {
  const order: Record<Decision, number> = { fail: 0, inconclusive: 1, pass: 2 }
  const sorted = [...findings].sort((a, b) => order[a.decision] - order[b.decision])
  const failed = sorted.filter((finding) => finding.decision === 'fail')
  const shown = (failed.length > 0 ? failed : sorted).slice(0, shownFindings)
  const head = ['', 'operation', 'metric', 'stable', 'canary', 'change', 'margin'].map((title) => ink.dim(title))
  const rows = shown.map((finding) => [
    decisionText(finding.decision, ink),
    finding.operation ?? ink.dim('(whole service)'),
    metricText(finding),
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

function decisionText(decision: Decision, ink: Ink): string {
  switch (decision) {
    case 'fail':
      return ink.red('FAIL')
    case 'pass':
      return ink.green('pass')
    case 'inconclusive':
      return ink.yellow('open')
  }
}

function metricText({ metric, statistic, part, zerosApart }: Finding): string {
  if (part === 'above zero') return `${metric} ${part}`
  return statistic.startsWith('p') ? `${metric} ${statistic}${zerosApart ? ' above zero' : ''}` : metric
}
