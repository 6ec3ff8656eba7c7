import type { Decided } from './decide.ts'
import type { Margin } from './margin.ts'
import type { MetricPolicy } from './metric-policy.ts'
import type { Estimate } from './tested.ts'
import type { Finding, FlagDifference, Missing, Part } from './verdict.ts'

const namesInWords: Readonly<Record<string, string>> = {
  errors: 'the error rate',
  '4xx': 'the 4xx share',
  'lost-requests': 'the share of traffic',
}
const partName: Record<Part, string> = {
  typical: 'the typical request',
  'slowest 10 %': 'the slowest 10 %',
  'slowest 5 %': 'the slowest 5 %',
  'slowest 1 %': 'the slowest 1 %',
  rate: 'the rate',
  share: 'the share',
}

/** One plain sentence for a finding. */
export function findingSentence(decided: Decided, estimate: Estimate, flags: readonly FlagDifference[]): string {
  const where = decided.scope.operation ?? 'The whole service'
  const { metric, decision } = decided
  const name = nameInWords(metric.name)
  const change = changePhrase(estimate)
  if (metric.expect === 'better' || metric.expect === 'same') {
    const expected = expectationPhrase(metric)
    switch (decision) {
      case 'fail':
        return `${where}: ${name} is not ${expected}: ${change}${flagPhrase(flags)}.`
      case 'pass':
        return `${where}: ${name} is ${expected}: ${change}.`
      case 'inconclusive':
        return `${where}: ${name} is not settled: ${change}, where ${expected} is expected.`
    }
  }
  const allowed = `the margin of ${marginPhrase(metric.margin)}`
  switch (decision) {
    case 'fail':
      return `${where} is ${failPhrase(metric.name, estimate)}: ${change}, more than ${allowed}${flagPhrase(flags)}.`
    case 'pass':
      return `${where}: ${name} is within ${allowed}: ${change}.`
    case 'inconclusive':
      return `${where}: ${name} is not settled: ${change}, where ${allowed} is allowed.`
  }
}

/** What is expected of a metric, after "is" or "to be". */
export function expectationPhrase({ expect, margin }: MetricPolicy): string {
  const amount = marginPhrase(margin)
  switch (expect) {
    case 'no-worse':
      return amount === '0' ? 'no worse' : `no worse by more than ${amount}`
    case 'worse-by-at-most':
      return `worse by at most ${amount}`
    case 'better':
      return amount === '0' ? 'better' : `better by more than ${amount}`
    case 'same':
      return `the same within ${amount}`
  }
}

export function missingSentence(missing: Missing): string {
  const where = missing.operation ?? 'the whole service'
  const what = `${missing.metric === 'latency' ? `latency of ${partName[missing.part]}` : nameInWords(missing.metric)} on ${where}`
  if (missing.canaryRequests === null)
    return `${what}: the evidence does not grow yet, or the difference is near the margin`
  return `${what}: about ${count(missing.canaryRequests)} more canary requests, ${duration(missing.seconds ?? 0)} at this rate`
}

export function duration(seconds: number): string {
  if (seconds < 90) return `${Math.round(seconds)} s`
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`
  return `${Number((seconds / 3600).toPrecision(2))} h`
}

export function count(n: number): string {
  return String(Math.round(n)).replace(/\B(?=(\d{3})+$)/g, '\u202f')
}

export function percent(share: number): string {
  return `${Number((share * 100).toPrecision(3))} %`
}

export function nameInWords(metric: Finding['metric']): string {
  return namesInWords[metric] ?? metric
}

function failPhrase(metric: Finding['metric'], estimate: Estimate): string {
  if (metric === 'errors') return 'failing more often'
  if (metric === '4xx') return 'answered with 4xx more often'
  if (metric === 'lost-requests') return 'losing canary requests'
  return estimate.part === 'typical' ? 'slower' : `slower for ${partName[estimate.part]}`
}

export function changePhrase({ statistic, stable, canary, effect, interval }: Estimate): string {
  if (stable.value === null || canary.value === null) return 'no requests of both cohorts yet'
  const show = statistic.startsWith('p') ? milliseconds : percent
  const name =
    statistic === 'p50'
      ? 'median '
      : statistic.startsWith('p')
        ? `${statistic} `
        : statistic === 'share of traffic'
          ? 'canary share '
          : ''
  const from = statistic === 'share of traffic' ? percent(canary.value - (effect.value ?? 0)) : show(stable.value)
  return `${name}${from} -> ${show(canary.value)} (${bounds(effect.kind, interval)})`
}

function bounds(kind: Finding['effect']['kind'], { lower, upper, changed }: Finding['interval']): string {
  const show =
    kind === 'ratio'
      ? (x: number): string => signed((x - 1) * 100, ' %')
      : kind === 'difference'
        ? (x: number): string => signed(x * 100, ' pp')
        : (x: number): string => `x ${Number(x.toPrecision(2))}`
  const name = kind === 'odds-ratio' ? 'odds ' : ''
  if (changed) return lower === null ? `${name}not the same throughout` : `${name}at least ${show(lower)} in part`
  if (lower === null && upper === null) return `${name}not known yet`
  if (lower === null) return `${name}at most ${show(upper!)}`
  if (upper === null) return `${name}at least ${show(lower)}`
  return `${name}${show(lower)} to ${show(upper)}`
}

/** A margin in words; a half that allows nothing is left out. */
function marginPhrase(margin: Margin): string {
  const parts =
    'oddsRatio' in margin
      ? [
          ...(margin.oddsRatio > 1 ? [`odds x ${margin.oddsRatio}`] : []),
          ...(margin.difference > 0 ? [`${tidy(margin.difference * 100)} pp`] : []),
        ]
      : [
          ...(margin.ratio > 0 ? [`${tidy(margin.ratio * 100)} %`] : []),
          ...('seconds' in margin && margin.seconds > 0 ? [`${tidy(margin.seconds * 1000)} ms`] : []),
        ]
  return parts.length === 0 ? '0' : parts.join(' or ')
}

function tidy(value: number): string {
  return String(Number(value.toPrecision(6)))
}

function flagPhrase(flags: readonly FlagDifference[]): string {
  const named = flags.map(
    ({ flag, stable, canary }) => `${flag}=${canary?.variant ?? '(none)'} (stable: ${stable?.variant ?? 'none'})`,
  )
  return named.length > 0 ? `, with flag ${named.join(', ')}` : ''
}

function milliseconds(seconds: number): string {
  const ms = seconds * 1000
  return ms >= 10_000 ? `${Number(seconds.toPrecision(3))} s` : `${Number(ms.toPrecision(3))} ms`
}

function signed(value: number, unit: string): string {
  const rounded = Number(value.toPrecision(2))
  return `${rounded > 0 ? '+' : ''}${rounded}${unit}`
}
