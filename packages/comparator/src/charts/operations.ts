import type { Decided } from '../decide.ts'
import type { Decision } from '../finding.ts'
import { seriesOf } from '../growing-series.ts'
import { rounded } from '../numbers.ts'
import { defaultPolicy, type Policy } from '../policy/policy.ts'
import { otherOperations, scopesOf } from '../scopes.ts'
import type { OperationSeries } from '../series.ts'
import type { Slice } from '../slice.ts'
import type { OperationRow, OperationSide } from './charts.ts'
import { latencyOf } from './levels.ts'

/** Every operation with what both cohorts did there, the most harm first, then the most canary requests. */
export function operationRows(
  series: readonly OperationSeries[],
  decided: readonly Decided[],
  policy: Policy,
): OperationRow[] {
  const together = new Set(
    scopesOf(series, policy)
      .filter(({ operation }) => operation === otherOperations)
      .flatMap((scope) => scope.series.map(({ operation }) => operation)),
  )
  const rows = series.map((one): OperationRow => {
    const own = decided.filter(({ scope }) => scope.operation === one.operation)
    const judged = own.length > 0 ? 'alone' : together.has(one.operation) ? 'with-others' : 'not'
    return {
      operation: one.operation,
      judged,
      stable: sideOf(one, 'stable'),
      canary: sideOf(one, 'canary'),
      harm: own.length > 0 ? rounded(Math.max(...own.map(harmOf)), 4) : null,
      safety: own.length > 0 ? rounded(Math.min(...own.flatMap(safetiesOf)), 4) : null,
      decision: own.length > 0 ? decisionOf(own) : null,
    }
  })
  return rows.sort(
    (a, b) =>
      (b.harm ?? -1) - (a.harm ?? -1) ||
      seenHarm(b) - seenHarm(a) ||
      b.canary.requests - a.canary.requests ||
      (a.operation < b.operation ? -1 : 1),
  )
}

/** How much worse the canary looks where nothing is judged: to rank by, and nothing else. */
function seenHarm({ stable, canary }: OperationRow): number {
  const share = ({ errors, requests }: OperationSide): number => (requests === 0 ? 0 : errors / requests)
  const slower = stable.p50 && canary.p50 ? Math.log(canary.p50 / stable.p50) : 0
  return rounded(Math.max(0, 10 * (share(canary) - share(stable)), slower), 1)
}

const harmOf = ({ tested, neededWorse }: Decided): number => tested.worse.maxLogE / neededWorse

const safetiesOf = ({ tested, neededWithin }: Decided): number[] =>
  tested.within.map(({ run }) => Math.max(0, run.logE) / neededWithin)

function decisionOf(own: readonly Decided[]): Decision {
  if (own.some(({ decision }) => decision === 'fail')) return 'fail'
  return own.every(({ decision }) => decision === 'pass') ? 'pass' : 'inconclusive'
}

function sideOf(one: OperationSeries, arm: 'stable' | 'canary'): OperationSide {
  const { requests, errors } = one.totals[arm]
  const [p50, p99] = latencyOf(one, arm, [0.5, 0.99])
  return { requests, errors, p50: p50!, p99: p99! }
}

/**
 * What each cohort's requests asked of others: how often, how it failed and how long it took. None of it is judged.
 *
 * @example callRows(slices)[0] // { operation: 'SELECT products', judged: 'not', stable: { requests: 812, ... }, ... }
 */
export function callRows(slices: Iterable<Slice>): OperationRow[] {
  const latency = defaultPolicy.metrics.filter(({ name }) => name === 'latency')
  return operationRows(seriesOf(slices, latency), [], defaultPolicy).map((row) => ({ ...row, judged: 'not' }))
}
