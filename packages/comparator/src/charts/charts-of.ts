import { decide } from '../decide.ts'
import type { Facts } from '../facts.ts'
import { hostsOf } from '../fairness/hosts.ts'
import { invalidReasons } from '../fairness/validity.ts'
import { gateOf, judgedMetrics } from '../gate.ts'
import { seriesOf } from '../growing-series.ts'
import { rounded } from '../numbers.ts'
import { marginFormOf } from '../policy/measure.ts'
import type { MetricPolicy } from '../policy/metric-policy.ts'
import type { Policy } from '../policy/policy.ts'
import { scopesOf } from '../scopes.ts'
import type { OperationSeries } from '../series.ts'
import type { Slice } from '../slice.ts'
import { type Bins, binsOf, summedBins } from './bins.ts'
import type { ByTime, Charts, MetricChart, OperationRow, ScopeChart } from './charts.ts'
import { effectOverTime } from './effect-over-time.ts'
import { evidenceOf, totalOf } from './evidence-over-time.ts'
import { distributionOf, levelsOf } from './levels.ts'
import { operationRows } from './operations.ts'

// How many findings get intervals over time: these take the longest to compute.
const mostEffects = 6
// Above this many operations, each has fewer points, so that stored comparisons stay small.
const manyOperations = 12
const fewPoints = 100

/**
 * The charts for the verdict on the same slices, policy and facts. A generator, so that a server can answer
 * other requests at each yield; it returns the charts. Null if nothing can be compared. For a canary
 * that is judged against earlier days there are levels only: stable's values are those of the days, shifted to today.
 *
 * @example
 * const steps = chartsOf(slices, defaultPolicy, facts)
 * let step = steps.next()
 * while (!step.done) step = steps.next()
 * step.value?.operations.length // 12
 */
export function* chartsOf(slices: Iterable<Slice>, policy: Policy, facts: Facts): Generator<undefined, Charts | null> {
  const metrics = judgedMetrics(policy, facts)
  const series = seriesOf(slices, metrics)
  yield
  if (!facts.earlier && invalidReasons(facts, series).length > 0) return null
  const hosts = hostsOf(facts, policy)
  const decisive = metrics.filter(({ gate }) => gate === 'on')
  // A comparison with earlier days is judged once, over the whole window, so there is no growing evidence.
  const decided = facts.earlier ? [] : decide(gateOf(series, decisive, policy, facts, hosts), policy)
  yield
  const scopes = scopesOf(series, policy)
  const bins = binsOf(facts.window)
  const coarse = scopes.length > manyOperations ? binsOf(facts.window, fewPoints) : bins
  const isScope = new Set(scopes.map(({ operation }) => operation))
  const operations = operationRows(series, decided, policy).map(
    (row): OperationRow => (facts.earlier && isScope.has(row.operation) ? { ...row, judged: 'alone' } : row),
  )
  const rank = new Map(operations.map(({ operation }, at) => [operation, at]))
  const rankOf = (operation: string | null): number =>
    operation === null ? -1 : (rank.get(operation) ?? operations.length)
  const ranked = scopes.toSorted((a, b) => rankOf(a.operation) - rankOf(b.operation))
  const charts: ScopeChart[] = []
  for (const [at, scope] of ranked.entries()) {
    const own = at === 0 ? bins : coarse
    const shown: MetricChart[] = []
    for (const metric of decisive) {
      const one = decided.find(
        (some) =>
          some.scope.operation === scope.operation &&
          some.scope.scope === scope.scope &&
          some.metric.name === metric.name,
      )
      shown.push({
        metric: metric.name,
        unit: unitOf(metric),
        worse: metric.worse,
        decision: one?.decision ?? null,
        levels: levelsOf(scope.series, metric, own),
        evidence: evidenceOf(one, own),
        effect: one && at < mostEffects ? yield* effectOverTime(one, series, policy, facts, hosts) : null,
        distribution: distributionOf(scope.series, metric),
      })
      yield
    }
    charts.push({
      operation: scope.operation,
      binSeconds: own.binMs / 1000,
      requests: requestsOf(scope.series, own, facts.earlier?.length ?? 1),
      metrics: shown,
    })
  }
  return {
    schema: 'coalmine.charts/1',
    window: { start: facts.window.start, end: facts.window.end },
    binSeconds: bins.binMs / 1000,
    evidence: totalOf(decided, bins),
    operations,
    scopes: charts,
  }
}

/** Requests of both cohorts; for stable from several days, the average of one day. */
function requestsOf(series: readonly OperationSeries[], bins: Bins, days: number): ByTime<readonly number[]> {
  const of = (arm: 'stable' | 'canary') =>
    summedBins(
      bins,
      series.flatMap((one) => one.requests.map((tick) => ({ tick: tick.tick, value: tick[arm] }))),
    )
  return { stable: of('stable').map((sum) => rounded(sum / days, 4)), canary: of('canary') }
}

function unitOf({ measure }: MetricPolicy): MetricChart['unit'] {
  switch (marginFormOf(measure)) {
    case 'latency':
      return 'seconds'
    case 'ratio':
      return 'number'
    default:
      return 'share'
  }
}
