import type { Finding } from '@coalmine/comparator'
import { latency, number, percent, signed, times } from '@coalmine/comparator/numbers'

/** The metric of a finding, such as `latency p95`. */
export function metricText({ metric, statistic, part, zerosApart }: Finding): string {
  if (part === 'above zero') return `${metric} ${part}`
  return statistic.startsWith('p') ? `${metric} ${statistic}${zerosApart ? ' above zero' : ''}` : metric
}

/** One arm's value in the unit of its statistic; `-` if it has no value. */
export function value(finding: Finding, arm: 'stable' | 'canary'): string {
  const side = finding[arm]
  if (side.value === null) return '-'
  return { seconds: latency, share: percent, number }[finding.unit](side.value)
}

/** The effect's confidence sequence, such as `+52 % to +71 %`. */
export function interval({ effect, interval: { lower, upper, changed }, provedWithin }: Finding): string {
  const show = (bound: number): string => {
    if (effect.kind === 'odds-ratio') return times(bound)
    return effect.kind === 'ratio' ? signed((bound - 1) * 100, ' %') : signed(bound * 100, ' pp')
  }
  if (provedWithin) {
    const [from, to] = [provedWithin.start, provedWithin.end].map((time) => time.slice(11, 19))
    const most = changed && lower !== null ? `${show(lower)} or more, ` : 'worse '
    return `${most}${from} to ${to}`
  }
  if (changed) return lower === null ? 'varies' : `${show(lower)} in part`
  if (lower === null && upper === null) return '-'
  if (lower === null) return `up to ${show(upper!)}`
  return upper === null ? `from ${show(lower)}` : `${show(lower)} to ${show(upper)}`
}
