import { eBenjaminiHochberg } from '@coalmine/stats'
import type { Decided } from '../decide.ts'
import type { Tested } from '../metrics/tested.ts'
import { rounded } from '../numbers.ts'
import { marginFormOf } from '../policy/measure.ts'
import type { MetricPolicy } from '../policy/metric-policy.ts'
import { otherOperations } from '../scopes.ts'
import type { OperationSeries } from '../series.ts'

/** An operation that is worse than the margin by one metric, among all that were looked at. */
export interface Regressed {
  readonly metric: string
  readonly operation: string
  /** Natural logarithm of its e-value. */
  readonly logE: number
}

/**
 * Which operations a failing canary made worse, the small ones each for itself too: on average at most a share `alpha` of
 * those named are not (e-BH), where a finding that fails is wrong with a chance of at most alpha over all of them.
 *
 * @param alone tests one operation alone, for those that were judged together.
 */
export function regressedOf(
  decided: readonly Decided[],
  alone: (metric: MetricPolicy, operation: OperationSeries) => Tested,
  alpha: number,
): Regressed[] {
  const each = decided
    .filter(({ metric, scope }) => marginFormOf(metric.measure) !== 'loss' && scope.operation !== null)
    .flatMap(({ metric, scope, tested }) =>
      scope.operation === otherOperations
        ? scope.series.map((one) => entry(metric, one.operation, alone(metric, one)))
        : [entry(metric, scope.operation!, tested)],
    )
  const reported = eBenjaminiHochberg(
    each.map(({ logE }) => logE),
    alpha,
  )
  return each
    .filter((_, at) => reported[at])
    .sort((a, b) => b.logE - a.logE || (a.operation < b.operation ? -1 : 1))
    .map((one) => ({ ...one, logE: rounded(one.logE) }))
}

function entry({ name }: MetricPolicy, operation: string, { worse }: Tested): Regressed {
  return { metric: name, operation, logE: worse.logE }
}
