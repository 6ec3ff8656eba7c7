import type { Finding, Verdict } from '@coalmine/comparator'
import { duration } from '@coalmine/comparator/numbers'
import pc from 'picocolors'
import { budgetRows } from './budget.ts'
import { comparedRows } from './compared.ts'
import { decisive } from './findings-table.ts'
import { interval, metricText, value } from './format.ts'
import { hypothesisLines } from './hypotheses.ts'
import { codeSpan, prose } from './markdown-text.ts'
import { printableData } from './printable.ts'
import { whyLines } from './why.ts'

/** Options of a Markdown report. */
export interface MarkdownOptions {
  /** The comparison's page. */
  readonly url?: string | undefined
}

const stamps = { pass: '✅ PASS', fail: '❌ FAIL', inconclusive: '🟡 INCONCLUSIVE', invalid: '⚠️ INVALID' } as const
const [shownReasons, shownNotes] = [10, 6]
const inkless = pc.createColors(false)

/**
 * Formats a verdict as a pull request comment. Whatever the names contain, the comment stays within 60 000 characters (GitHub allows
 * 65 536), mentions nobody and contains no HTML.
 *
 * @example verdictMarkdown(verdict, { url: 'https://coalmine.example/comparisons/5d1c0f' })
 */
export function verdictMarkdown(untrusted: Verdict, { url }: MarkdownOptions = {}): string {
  const verdict = printableData(untrusted)
  const { cohorts, service, reasons, decidedAfterSeconds } = verdict
  const { shown, more } = decisive(verdict.findings.filter(({ gate }) => gate === 'on'))
  const decided = reasons.filter(({ weight }) => weight !== 'note').map(({ message }) => message)
  const notes = reasons.filter(({ weight }) => weight === 'note').map(({ message }) => message)
  const hypotheses = hypothesisLines(verdict, inkless).map((line) => line.trim())
  const sections = [
    `### ${stamps[verdict.verdict]}: ${codeSpan(service)}`,
    `${codeSpan(cohorts.canary.selector)} against ${codeSpan(cohorts.stable.selector)}`,
    list(decided, shownReasons),
    decidedAfterSeconds === null ? '' : `Decided after ${duration(decidedAfterSeconds)} of canary traffic.`,
    list(hypotheses, shownReasons),
    findingsTable(shown, more),
    list(
      [...whyLines(verdict), ...budgetRows(verdict)].map(([label, line]) => `${label}: ${line}`),
      shownReasons,
    ),
    details([...comparedRows(verdict).map(([label, text]) => `${label}: ${text}`), ...capped(notes, shownNotes)]),
    url === undefined ? '' : `[Charts and traces](<${encodeURI(url).replace(/[<>]/g, '')}>)`,
  ]
  return `${sections.filter((section) => section !== '').join('\n\n')}\n`
}

function findingsTable(findings: readonly Finding[], more: string | undefined): string {
  if (findings.length === 0) return ''
  const rows = findings.map((finding) => [
    { fail: '❌ fail', pass: '✅ pass', inconclusive: '🟡 open' }[finding.decision],
    finding.operation === null ? '(whole service)' : codeSpan(finding.operation),
    codeSpan(metricText(finding)),
    ...[value(finding, 'stable'), value(finding, 'canary'), interval(finding), finding.margin].map((cell) =>
      prose(cell),
    ),
  ])
  const head = ['', 'operation', 'metric', 'stable', 'canary', 'change', 'margin']
  const lines = [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`)
  return [...lines, ...(more === undefined ? [] : ['', `*${prose(more)}*`])].join('\n')
}

const list = (lines: readonly string[], most: number): string =>
  capped(lines, most)
    .map((line) => `- ${prose(line)}`)
    .join('\n')

function capped(lines: readonly string[], most: number): readonly string[] {
  return lines.length <= most ? lines : [...lines.slice(0, most), `and ${lines.length - most} more`]
}

function details(lines: readonly string[]): string {
  return ['<details><summary>Who was compared, and notes</summary>', list(lines, 20), '</details>'].join('\n\n')
}
