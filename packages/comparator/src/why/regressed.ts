import { eBenjaminiHochberg } from '@coalmine/stats'
import type { Decided } from '../decide.ts'
import type { Tested } from '../metrics/tested.ts'
import { rounded } from '../numbers.ts'
import { marginFormOf } from '../policy/measure.ts'
import type { MetricPolicy } from '../policy/metric-policy.ts'
import { otherOperations } from '../scopes.ts'
import type { OperationSeries } from '../series.ts'

/** An operation that is worse than the margin in one metric, among all that were examined. */
export interface Regressed {
  readonly metric: string
  readonly operation: string
  /** Natural logarithm of its e-value. */
  readonly logE: number
}

/**
 * The operations that a failing canary made worse, small ones tested individually too: on average at most a share `alpha` of
 * those named is wrong (e-BH), whereas the chance that any finding FAILs wrongly is at most alpha over all findings.
 *
 * @param alone tests one operation individually, for those that were judged together.
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
