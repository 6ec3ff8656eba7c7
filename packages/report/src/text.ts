import type { Charts, Reason, Verdict } from '@coalmine/comparator'
import { duration } from '@coalmine/comparator/numbers'
import pc from 'picocolors'
import { budgetRows } from './budget.ts'
import { comparedLines } from './compared.ts'
import { findingsTable } from './findings-table.ts'
import { hypothesisLines } from './hypotheses.ts'
import { type Ink, stamp } from './ink.ts'
import { interactionTables } from './interaction-tables.ts'
import { kayentaLines } from './kayenta.ts'
import { printableData } from './printable.ts'
import { chartLines } from './sparkline.ts'
import { table } from './table.ts'
import { whyLines } from './why.ts'
import { seen, wrapped } from './wrap.ts'

const shownNotes = 6

/** Options for the text of a verdict. */
export interface TextOptions {
  readonly colors: boolean
  /** Width of the terminal in characters; if undefined, lines are not wrapped. */
  readonly width?: number | undefined
  /** Both cohorts over time: each metric gets two lines of bars. */
  readonly charts?: Charts | undefined
}

/**
 * Formats a verdict as text for a terminal or a pipeline's log: what was decided and why, then every finding
 * with its numbers, then who was compared.
 *
 * @example console.log(verdictText(verdict, { colors: process.stdout.isTTY }))
 */
export function verdictText(untrusted: Verdict, options: TextOptions): string {
  const { width } = options
  const verdict = printableData(untrusted)
  const ink = pc.createColors(options.colors)
  const { cohorts, service, reasons, kayenta } = verdict
  const findings = verdict.findings.filter((finding) => finding.gate === 'on')
  const hypotheses = hypothesisLines(verdict, ink)
  const charts = options.charts ? chartLines(printableData(options.charts), ink, width) : []
  return [
    `${stamp(verdict.verdict, ink)}  ${ink.bold(service)}: ${cohorts.canary.selector} against ${cohorts.stable.selector}`,
    '',
    ...reasons.filter(({ weight }) => weight !== 'note').map((reason) => `  ${bullet(reason, ink)}${reason.message}`),
    ...decidedLine(verdict),
    ...table([...whyLines(verdict), ...budgetRows(verdict)].map(([label, line]) => [ink.dim(label), line])).map(
      (line) => `  ${line}`,
    ),
    ...interactionTables(verdict, ink),
    ...(hypotheses.length > 0 ? ['', ...hypotheses] : []),
    ...(findings.length > 0 ? ['', ...findingsTable(findings, ink, width)] : []),
    ...(charts.length > 0 ? ['', ...charts] : []),
    '',
    ...comparedLines(verdict, ink),
    ...noteLines(reasons, ink),
    ...(kayenta ? ['', ...kayentaLines(kayenta).map((line) => `  ${line}`)] : []),
    '',
  ]
    .flatMap((line) => wrapped(line, width, indentOf(line)))
    .join('\n')
}

/** The column where the text of a labelled line begins, so that wrapped lines align below it. */
function indentOf(line: string): number {
  const labelled = /^ {2}(?:\x1b\[\d+m)?[a-z]+(?:\x1b\[\d+m)? {2,}/.exec(line)
  return labelled ? seen(labelled[0]) : 2
}

function bullet({ weight }: Reason, ink: Ink): string {
  return weight === 'blocks' ? ink.yellow('- ') : ''
}

function decidedLine({ decidedAfterSeconds, proves }: Verdict): string[] {
  if (decidedAfterSeconds === null) return []
  const proved = {
    build: ' This is proved for the build.',
    instance: ' This is proved for one canary instance only, so its host may be the reason.',
  }
  return [`  Decided after ${duration(decidedAfterSeconds)} of canary traffic.${proves ? proved[proves] : ''}`]
}

function noteLines(reasons: readonly Reason[], ink: Ink): string[] {
  const notes = reasons.filter(({ weight }) => weight === 'note').map(({ message }) => message)
  const shown = notes.length > shownNotes ? notes.slice(0, shownNotes - 1) : notes
  const more = notes.length - shown.length
  const lines = more > 0 ? [...shown, `and ${more} more; --format json lists them all`] : shown
  return lines.map((line) => `  ${ink.dim('note')}    ${ink.dim(line)}`)
}
