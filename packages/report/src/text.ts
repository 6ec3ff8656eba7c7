import type { Reason, Verdict } from '@coalmine/comparator'
import { duration } from '@coalmine/comparator/numbers'
import pc from 'picocolors'
import { comparedLines } from './compared.ts'
import { findingsTable } from './findings-table.ts'
import { hypothesisLines } from './hypotheses.ts'
import { type Ink, stamp } from './ink.ts'
import { interactionTables } from './interaction-tables.ts'
import { kayentaLines } from './kayenta.ts'
import { printableData } from './printable.ts'
import { table } from './table.ts'
import { whyLines } from './why.ts'

const shownNotes = 6

/**
 * A verdict for people, as it stands in a terminal or a pipeline's log: what was decided and why, then every finding
 * with its numbers, then who was compared.
 *
 * @example console.log(verdictText(verdict, { colors: process.stdout.isTTY }))
 */
export function verdictText(untrusted: Verdict, options: { readonly colors: boolean }): string {
  const verdict = printableData(untrusted)
  const ink = pc.createColors(options.colors)
  const { cohorts, service, reasons, kayenta } = verdict
  const findings = verdict.findings.filter((finding) => finding.gate === 'on')
  const hypotheses = hypothesisLines(verdict, ink)
  return [
    `${stamp(verdict.verdict, ink)}  ${ink.bold(service)}: ${cohorts.canary.selector} against ${cohorts.stable.selector}`,
    '',
    ...reasons.filter(({ weight }) => weight !== 'note').map((reason) => `  ${bullet(reason, ink)}${reason.message}`),
    ...decidedLine(verdict),
    ...table(whyLines(verdict).map(([label, line]) => [ink.dim(label), line])).map((line) => `  ${line}`),
    ...interactionTables(verdict, ink),
    ...(hypotheses.length > 0 ? ['', ...hypotheses] : []),
    ...(findings.length > 0 ? ['', ...findingsTable(findings, ink)] : []),
    '',
    ...comparedLines(verdict, ink),
    ...noteLines(reasons, ink),
    ...(kayenta ? ['', ...kayentaLines(kayenta).map((line) => `  ${line}`)] : []),
    '',
  ].join('\n')
}

function bullet({ weight }: Reason, ink: Ink): string {
  return weight === 'blocks' ? ink.yellow('- ') : ''
}

function decidedLine({ decidedAfterSeconds, proves }: Verdict): string[] {
  if (decidedAfterSeconds === null) return []
  const proved = {
    build: ' It is proved of the build.',
    instance: ' It is proved of one canary instance, whose host may be the reason.',
  }
  return [`  Decided on ${duration(decidedAfterSeconds)} of canary traffic.${proves ? proved[proves] : ''}`]
}

function noteLines(reasons: readonly Reason[], ink: Ink): string[] {
  const notes = reasons.filter(({ weight }) => weight === 'note').map(({ message }) => message)
  const shown = notes.length > shownNotes ? notes.slice(0, shownNotes - 1) : notes
  const more = notes.length - shown.length
  const lines = more > 0 ? [...shown, `and ${more} more: --format json has them all`] : shown
  return lines.map((line) => `  ${ink.dim('note')}    ${ink.dim(line)}`)
}
