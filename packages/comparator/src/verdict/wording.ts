import type { Decided } from '../decide.ts'
import type { Finding, FlagDifference, Part, ProvedWithin } from '../finding.ts'
import type { Estimate } from '../metrics/tested.ts'
import { count, duration, latency, number, percent, signed, times } from '../numbers.ts'
import type { MetricPolicy } from '../policy/metric-policy.ts'
import { otherOperations } from '../scopes.ts'
import type { HeldBack } from './beyond.ts'
import { expectationPhrase, marginPhrase } from './expectation-phrase.ts'
import type { Missing, TooFew } from './missing.ts'
import { pointsToHarm } from './when.ts'

const namesInWords: Readonly<Record<string, string>> = {
  errors: 'the error rate',
  'client-errors': 'the share of client errors',
  'inner-errors': 'the share of inner errors',
  'lost-requests': 'the share of traffic',
}

function partName(part: Part): string {
  if (part === 'typical') return 'the typical request'
  return part === 'above zero' ? `how many are ${part}` : `the ${part}`
}

/**
 * One plain sentence for a finding.
 *
 * @param within the part of the window in which it was proved, if the values of the whole window do not show it.
 */
export function findingSentence(
  decided: Decided,
  estimate: Estimate,
  flags: readonly FlagDifference[],
  within: ProvedWithin | undefined,
): string {
  const where = whereOf(decided)
  const { metric, decision } = decided
  const name = estimate.statistic === 'share of calls' ? 'the share of unanswered calls' : nameInWords(metric.name)
  const change = `${changePhrase(estimate)}${within ? `, ${withinPhrase(within, decided, estimate)}` : ''}`
  if (metric.expect === 'better' || metric.expect === 'same') {
    const expected = expectationPhrase(metric)
    switch (decision) {
      case 'fail':
        return `${where}: ${name} is not ${expected}: ${change}${flagPhrase(flags)}.`
      case 'pass':
        return `${where}: ${name} is ${expected}: ${change}.`
      case 'inconclusive':
        return `${where}: ${name} is not settled: ${change}; expected to be ${expected}.`
    }
  }
  const allowed = `the margin of ${marginPhrase(metric.margin)}`
  switch (decision) {
    case 'fail':
      return `${where} is ${failPhrase(metric, estimate)}: ${change}, more than ${allowed}${flagPhrase(flags)}.`
    case 'pass':
      return `${where}: ${name} is within ${allowed}: ${change}.`
    case 'inconclusive':
      return `${where}: ${name} is not settled: ${change}, against ${allowed}.`
  }
}

/** Where a finding is: if all small operations together are a single one, with its name. */
function whereOf({ scope: { operation, series } }: Decided): string {
  if (operation === null) return 'The whole service'
  const [only, ...others] = series
  return operation === otherOperations && only && others.length === 0 && only.operation !== operation
    ? `${only.operation}, the only small operation,`
    : operation
}

/** The minutes in which it was proved, the values measured there, and the instance. */
function withinPhrase(
  { start, end, stable, canary, instance }: ProvedWithin,
  { metric }: Decided,
  estimate: Estimate,
): string {
  const show = { seconds: latency, share: percent, number }[estimate.unit]
  const values = stable === null || canary === null ? '' : ` (${show(stable)} -> ${show(canary)} then)`
  const where = instance === null ? '' : `, most of it on instance ${instance}`
  const whole = pointsToHarm(metric, estimate) ? '' : ', not over the whole window'
  return `between ${clockOf(start)} and ${clockOf(end)}${values}${where}${whole}`
}

const clockOf = (iso: string): string => iso.slice(11, 19)

/** What a finding still lacks to PASS, without a full stop. */
export function missingSentence(missing: Missing): string {
  const where = missing.operation ?? 'the whole service'
  const inParts = missing.part !== 'rate' && missing.part !== 'share'
  const what = `${nameInWords(missing.metric)}${inParts ? ` of ${partName(missing.part)}` : ''} on ${where}`
  if (missing.tooFew !== null) return `${what}: ${tooFewPhrase(missing.tooFew)}`
  if (missing.canaryRequests === null)
    return `${what}: the evidence is not growing yet, or the difference is close to the margin`
  return `${what}: about ${count(missing.canaryRequests)} more canary requests, ${duration(missing.seconds ?? 0)} at this rate`
}

/** Why a finding that measures worse than its margin is neither FAIL nor PASS, without a full stop. */
export function heldBackSentence({ metric, operation }: Pick<Missing, 'metric' | 'operation'>, why: HeldBack): string {
  const because = {
    users: 'a few users account for most of it, and without them it does not FAIL',
    instances: 'not within the instances that both cohorts share',
    hosts: 'hosts that differ, some instances alone, or a few seconds of it, could explain that',
  }[why]
  return `${nameInWords(metric)} on ${operation ?? 'the whole service'}: it measures worse than the margin, but ${because}`
}

function tooFewPhrase({ needed, stable, canary }: TooFew): string {
  const served = `stable ${count(stable)}, canary ${count(canary)}`
  return stable + canary < needed
    ? `fewer than ${needed} requests so far (${served})`
    : `too few requests of both cohorts at the same time so far (${served})`
}

/** A metric in words, such as `the error rate` for `errors`. */
export function nameInWords(metric: Finding['metric']): string {
  return namesInWords[metric] ?? metric
}

function failPhrase({ name, measure, worse }: MetricPolicy, { part }: Estimate): string {
  switch (measure.kind) {
    case 'errors':
      return 'failing more often'
    case 'client-errors':
      return 'answered with client errors more often'
    case 'inner-errors':
      return 'hiding inner errors more often'
    case 'lost-requests':
      return 'losing canary requests'
    case 'throughput':
      return 'getting less done'
    case 'latency':
      return part === 'typical' ? 'slower' : `slower for ${partName(part)}`
    case 'share':
      return `worse in ${name}`
    case 'attribute':
    case 'calls':
      if (part === 'above zero') return `${worse === 'higher' ? 'more' : 'less'} often above zero in ${name}`
      return `${worse} in ${name}${part === 'typical' ? '' : ` for ${partName(part)}`}`
  }
}

/** The change, such as `median 100 ms -> 120 ms (+15 % to +25 %)`. */
export function changePhrase({ statistic, unit, stable, canary, effect, interval, zerosApart }: Estimate): string {
  if (stable.value === null || canary.value === null) return 'too few requests of both cohorts yet'
  const show = { seconds: latency, share: percent, number }[unit]
  const name =
    statistic === 'p50'
      ? 'median '
      : statistic === 'share of traffic'
        ? 'canary share '
        : statistic === 'share of requests'
          ? ''
          : statistic === 'share of calls'
            ? 'unanswered calls '
            : `${statistic} `
  const from = statistic === 'share of traffic' ? percent(canary.value - (effect.value ?? 0)) : show(stable.value)
  const above = zerosApart ? 'of those above zero ' : ''
  return `${name}${above}${from} -> ${show(canary.value)} (${bounds(effect.kind, interval)})`
}

function bounds(kind: Finding['effect']['kind'], { lower, upper, changed }: Finding['interval']): string {
  const show =
    kind === 'ratio'
      ? (x: number): string => signed((x - 1) * 100, ' %')
      : kind === 'difference'
        ? (x: number): string => signed(x * 100, ' pp')
        : times
  const name = kind === 'odds-ratio' ? 'odds ' : ''
  if (changed) return lower === null ? `${name}not the same throughout` : `${name}at least ${show(lower)} in part`
  if (lower === null && upper === null) return `${name}size not known yet`
  if (lower === null) return `${name}at most ${show(upper!)}`
  if (upper === null) return `${name}at least ${show(lower)}`
  return `${name}${show(lower)} to ${show(upper)}`
}

const mostFlagsNamed = 5

function flagPhrase(flags: readonly FlagDifference[]): string {
  const named = flags
    .slice(0, mostFlagsNamed)
    .map(({ flag, stable, canary }) => `${flag}=${canary?.variant ?? '(none)'} (stable: ${stable?.variant ?? 'none'})`)
  const more = flags.length - named.length
  return named.length > 0 ? `, with flag ${named.join(', ')}${more > 0 ? ` and ${more} more` : ''}` : ''
}
