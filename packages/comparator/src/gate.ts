import { testedAgainstDays } from './before-after.ts'
import type { Gated } from './decide.ts'
import type { Facts } from './facts.ts'
import type { Hosts } from './fairness/hosts.ts'
import { beyondHosts } from './fairness/hosts.ts'
import { type Standing, standingOf } from './fairness/instance-units.ts'
import { lateErrors } from './fairness/late.ts'
import { starvedTicks } from './fairness/starved.ts'
import { youngTicks } from './fairness/young.ts'
import type { DoneTests } from './metrics/done-tests.ts'
import { testLatency } from './metrics/latency.ts'
import { countsBothServed, testLostRequests } from './metrics/lost-requests.ts'
import { testNumeric } from './metrics/numeric.ts'
import { testRate } from './metrics/rate.ts'
import type { Tested } from './metrics/tested.ts'
import { expectedShare, testThroughput } from './metrics/throughput.ts'
import { testUnanswered } from './metrics/unanswered.ts'
import { withinInstances } from './metrics/within-instances.ts'
import { withoutUsers } from './metrics/without-users.ts'
import { marginFormOf } from './policy/measure.ts'
import { type MetricPolicy, noWorse, weightOf } from './policy/metric-policy.ts'
import type { Policy } from './policy/policy.ts'
import type { RunMemory } from './running/run-memory.ts'
import { type Scope, scopesOf } from './scopes.ts'
import type { OperationSeries, RateBlock } from './series.ts'
import { statisticsOf } from './statistics/statistics-of.ts'
import { atOnce, mappedInSteps, type Steps } from './steps.ts'

/**
 * Metrics that are not turned off; lost requests need a declared split to be told from, or the callers' spans, throughput
 * known instances, inner errors requests.
 */
export function judgedMetrics({ metrics, split }: Policy, facts: Facts): MetricPolicy[] {
  return metrics.filter(
    ({ gate, measure: { kind } }) =>
      gate !== 'off' &&
      (kind !== 'lost-requests' || split !== null || callsOf(facts).length > 0) &&
      (kind !== 'throughput' || expectedShare(facts) !== null) &&
      (kind !== 'inner-errors' || facts.scope === 'requests'),
  )
}

/** These metrics in every scope of the gate, tested, each with its part of alpha. */
export function gateOf(
  series: readonly OperationSeries[],
  judged: readonly MetricPolicy[],
  policy: Policy,
  facts: Facts,
  hosts: Hosts | null,
  memory?: RunMemory,
): Gated[] {
  return atOnce(gateInSteps(series, judged, policy, facts, hosts, memory))
}

/** The same, a step for each metric of each scope. */
export function* gateInSteps(
  series: readonly OperationSeries[],
  judged: readonly MetricPolicy[],
  policy: Policy,
  facts: Facts,
  hosts: Hosts | null,
  memory?: RunMemory,
  done?: DoneTests,
): Steps<Gated[]> {
  const weights = judged.reduce((sum, metric) => sum + weightOf(metric), 0)
  const scopes = scopesOf(series, policy, memory?.whole)
  const byMetric: (Gated | undefined)[][] = []
  // Metric by metric: what its blocks show is remembered from one scope to the next, for one metric at a time.
  for (const written of judged) {
    const ofOperations = written.expect === 'better' ? noWorse(written) : written
    const gated = yield* mappedInSteps(scopes, (scope): Gated | undefined => {
      // Calls are known by their address, not by the operation that they would have been.
      const byCalls = written.measure.kind === 'lost-requests' && policy.split === null
      if (byCalls && scope.scope === 'operation') return undefined
      const metric = scope.scope === 'operation' ? ofOperations : written
      const weight = (scope.weight * weightOf(metric)) / weights
      const tested = (metric: MetricPolicy): Tested => testIn(scope, metric, series, policy, facts, hosts, memory, done)
      return {
        scope,
        weight,
        // A share of the traffic is settled for the service; for each operation it would take many times longer.
        required: scope.required && (marginFormOf(metric.measure) !== 'loss' || scope.scope === 'service'),
        // Half of alpha is for the tests, half for the days.
        ...(facts.earlier
          ? testedAgainstDays(metric, scope, facts.earlier, (weight * policy.alpha) / 2, tested)
          : { metric, tested: tested(metric) }),
      }
    })
    byMetric.push(gated)
  }
  return scopes.flatMap((_, at) => byMetric.flatMap((gated) => gated[at] ?? []))
}

/**
 * The evidence on one metric in one scope: the test for what it measures. Where users have been named who carry most of what is bad,
 * what is told is of all, and it FAILs only where it would without them too; and where the cohorts share their instances, only where it
 * would within them. With a memory its tests go on where they stopped at the look before;
 * tests that are done are not done again.
 */
export function testIn(
  scope: Scope,
  metric: MetricPolicy,
  all: readonly OperationSeries[],
  policy: Policy,
  facts: Facts,
  hosts: Hosts | null,
  memory?: RunMemory,
  done?: DoneTests,
): Tested {
  const { whole: _, ...apart } = scope
  const test = (): Tested => testOf(scope, metric, all, policy, facts, hosts, memory)
  const tested = done ? standingNow(done.of(scope, metric, test), scope, metric, policy, facts, hosts) : test()
  const series = withinInstances(scope, metric, facts)
  const within = series && testOf({ ...apart, series }, metric, all, policy, facts, hosts).worse
  const isLess = within !== undefined && within.maxLogE < tested.worse.maxLogE
  const ofInstances: Tested = isLess ? { ...tested, worse: within, acrossInstances: tested.worse } : tested
  const users = facts.fairness?.heaviestUsers?.find(
    (one) => one.metric === metric.name && one.operation === scope.operation,
  )
  if (!users) return ofInstances
  const [whole] = scope.whole ? withoutUsers([scope.whole], metric, users) : []
  const without = { ...apart, series: withoutUsers(scope.series, metric, users), ...(whole && { whole }) }
  const { worse } = testOf(without, metric, all, policy, facts, hosts)
  if (worse.maxLogE >= ofInstances.worse.maxLogE) return ofInstances
  return { ...ofInstances, worse, withUsers: { users: users.users, worse: ofInstances.worse } }
}

/** A test that may have been done before more was told of instances. */
function standingNow(
  { tested, isKnown }: ReturnType<DoneTests['of']>,
  scope: Scope,
  metric: MetricPolicy,
  { mode }: Policy,
  facts: Facts,
  hosts: Hosts | null,
): Tested {
  if (!isKnown || !tested.worseWhile || statisticsOf(mode).kind !== 'e-value') return tested
  return { ...tested, worse: tested.worseWhile(standingOf(scope, beyondHosts(metric, hosts), facts)) }
}

function testOf(
  scope: Scope,
  metric: MetricPolicy,
  all: readonly OperationSeries[],
  policy: Policy,
  facts: Facts,
  hosts: Hosts | null,
  memory?: RunMemory,
): Tested {
  const { split, mode } = policy
  const ofMode = statisticsOf(mode)
  const statistics = memory?.of(ofMode, JSON.stringify([scope.scope, scope.operation, metric.name])) ?? ofMode
  const beyond = beyondHosts(metric, hosts)
  const stands = (): Standing => (statistics.kind === 'e-value' ? standingOf(scope, beyond, facts) : () => true)
  switch (metric.measure.kind) {
    case 'latency': {
      const [isYoung, isStarved] = [youngTicks(facts, policy), starvedTicks(facts, all, metric.name)]
      const isLeftOut = (tick: number): boolean => isYoung(tick) || isStarved(tick)
      return testLatency(scope.series, metric, statistics, beyond, isLeftOut, stands())
    }
    case 'errors':
      return testRate(
        [...failureStrata(scope, facts), ...lateErrors(scope, facts)],
        metric,
        statistics,
        beyond,
        stands(),
      )
    case 'client-errors':
    case 'inner-errors':
      return testRate(failureStrata(scope, facts), metric, statistics, beyond, stands())
    case 'share':
      return testRate(scope.series, metric, statistics, beyond, stands())
    case 'attribute':
    case 'calls':
      return testNumeric(scope.series, metric, statistics)
    case 'lost-requests':
      if (split === null) return testUnanswered(callsOf(facts), metric, statistics)
      return testLostRequests(countsBothServed(scope.series, all), split, metric, statistics)
    case 'throughput':
      return testThroughput(countsBothServed(scope.series, all), facts, metric, statistics)
  }
}

// Earlier days are known by operation.
const failureStrata = ({ whole, series }: Scope, { earlier }: Facts): readonly OperationSeries[] =>
  whole && !earlier ? [whole] : series

const callsOf = (facts: Facts): readonly RateBlock[] => facts.fairness?.calls ?? []
