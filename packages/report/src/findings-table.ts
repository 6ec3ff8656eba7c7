import type { Decision, Finding } from '@coalmine/comparator'
import { interval, metricText, value } from './format.ts'
import type { Ink } from './ink.ts'
import { table } from './table.ts'
import { seen } from './wrap.ts'

const shownFindings = 20

/** The findings to show, and a note on the rest. */
export interface Shown {
  readonly shown: readonly Finding[]
  /** A note on the findings that are left out; undefined if all are shown. */
  readonly more: string | undefined
}

/** The findings that decide the verdict, failures first. Once harm is proved, passing findings are only counted. */
export function decisive(findings: readonly Finding[]): Shown {
  const order: Record<Decision, number> = { fail: 0, inconclusive: 1, pass: 2 }
  const sorted = [...findings].sort((a, b) => order[a.decision] - order[b.decision])
  const failed = sorted.filter((finding) => finding.decision === 'fail')
  const shown = (failed.length > 0 ? failed : sorted).slice(0, shownFindings)
  const more = sorted.length - shown.length
  const fine = more === 1 ? ' is not worse than its margin so far' : ' are not worse than their margins so far'
  const rest = failed.length > 0 ? fine : ''
  return { shown, more: more > 0 ? `and ${more} more${rest}; --format json lists them all` : undefined }
}

/** Formats the decisive findings as a table no wider than the terminal: long operation names are truncated. */
export function findingsTable(findings: readonly Finding[], ink: Ink, width?: number): string[] {
  const { shown, more } = decisive(findings)
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
  const lines = table([head, ...rows])
  const over = width === undefined ? 0 : Math.max(0, ...lines.map((line) => seen(line) + 2 - width))
  const cut = over === 0 ? lines : table([head, ...rows.map((row) => shorter(row, rows, over))])
  const isNarrow = width !== undefined && cut.some((line) => seen(line) + 2 > width)
  const fitting = isNarrow ? rows.flatMap(stacked) : cut
  return [...fitting.map((line) => `  ${line}`), ...(more === undefined ? [] : [ink.dim(`  ${more}`)])]
}

/** A row for terminals too narrow for the table: the numbers go below the name. */
function stacked([decision, operation, metric, stable, canary, change, margin]: readonly string[]): string[] {
  return [`${decision} ${operation} ${metric}`, `      ${stable} -> ${canary}, ${change}, margin ${margin}`]
}

const shortestOperation = 16

/** Shortens a row's operation by `over` characters, but keeps enough of them to tell it from the others. */
function shorter(row: readonly string[], rows: readonly (readonly string[])[], over: number): string[] {
  const widest = Math.max(...rows.map(([, operation]) => seen(operation!)))
  const most = Math.max(shortestOperation, widest - over)
  return row.map((cell, column) => (column === 1 && seen(cell) > most ? `${cell.slice(0, most - 1)}…` : cell))
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
