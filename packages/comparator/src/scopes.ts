import type { Policy } from './policy/policy.ts'
import { type OperationSeries, wholeOf as wholeOfAll } from './series.ts'

/** Where findings are made: the whole service with its operations as strata, one operation, or the small ones together. */
export interface Scope {
  readonly scope: 'service' | 'operation'
  readonly operation: string | null
  readonly series: readonly OperationSeries[]
  /** All requests of the service as one stratum, where many are of operations that one arm alone served. */
  readonly whole?: OperationSeries
  /** Its part of alpha; all scopes together have 1. */
  readonly weight: number
  /** Whether PASS needs it: all but the small ones together, where they are less than `minimumShare` even so. */
  readonly required: boolean
}

/**
 * Whether one arm alone served so much that the operations which both served are not the service any more: errors of the
 * service are then those of all its requests.
 */
export function isPartlyMatched(all: readonly OperationSeries[], { minimumShare }: Policy): boolean {
  return (['stable', 'canary'] as const).some((arm) => {
    const other = arm === 'stable' ? 'canary' : 'stable'
    const alone = all.filter((one) => one.totals[other].requests === 0)
    const sum = (some: readonly OperationSeries[]): number => some.reduce((n, one) => n + one.totals[arm].requests, 0)
    return sum(alone) > 0 && sum(alone) >= minimumShare * sum(all)
  })
}

/** The name of the operations that are too small to be judged each. */
export const otherOperations = '(other)'

/**
 * The gate: the service has half of alpha, the operations share the rest by stable traffic; those below the policy's
 * `minimumShare` are judged together. A service with one operation is judged once, and its finding names the operation.
 * Operations that stable never served have nothing to be compared with and are left out (see `unmatchedReasons`); where
 * they are many, errors of the service are judged over all requests, which `wholeOf` sums.
 */
export function scopesOf(
  all: readonly OperationSeries[],
  policy: Policy,
  wholeOf: typeof wholeOfAll = wholeOfAll,
): Scope[] {
  const series = all.filter((one) => one.totals.stable.requests > 0)
  const whole = isPartlyMatched(all, policy) ? { whole: wholeOf(all) } : {}
  const only = series.length === 1 && !whole.whole ? series[0] : undefined
  if (only) return [{ scope: 'service', operation: only.operation, series, weight: 1, required: true }]
  const total = series.reduce((sum, one) => sum + one.totals.stable.requests, 0)
  const shareOf = (one: OperationSeries): number => one.totals.stable.requests / total
  const large = series.filter((one) => shareOf(one) >= policy.minimumShare)
  const small = series.filter((one) => shareOf(one) < policy.minimumShare)
  const rest = small.reduce((sum, one) => sum + shareOf(one), 0)
  const operation = (name: string, some: readonly OperationSeries[], share: number): Scope => ({
    scope: 'operation',
    operation: name,
    series: some,
    weight: share / 2,
    required: share >= policy.minimumShare,
  })
  return [
    { scope: 'service', operation: null, series, ...whole, weight: 0.5, required: true },
    ...large.map((one) => operation(one.operation, [one], shareOf(one))),
    ...(small.length > 0 ? [operation(otherOperations, small, rest)] : []),
  ]
}
