import { type Chosen, type Comparison, cohortsOf } from '../comparison.ts'
import type { ClosedRow } from './new-rows.ts'
import { byOperation, type OperationTicks } from './read-ticks.ts'
import { sumOf, type TickRow } from './tick-rows.ts'

/** Both cohorts of a comparison in some closed ticks. */
export interface CohortTicks {
  readonly operations: OperationTicks[]
  readonly canaryRequests: number
  /** The start of the last tick in which either cohort served, in milliseconds since 1970. */
  readonly lastMs: number | undefined
  readonly served: {
    readonly stable: boolean
    readonly canary: boolean
    /** Which instances served in which ticks. */
    readonly instances: readonly { readonly instance: string; readonly tick: number }[]
  }
}

/** The flag by which closed ticks tell the cohorts of a comparison apart, or '' for none; undefined if they cannot. */
export function flagOfCohorts(comparison: Chosen): string | undefined {
  const cohorts = cohortsOf(comparison)
  return cohorts.source === 'ticks' ? cohorts.params.flagKey : undefined
}

/**
 * The cohorts of a comparison from rows of closed ticks, as in `readTicks`; undefined if closed ticks cannot tell them apart.
 *
 * @example cohortTicksIn(rows, comparison)?.operations[0]?.ticks[0]?.canary.traces // 18
 */
export function cohortTicksIn(rows: readonly ClosedRow[], comparison: Comparison): CohortTicks | undefined {
  const cohorts = cohortsOf(comparison)
  if (cohorts.source !== 'ticks') return undefined
  const { flagKey, byBuild, stableBuild, canaryBuild, stableVariant, canaryVariant, traffic } = cohorts.params
  const found: TickRow[] = []
  const last = new Map<string, number>()
  const instances: { instance: string; tick: number }[] = []
  let canaryRequests = 0
  for (const row of rows) {
    if (row.flag !== flagKey || (traffic !== 'all' && row.test !== (traffic === 'test'))) continue
    const isIn = (build: string, variant: string): boolean =>
      (!byBuild || row.build === build) && row.variant === variant
    const cohort = isIn(stableBuild, stableVariant) ? 'stable' : isIn(canaryBuild, canaryVariant) ? 'canary' : undefined
    if (!cohort) continue
    if (cohort === 'canary') canaryRequests += row.requests
    const { tick, requests, traces, errors, clientErrors, innerErrors, buckets, counts } = row
    for (const instance of row.instances) instances.push({ instance, tick: tick * 1000 })
    const operation = traffic === 'all' && row.test ? `${row.operation} (test)` : row.operation
    const sums = { requests, traces, errors, clientErrors, innerErrors, warmUp: 0, buckets, counts }
    const made: TickRow = { operation, tick, cohort, ...sums, errorTypes: {}, clientCodes: {} }
    const key = `${cohort} ${tick} ${operation}`
    const at = last.get(key)
    if (at === undefined) last.set(key, found.push(made) - 1)
    else found[at] = sumOf(found[at]!, made)
  }
  const wanted = (operation: string): boolean => comparison.operations?.includes(operation) ?? true
  return {
    operations: [...byOperation(found, wanted)],
    canaryRequests,
    lastMs: found.length === 0 ? undefined : 1000 * found.reduce((most, { tick }) => Math.max(most, tick), 0),
    served: {
      stable: found.some(({ cohort }) => cohort === 'stable'),
      canary: found.some(({ cohort }) => cohort === 'canary'),
      instances,
    },
  }
}
