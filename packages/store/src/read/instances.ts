import { type Comparison, isByBuildAlone } from '../comparison.ts'
import {
  closedOnly,
  latestClosingsAndHourBefore,
  ofTraffic,
  ofWindowAndHourBefore,
  spansOfWindow,
} from '../conditions.ts'
import type { Engine } from '../engine/engine.ts'
import { sql } from '../sql.ts'
import { sinceOf, windowOf } from '../tick.ts'

/** One process that served the cohorts, known by its build and by service.instance.id, pod or host name. Times are milliseconds since 1970. */
export interface InstanceLife {
  readonly build: string
  readonly instance: string
  /** Whose requests it served within the window; `both` if the cohorts share instances, as those of a flag do. */
  readonly cohort: 'stable' | 'canary' | 'both'
  readonly firstMs: number
  readonly lastMs: number
  readonly requests: number
  /** When it started serving; undefined if it was already there when the service's data begins, so that its age is unknown. */
  readonly bornMs: number | undefined
}

// An instance that appears this soon after a service's data begins may be older.
const recordBeginsMs = 60_000

/** How to find the instances of the cohorts: by their builds, or else by the instances they had. */
interface FoundCohorts {
  readonly builds: { readonly stable: string; readonly canary: string } | undefined
  readonly stable: { readonly instances: readonly string[] }
  readonly canary: { readonly instances: readonly string[] }
}

/**
 * The instances that served the cohorts, from closed ticks of the window and the hour before it, or from raw spans if those
 * may not be read. Undefined if no instances are recorded, as in ticks closed by an earlier release.
 */
export async function instanceLivesOf(
  engine: Engine,
  comparison: Comparison,
  found: FoundCohorts | Promise<FoundCohorts>,
): Promise<readonly InstanceLife[] | undefined> {
  const [rows, facts] = await Promise.all([livesIn(engine, comparison), found])
  const byBuildAlone = isByBuildAlone(comparison)
  if (rows.length === 0) return undefined
  const recordMs = rows.reduce((first, row) => Math.min(first, row.firstMs), Number.POSITIVE_INFINITY)
  const lives: InstanceLife[] = []
  for (const row of rows) {
    const cohort = row.requests > 0 ? cohortOf(row, facts, byBuildAlone) : undefined
    if (cohort === undefined) continue
    lives.push({ ...row, cohort, bornMs: row.firstMs > recordMs + recordBeginsMs ? row.firstMs : undefined })
  }
  return lives
}

/** A process and when it served, for any cohort. */
type Served = Omit<InstanceLife, 'cohort' | 'bornMs'>

async function livesIn(engine: Engine, comparison: Comparison): Promise<readonly Served[]> {
  const { service, traffic = 'users', fromSpans } = comparison
  if (!fromSpans) return engine.read<Served>(instanceLives, { service, traffic, ...windowOf(comparison) })
  return (await servedOf(engine, comparison)).filter(({ instance }) => instance !== '')
}

const hour = 3_600

/** What served in the window and the hour before it, from raw spans; includes spans without a build or an instance. */
export async function servedOf(engine: Engine, comparison: Comparison): Promise<readonly Served[]> {
  const { service, traffic = 'users' } = comparison
  const { from, to } = windowOf(comparison)
  const before = Math.max(0, from - hour)
  return engine.read<Served>(rawLives, {
    service,
    traffic,
    since: sinceOf(before),
    from: before,
    to,
    window: from,
  })
}

function cohortOf(
  { build, instance }: Pick<InstanceLife, 'build' | 'instance'>,
  { stable, canary, builds }: FoundCohorts,
  byBuildAlone: boolean,
): InstanceLife['cohort'] | undefined {
  // If the selector has more than a build, not all instances of the build serve the cohort.
  const isIn = (cohort: { readonly instances: readonly string[] }, asked: string | undefined): boolean =>
    (asked === undefined || build === asked) && (byBuildAlone || cohort.instances.includes(instance))
  const inStable = isIn(stable, builds?.stable)
  const inCanary = isIn(canary, builds?.canary)
  if (inStable && inCanary) return 'both'
  return inStable ? 'stable' : inCanary ? 'canary' : undefined
}

/** When each instance first and last served, from closed ticks of the window and the hour before it. */
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

/** The same from raw spans, by build and instance, with the approximate number of requests in the window. */
export const rawLives: string = sql`
  SELECT
    Build AS build,
    Instance AS instance,
    toUnixTimestamp64Milli(min(EndedAt)) AS firstMs,
    toUnixTimestamp64Milli(max(EndedAt)) AS lastMs,
    uniqIf(SpanId, Tick >= fromUnixTimestamp({window:UInt32})) AS requests
  FROM coalmine_requests
  WHERE Service = {service:String}
    AND ${ofTraffic}
    AND ${spansOfWindow}
    AND ${closedOnly}
  GROUP BY build, instance
  ORDER BY build, instance`
