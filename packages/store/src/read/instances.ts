import type { Comparison } from '../comparison.ts'
import { latestClosingsAndHourBefore, ofTraffic, ofWindowAndHourBefore } from '../conditions.ts'
import type { Engine } from '../engine/engine.ts'
import { sql } from '../sql.ts'
import { windowOf } from '../tick.ts'

/** One process that served the cohorts, known by its build and by service.instance.id, pod or host name. Times are milliseconds since 1970. */
export interface InstanceLife {
  readonly build: string
  readonly instance: string
  /** Whose requests it served within the window; `both` where the cohorts share their instances, as those of a flag do. */
  readonly cohort: 'stable' | 'canary' | 'both'
  readonly firstMs: number
  readonly lastMs: number
  readonly requests: number
  /** Undefined where it was there when what is known of the service begins, so that it may be of any age. */
  readonly bornMs: number | undefined
}

// An instance that appears this soon after the record of a service begins may have been there before it.
const recordBeginsMs = 60_000

/** What is known of the cohorts when their instances are looked for: their builds, or else which instances they had. */
interface FoundCohorts {
  readonly builds: { readonly stable: string; readonly canary: string } | undefined
  readonly stable: { readonly instances: readonly string[] }
  readonly canary: { readonly instances: readonly string[] }
}

/**
 * The instances that served the cohorts, as closed ticks of the window and of the hour before it have them: undefined
 * where these know no instance, as ticks that were closed by an earlier release do not.
 */
export async function instanceLivesOf(
  engine: Engine,
  comparison: Comparison,
  found: FoundCohorts | Promise<FoundCohorts>,
): Promise<readonly InstanceLife[] | undefined> {
  const asked = { service: comparison.service, traffic: comparison.traffic ?? 'users', ...windowOf(comparison) }
  type Row = Omit<InstanceLife, 'cohort' | 'bornMs'>
  const [rows, facts] = await Promise.all([engine.read<Row>(instanceLives, asked), found])
  if (rows.length === 0) return undefined
  const recordMs = rows.reduce((first, row) => Math.min(first, row.firstMs), Number.POSITIVE_INFINITY)
  const lives: InstanceLife[] = []
  for (const row of rows) {
    const cohort = row.requests > 0 ? cohortOf(row, facts) : undefined
    if (cohort === undefined) continue
    lives.push({ ...row, cohort, bornMs: row.firstMs > recordMs + recordBeginsMs ? row.firstMs : undefined })
  }
  return lives
}

function cohortOf(
  { build, instance }: Pick<InstanceLife, 'build' | 'instance'>,
  { stable, canary, builds }: FoundCohorts,
): InstanceLife['cohort'] | undefined {
  const inStable = builds ? build === builds.stable : stable.instances.includes(instance)
  const inCanary = builds ? build === builds.canary : canary.instances.includes(instance)
  if (inStable && inCanary) return 'both'
  return inStable ? 'stable' : inCanary ? 'canary' : undefined
}

/** From when to when each instance served, by closed ticks of the window and of the hour before it. */
export const instanceLives: string = sql`
  SELECT
    Build AS build,
    FlagVariant AS instance,
    toUnixTimestamp64Milli(min(FirstEnd)) AS firstMs,
    toUnixTimestamp64Milli(max(LastEnd)) AS lastMs,
    sumIf(Requests, Tick >= fromUnixTimestamp({from:UInt32})) AS requests
  FROM coalmine_ticks
  WHERE Service = {service:String} AND FlagKey = '(instance)'
    AND ${ofTraffic}
    AND ${ofWindowAndHourBefore}
    AND ${latestClosingsAndHourBefore}
  GROUP BY build, instance
  ORDER BY build, instance`
