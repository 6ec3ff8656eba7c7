import type { SeriesSide, SeriesVerdict } from '@coalmine/comparator'
import { count, number, percent } from '@coalmine/comparator/numbers'
import pc from 'picocolors'
import { stamp } from './ink.ts'
import { printableData } from './printable.ts'
import { table } from './table.ts'

/**
 * Formats the verdict on two plain series as text. `name` is the name of their file.
 *
 * @example console.log(seriesText(judgeSeries(series, defaultSeriesPolicy), 'series.csv', { colors: false }))
 */
export function seriesText(untrusted: SeriesVerdict, name: string, options: { readonly colors: boolean }): string {
  const verdict = printableData(untrusted)
  const ink = pc.createColors(options.colors)
  const { kind, stable, canary, evidence, test, reasons } = verdict
  const [what, of] = kind === 'values' ? ['median', 'points'] : ['rate', 'n']
  const p = ({ p, needed }: SeriesVerdict['evidence']['worse']): string =>
    `${p === null ? 'none' : number(p)}, ${needed} is needed`
  const row = (arm: string, side: SeriesSide): string[] => [
    ink.dim(arm),
    count(side.count),
    side.value === null ? '-' : kind === 'values' ? number(side.value) : percent(side.value),
  ]
  return [
    `${stamp(verdict.verdict, ink)}  ${ink.bold(name)}: canary against stable`,
    '',
    ...reasons.filter(({ weight }) => weight !== 'note').map(({ message }) => `  ${message}`),
    '',
    ...table([['', of, what].map((cell) => ink.dim(cell)), row('stable', stable), row('canary', canary)]).map(indented),
    '',
    ...table([
      [ink.dim('test'), test],
      [ink.dim('worse'), `p = ${p(evidence.worse)}`],
      [ink.dim('within'), `p = ${p(evidence.within)}`],
    ]).map(indented),
    ...reasons
      .filter(({ weight }) => weight === 'note')
      .map(({ message }) => `  ${ink.dim('note')}    ${ink.dim(message)}`),
    '',
  ].join('\n')
}

const indented = (line: string): string => `  ${line}`
