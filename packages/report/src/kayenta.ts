import type { KayentaFinding, KayentaResult } from '@coalmine/comparator'
import { number, times } from '@coalmine/comparator/numbers'
import { table } from './table.ts'

/** Kayenta's answer next to a verdict: its score, then each metric with the reason for its answer. */
export function kayentaLines(result: KayentaResult): string[] {
  const { score, classification, thresholds, reason, metrics } = result
  const why = reason === null ? `passes from ${thresholds.pass}, marginal from ${thresholds.marginal}` : reason
  const head = ['metric', 'answer', 'points', 'canary / stable', 'shift, 98 %']
  return [
    `kayenta  ${classification.toUpperCase()}, score ${score} of 100: ${why}`,
    ...table([head, ...metrics.map(row)]).map((line) => `  ${line}`),
    '  It holds for one look, and its documentation advises 50 points or more of each metric.',
  ]
}

function row({ name, label, critical, muted, points, deviation, shift }: KayentaFinding): string[] {
  const remarks = [...(critical ? ['critical'] : []), ...(muted ? ['muted'] : [])]
  return [
    name,
    remarks.length > 0 ? `${label} (${remarks.join(', ')})` : label,
    `${points.canary} v ${points.stable}`,
    shift === null || deviation === null ? '-' : times(deviation),
    shift === null ? '-' : `${number(shift.lower)} to ${number(shift.upper)}`,
  ]
}
