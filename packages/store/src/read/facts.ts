import { buildsOf, type Comparison, cohortsOf, type Source, type SpanParams } from '../comparison.ts'
import { inCanary, inStable, latestClosings, ofTraffic, ofWindow } from '../conditions.ts'
import type { Engine } from '../engine/engine.ts'
import { sql } from '../sql.ts'
import { windowOf } from '../tick.ts'

import { rawFactRows } from './raw-rows.ts'

/** Facts about one cohort. Test traffic is only counted, unless it is selected by its marks. Times are milliseconds since 1970. */
export interface CohortFacts {
  readonly requests: number
  readonly traces: number
  /** Distinct instances; at most 50 are stored per tick and operation. */
  readonly instances: readonly string[]
  readonly firstMs: number | undefined
  readonly lastMs: number | undefined
  readonly testRequests: number
}

/** Facts about the cohorts of a comparison, and about what is in neither. */
export interface ComparisonFacts {
  readonly source: Source
  /** The builds of the cohorts, if both are selected by build. */
  readonly builds: { readonly stable: string; readonly canary: string } | undefined
  readonly stable: CohortFacts
  readonly canary: CohortFacts
  /** Traces left out of both: they match both selectors, or their spans disagree on a key of the comparison. */
  readonly overlap: number
  /** Requests left out for the second of these reasons: two builds, or two variants of a flag, in one trace. */
  readonly mixedRequests: number
  /** Spans of the service that arrived after their tick had closed; no tick counts them. */
  readonly late: number
}

interface FactRow {
  readonly cohort: 'stable' | 'canary' | 'both' | 'mixed'
  readonly requests: number
  readonly traces: number
  readonly testRequests: number
  readonly instances: readonly string[]
  readonly firstMs: number
  readonly lastMs: number
}

/** Facts about the cohorts of a comparison, over the same closed ticks that `readTicks` reads. */
export async function cohortFacts(engine: Engine, comparison: Comparison): Promise<ComparisonFacts> {
  const cohorts = cohortsOf(comparison)
  const asked = { service: comparison.service, ...windowOf(comparison) }
  const [rows, [late]] = await Promise.all([
    cohorts.source === 'ticks'
      ? engine.read<FactRow>(tickFacts, { ...asked, ...cohorts.params })
      : rawFacts(engine, comparison, cohorts.params),
    engine.read<{ late: number }>(lateSpans, asked),
  ])
  const of = (cohort: FactRow['cohort']) => rows.filter((row) => row.cohort === cohort)
  const left = [...of('both'), ...of('mixed')]
  return {
    source: cohorts.source,
    builds: buildsOf(comparison),
    stable: cohortOf(of('stable')),
    canary: cohortOf(of('canary')),
    overlap: sum(left, 'traces'),
    mixedRequests: sum(of('mixed'), 'requests'),
    late: late!.late,
  }
}

async function rawFacts(engine: Engine, comparison: Comparison, params: SpanParams): Promise<FactRow[]> {
  const totals = new Map<string, FactRow>()
  for await (const row of rawFactRows(engine, comparison, params)) {
    const fact: FactRow = row.test
      ? { ...row, requests: 0, traces: 0, testRequests: row.requests, instances: [] }
      : { ...row, testRequests: 0 }
    const total = totals.get(row.cohort)
    totals.set(row.cohort, total ? { cohort: row.cohort, ...added(total, fact) } : fact)
  }
  return [...totals.values()]
}

function added(a: FactRow, b: FactRow): Omit<FactRow, 'cohort'> {
  return {
    requests: a.requests + b.requests,
    traces: a.traces + b.traces,
    testRequests: a.testRequests + b.testRequests,
    instances: [...new Set([...a.instances, ...b.instances])],
    // A side without user requests has no times.
    firstMs: a.requests === 0 ? b.firstMs : b.requests === 0 ? a.firstMs : Math.min(a.firstMs, b.firstMs),
    lastMs: a.requests === 0 ? b.lastMs : b.requests === 0 ? a.lastMs : Math.max(a.lastMs, b.lastMs),
  }
}

function cohortOf([row]: readonly FactRow[]): CohortFacts {
  const seen = row !== undefined && row.requests > 0
  return {
    requests: row?.requests ?? 0,
    traces: row?.traces ?? 0,
    instances: [...(row?.instances ?? [])].sort(),
    firstMs: seen ? row.firstMs : undefined,
    lastMs: seen ? row.lastMs : undefined,
    testRequests: row?.testRequests ?? 0,
  }
}

const sum = (rows: readonly FactRow[], key: 'traces' | 'requests'): number =>
  rows.reduce((total, row) => total + row[key], 0)

/** Facts about the cohorts, from closed ticks. 'mixed' are units whose spans disagree on a key of the comparison. */
export const tickFacts: string = sql`
  SELECT
    multiIf(
      ${inStable}, 'stable',
      ${inCanary}, 'canary',
      ({byBuild:Bool} AND Build = '(mixed)') OR FlagVariant = '(mixed)', 'mixed',
      '') AS cohort,
    sumIf(Requests, ${ofTraffic} AS Judged) AS requests,
    sumIf(Traces, Judged) AS traces,
    sumIf(Requests, Test AND NOT Judged) AS testRequests,
    groupUniqArrayArrayIf(Instances, Judged) AS instances,
    toUnixTimestamp64Milli(minIf(FirstEnd, Judged)) AS firstMs,
    toUnixTimestamp64Milli(maxIf(LastEnd, Judged)) AS lastMs
  FROM coalmine_ticks
  WHERE Service = {service:String} AND FlagKey = {flagKey:String}
    AND ${ofWindow}
    AND ${latestClosings}
  GROUP BY cohort
  HAVING cohort != ''`

/** The number of spans that arrived after their ticks had closed. */
export const lateSpans: string = sql`
  SELECT sum(Spans) AS late
  FROM coalmine_late
  WHERE Service = {service:String}
    AND ${ofWindow}`
