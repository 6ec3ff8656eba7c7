import {
  countOf,
  matchedQuantiles,
  matchedRates,
  matchedValues,
  mergeHistograms,
  mergeMatched,
  mostPerTick,
  quantileOf,
} from '@coalmine/stats'
import type { Decided } from '../decide.ts'
import type { Facts, InstanceTick } from '../facts.ts'
import { isIn } from '../fairness/instance-units.ts'
import type { ProvedWithin } from '../finding.ts'
import { limitOf } from '../metrics/claim.ts'
import { rateLimit } from '../metrics/rate.ts'
import type { Estimate } from '../metrics/tested.ts'
import { marginFormOf } from '../policy/measure.ts'
import { type MetricPolicy, marginIn } from '../policy/metric-policy.ts'
import type { Mode } from '../policy/mode.ts'
import type { OperationSeries, TimedBlock } from '../series.ts'
import { reachedAt } from '../statistics/run.ts'
import { statisticsOf } from '../statistics/statistics-of.ts'
import { tickMs } from '../tick.ts'

// The growth of evidence is taken to begin at the tick at which it has this share of what it needed.
const begun = 0.25
/** An instance accounts for most of it if its value is this many times the others' together, or it has this share of what is bad. */
const most = { times: 1.25, share: 0.5 }

/**
 * The part of the window in which a FAIL was proved, and the instance, if the values of the whole window do not show it: evidence that was
 * reached once stands, whatever came later.
 *
 * @returns undefined if the values of the whole window show it.
 */
export function provedWithin(decided: Decided, estimate: Estimate, facts: Facts, mode: Mode): ProvedWithin | undefined {
  const { decision, decidedAt, neededWorse, tested, metric, scope } = decided
  // Tests that look once look at the whole window.
  if (decision !== 'fail' || decidedAt === null || statisticsOf(mode).kind === 'p-value') return undefined
  if (metric.expect === 'better' || metric.expect === 'same') return undefined
  if (isBeyond(metric, estimate) && !estimate.interval.changed) return undefined
  // It is counted from where most ticks say the same, and was there before: none of them counts for more than a factor of three.
  const fewest = Math.ceil(neededWorse / Math.log(mostPerTick))
  const from = Math.min(reachedAt(tested.worse, begun * neededWorse) ?? decidedAt, decidedAt - (fewest - 1) * tickMs)
  const to = decidedAt + tickMs
  const within = ({ tick }: { readonly tick: number }): boolean => tick >= from && tick < to
  const values = valuesIn(scope.series, metric, estimate, within)
  const ticks = (facts.fairness?.instanceTicks ?? []).filter((cell) => within(cell) && isIn(scope, cell.operation))
  return {
    start: new Date(from).toISOString(),
    end: new Date(to).toISOString(),
    stable: values?.stable ?? null,
    canary: values?.canary ?? null,
    instance: instanceIn(ticks, metric, estimate, facts),
  }
}

/** Whether the canary's value over the whole window exceeds what the margin allows given stable's. */
function isBeyond(metric: MetricPolicy, { statistic, stable, canary, effect }: Estimate): boolean {
  const [usual, own] = [stable.value, canary.value]
  const form = marginFormOf(metric.measure)
  if (usual !== null && own !== null && statistic.startsWith('p') && (form === 'latency' || form === 'ratio')) {
    const limit = limitOf(metric.worse === 'higher' ? 'up' : 'down', marginIn(form, metric))
    return metric.worse === 'higher' ? own > limit(usual) : own < limit(usual)
  }
  if (usual !== null && own !== null && statistic === 'share of requests' && form === 'rate')
    return metric.worse === 'higher' ? own > rateLimit(usual, marginIn(form, metric)) : own < usual
  return pointsToHarm(metric, { statistic, effect })
}

/** Whether the canary's value is on the harmful side. */
export function pointsToHarm(
  { worse }: MetricPolicy,
  { statistic, effect }: Pick<Estimate, 'statistic' | 'effect'>,
): boolean {
  const none = effect.kind === 'difference' ? 0 : 1
  const higher = statistic === 'share of calls' || worse === 'higher'
  return effect.value === null || (higher ? effect.value > none : effect.value < none)
}

type Within = (block: { readonly tick: number }) => boolean

function valuesIn(
  series: readonly OperationSeries[],
  { name }: MetricPolicy,
  { statistic }: Estimate,
  within: Within,
): { readonly stable: number; readonly canary: number } | undefined {
  const some = <Block extends TimedBlock<unknown>>(blocks: readonly Block[] | undefined): Block[] =>
    (blocks ?? []).filter(within)
  if (statistic === 'share of requests') return matchedRates(series.flatMap(({ rates }) => some(rates.get(name))))
  // Wide buckets allow no more precision than the interval.
  if (!statistic.startsWith('p') || series.some(({ bounds }) => bounds)) return undefined
  const matched = mergeMatched(series.map(({ distributions }) => matchedValues(some(distributions.get(name)))))
  return matched && matchedQuantiles(matched, quantileIn(statistic))
}

const quantileIn = (statistic: string): number => Number(statistic.slice(1)) / 100

/** The canary instance that accounts for most of it, or the only one. */
function instanceIn(
  ticks: readonly InstanceTick[],
  { measure }: MetricPolicy,
  { statistic }: Estimate,
  { fairness }: Facts,
): string | null {
  const lives = (fairness?.instances ?? []).filter(({ cohort }) => cohort === 'canary')
  if (lives.length === 1) return lives[0]!.instance
  const own = ticks.filter(({ cohort }) => cohort === 'canary')
  const names = [...new Set(own.map(({ instance }) => instance))]
  if (names.length < 2) return null
  const found = names
    .map((instance) => {
      const [its, others] = [
        own.filter((one) => one.instance === instance),
        own.filter((one) => one.instance !== instance),
      ]
      return { instance, weight: weightOf(its, others, measure.kind, statistic) }
    })
    .reduce((a, b) => (b.weight > a.weight ? b : a))
  return found.weight >= 1 ? found.instance : null
}

/** One from where an instance has most of what is bad. */
function weightOf(
  own: readonly InstanceTick[],
  others: readonly InstanceTick[],
  kind: MetricPolicy['measure']['kind'],
  statistic: string,
): number {
  if (kind === 'latency') {
    const [mine, theirs] = [own, others].map((some) => mergeHistograms(some.map(({ latency }) => latency)))
    if (countOf(mine!) === 0 || countOf(theirs!) === 0) return 0
    const [value, usual] = [mine!, theirs!].map((values) => quantileOf(values, quantileIn(statistic))!)
    return value! / usual! / most.times
  }
  const bad = (some: readonly InstanceTick[]): number =>
    some.reduce((sum, cell) => sum + (kind === 'errors' ? cell.errors : cell.clientErrors), 0)
  const all = bad(own) + bad(others)
  return all === 0 ? 0 : bad(own) / all / most.share
}
