import type { Charts, MetricChart, ScopeChart } from '@coalmine/comparator'
import { latency, number, percent } from '@coalmine/comparator/numbers'
import type { Ink } from './ink.ts'
import { table } from './table.ts'

const bars = '▁▂▃▄▅▆▇█'
const arms = ['stable', 'canary'] as const
const [fewestLetters, mostLetters, mostCharts] = [10, 60, 4]

/**
 * Draws values over time as a line of bars, on a scale from `low` to `high`; null is a gap.
 *
 * @example sparkline([1, 2, null, 4], 0, 4) // '▂▄ █'
 */
export function sparkline(values: readonly (number | null)[], low: number, high: number): string {
  const steps = bars.length - 1
  return values
    .map((value) => {
      if (value === null) return ' '
      const share = high > low ? (value - low) / (high - low) : 0
      return bars[Math.min(steps, Math.max(0, Math.round(share * steps)))]!
    })
    .join('')
}

/** Charts each metric of the first scopes as two lines on one scale, one per cohort; metrics that were always zero are skipped. */
export function chartLines({ scopes }: Charts, ink: Ink, width: number | undefined): string[] {
  const charts = scopes
    .flatMap((scope) => scope.metrics.map((metric) => ({ scope, metric })))
    .filter(({ metric }) => arms.some((arm) => valuesOf(metric, arm).some((value) => value !== null && value !== 0)))
    .slice(0, mostCharts)
  const letters = Math.min(mostLetters, Math.max(fewestLetters, (width ?? 100) - 50))
  return table(charts.flatMap(({ scope, metric }) => rowsOf(scope, metric, letters, ink))).map((line) => `  ${line}`)
}

function rowsOf({ operation }: ScopeChart, chart: MetricChart, letters: number, ink: Ink): string[][] {
  const lines = arms.map((arm) => ({ arm, values: inBins(valuesOf(chart, arm), letters) }))
  const all = lines.flatMap(({ values }) => values.filter((value) => value !== null))
  const [low, high] = [Math.min(0, ...all), Math.max(...all)]
  const show = { seconds: latency, share: percent, number }[chart.unit]
  const name = chart.levels.kind === 'distribution' ? `${chart.metric} p50` : chart.metric
  return lines.map(({ arm, values }, row) => {
    const last = values.findLast((value) => value !== null)
    return [
      row === 0 ? (operation ?? ink.dim('(whole service)')) : '',
      row === 0 ? name : '',
      ink.dim(arm),
      sparkline(values, low, high),
      last === undefined ? '-' : show(last!),
    ]
  })
}

function valuesOf({ levels }: MetricChart, arm: 'stable' | 'canary'): readonly (number | null)[] {
  if (levels.kind === 'none') return []
  if (levels.kind === 'distribution') return levels[arm].p50
  const { n, events } = levels[arm]
  return n.map((count, at) => (count > 0 ? events[at]! / count : null))
}

/** Averages values into at most `most` bins. */
function inBins(values: readonly (number | null)[], most: number): (number | null)[] {
  const size = Math.ceil(values.length / most) || 1
  return Array.from({ length: Math.ceil(values.length / size) }, (_, bin) => {
    const there = values.slice(bin * size, (bin + 1) * size).filter((value) => value !== null)
    return there.length === 0 ? null : there.reduce((sum, value) => sum + value, 0) / there.length
  })
}
