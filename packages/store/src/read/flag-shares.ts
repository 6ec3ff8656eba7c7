import { type SpanStatement, spanStatement } from '../cohort-texts.ts'
import { type Comparison, cohortsOf, spanParams } from '../comparison.ts'
import {
  closedOnly,
  latestClosings,
  ofAudience,
  ofTraffic,
  ofWindow,
  operationByTraffic,
  operationName,
  spansOfWindow,
} from '../conditions.ts'
import type { Engine } from '../engine/engine.ts'
import { sql } from '../sql.ts'
import { windowOf } from '../tick.ts'

/** The requests of a cohort that met a flag variant at an operation. */
export interface FlagShare {
  readonly cohort: 'stable' | 'canary'
  readonly operation: string
  readonly flag: string
  readonly variant: string
  readonly requests: number
  /** Number of flags met by both cohorts; if there are too many, those with the fewest requests have no shares. */
  readonly flags?: number
}

/** The variants that the cohorts of a comparison by build met; none for other comparisons, which select by marks of their own. */
export async function flagShares(engine: Engine, comparison: Comparison): Promise<readonly FlagShare[]> {
  const { source, params } = cohortsOf(comparison)
  if (source !== 'ticks' || !params.byBuild || params.flagKey !== '') return []
  const { stableBuild, canaryBuild, traffic } = params
  return engine.read<FlagShare>(tickFlags, {
    service: comparison.service,
    ...windowOf(comparison),
    stableBuild,
    canaryBuild,
    traffic,
  })
}

/** The variants that the cohorts of any comparison met; if ticks cannot tell, from raw spans, counting every entry span. */
export async function flagsMet(engine: Engine, comparison: Comparison): Promise<readonly FlagShare[]> {
  const known = await flagShares(engine, comparison)
  if (known.length > 0) return known
  const { service } = comparison
  const params = spanParams(comparison)
  return engine.read<FlagShare>(rawFlags(params), { service, ...windowOf(comparison), ...params })
}

const flagTicks = sql`
  FROM coalmine_ticks
  WHERE Service = {service:String} AND FlagKey NOT IN ('', '(instance)')
    AND Build IN ({stableBuild:String}, {canaryBuild:String})
    AND ${ofTraffic}
    AND ${ofWindow}
    AND ${latestClosings}`

/** Which variants each build's requests met, operation by operation, of the 200 flags with the most requests. */
export const tickFlags: string = sql`
  WITH (
    SELECT (groupArray(200)(FlagKey), count())
    FROM (
      SELECT FlagKey
      ${flagTicks}
      GROUP BY FlagKey
      ORDER BY sum(Requests) DESC, FlagKey)
  ) AS Met
  SELECT
    if(Build = {stableBuild:String}, 'stable', 'canary') AS cohort,
    ${operationByTraffic} AS operation,
    FlagKey AS flag,
    FlagVariant AS variant,
    sum(Requests) AS requests,
    Met.2 AS flags
  ${flagTicks}
    AND has(Met.1, FlagKey)
  GROUP BY cohort, operation, flag, variant
  ORDER BY cohort, operation, flag, variant`

/** Which variants the requests met, as `tickFlags`, for cohorts by any attributes. */
export const rawFlags: SpanStatement = spanStatement(
  ({ spanInStable, spanInCanary, requests }) => sql`
  SELECT
    cohort,
    operation,
    substring(pair.1, 15) AS flag,
    pair.2 AS variant,
    count() AS requests
  FROM (
    SELECT
      ${spanInStable} AS IsStable,
      ${spanInCanary} AS IsCanary,
      if(IsStable, 'stable', 'canary') AS cohort,
      ${operationName} AS Name,
      if({traffic:String} = 'all' AND Test, concat(Name, ' (test)'), Name) AS operation,
      FlagAttributes
    FROM ${requests}
    WHERE Service = {service:String}
      AND ${spansOfWindow}
      AND ${closedOnly}
      AND ${ofAudience}
      AND IsStable != IsCanary
  )
  ARRAY JOIN arrayZip(mapKeys(FlagAttributes), mapValues(FlagAttributes)) AS pair
  GROUP BY cohort, operation, flag, variant
  ORDER BY cohort, operation, flag, variant
  SETTINGS max_execution_time = 10`,
)
