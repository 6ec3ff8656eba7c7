import { type Comparison, cohortsOf } from '../comparison.ts'
import { inCanary, inStable, latestClosings, ofTraffic, ofWindow } from '../conditions.ts'
import type { Engine } from '../engine/engine.ts'
import { sql } from '../sql.ts'
import { windowOf } from '../tick.ts'
import { type BadCounts, type BudgetAsked, lastGoodBucket } from './budget-counts.ts'

/** Requests of a cohort to an operation, and how many of them were bad. */
export interface CohortBad {
  readonly operation: string
  readonly cohort: 'stable' | 'canary'
  readonly counts: BadCounts
}

/**
 * Counts the bad requests of each cohort of a comparison, for each journey in the requested order; undefined if closed ticks
 * cannot tell the cohorts apart: those selected by audience or attributes, and those of calls.
 */
export async function cohortBad(
  engine: Engine,
  comparison: Comparison,
  journeys: BudgetAsked['journeys'],
): Promise<readonly (readonly CohortBad[])[] | undefined> {
  const cohorts = cohortsOf(comparison)
  if (cohorts.source !== 'ticks') return undefined
  const found: CohortBad[][] = []
  const slows = [...new Set(journeys.map(({ slowFromSeconds }) => lastGoodBucket(slowFromSeconds)))]
  const rows = new Map<number, readonly CohortBad[]>()
  for (const slow of slows) {
    const read = await engine.read<{ operation: string; ofStable: number; requests: string; bad: string }>(
      badOfCohorts,
      {
        service: comparison.service,
        ...cohorts.params,
        ...windowOf(comparison),
        slow,
      },
    )
    rows.set(
      slow,
      read.map(({ operation, ofStable, requests, bad }) => ({
        operation,
        cohort: ofStable ? 'stable' : 'canary',
        counts: { requests: Number(requests), bad: Number(bad) },
      })),
    )
  }
  for (const { operation, slowFromSeconds } of journeys) {
    const all = rows.get(lastGoodBucket(slowFromSeconds))!
    found.push(all.filter((row) => operation === undefined || row.operation === operation))
  }
  return found
}

/** Requests of both cohorts to each operation, and the bad ones: failed, or above a latency bucket. */
export const badOfCohorts: string = sql`
  SELECT
    Operation AS operation,
    ${inStable} AS ofStable,
    sum(Traces) AS requests,
    sum(Errors
      + arraySum((bucket, n) -> if(bucket > {slow:Int16}, n, 0), mapKeys(Latency), mapValues(Latency))
      - arraySum((bucket, n) -> if(bucket > {slow:Int16}, n, 0), mapKeys(ErrorLatency), mapValues(ErrorLatency))) AS bad
  FROM coalmine_ticks
  WHERE Service = {service:String} AND FlagKey = {flagKey:String}
    AND ${ofTraffic}
    AND ${ofWindow}
    AND ${latestClosings}
    AND (
      (${inStable})
      OR (${inCanary}))
  GROUP BY operation, ofStable
  ORDER BY operation, ofStable`
