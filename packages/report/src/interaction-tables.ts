import type { Interaction, Verdict } from '@coalmine/comparator'
import { latency, number, percent } from '@coalmine/comparator/numbers'
import type { Ink } from './ink.ts'
import { table } from './table.ts'

/** How many interactions a text shows; the JSON has them all. */
export const shownInteractions = 2

/** The four cells of each interaction shown: a column per variant of the flag, a row per cohort. */
export function interactionTables({ interactions }: Verdict, ink: Ink): string[] {
  return interactions
    .slice(0, shownInteractions)
    .filter(({ cells }) => cells.length > 0)
    .flatMap((interaction) => ['', ...table(rowsOf(interaction, ink)).map((line) => `  ${line}`)])
}

function rowsOf({ flag, variants, metric, statistic, unit, cells }: Interaction, ink: Ink): string[][] {
  const show = { seconds: latency, share: percent, number }[unit]
  const values = (cohort: 'stable' | 'canary'): string[] =>
    variants.map((variant) => {
      const value = cells.find((cell) => cell.cohort === cohort && cell.variant === variant)?.value ?? null
      return value === null ? '-' : show(value)
    })
  const title = statistic.startsWith('p') ? `${metric} ${statistic}` : metric
  return [
    [title, ...variants.map((variant) => `${flag}=${variant}`)].map((one) => ink.dim(one)),
    [ink.dim('stable'), ...values('stable')],
    [ink.dim('canary'), ...values('canary')],
  ]
}
