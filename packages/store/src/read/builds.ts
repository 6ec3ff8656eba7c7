import { type Comparison, isByBuildAlone } from '../comparison.ts'
import { latestClosingsAndDayBefore, ofTraffic, ofWindowAndDayBefore } from '../conditions.ts'
import type { Engine } from '../engine/engine.ts'
import { sql } from '../sql.ts'
import { windowOf } from '../tick.ts'

import type { ComparisonFacts } from './facts.ts'
import { servedOf } from './instances.ts'

/** When the cohorts' builds were first seen, at most a day before the window, and how many requests name no build. */
export interface BuildsSeen {
  readonly stableFirstMs: number
  readonly canaryFirstMs: number
  /** Requests in the window without a build; 0 if the cohorts are selected by more than a build. */
  readonly unmarkedRequests: number
}

/**
 * Undefined unless the cohorts are selected by build and both were seen. If only spans can be read, looks back no more than
 * an hour before the window.
 */
export async function buildsSeenOf(
  engine: Engine,
  comparison: Comparison,
  { builds }: ComparisonFacts,
): Promise<BuildsSeen | undefined> {
  if (!builds) return undefined
  const rows = comparison.fromSpans
    ? await servedOf(engine, comparison)
    : await engine.read<Seen>(buildsSeen, {
        service: comparison.service,
        traffic: comparison.traffic ?? 'users',
        ...windowOf(comparison),
      })
  const of = (build: string) => togetherOf(rows.filter((row) => row.build === build))
  const stable = of(builds.stable)
  const canary = of(builds.canary)
  if (!stable || !canary) return undefined
  return {
    stableFirstMs: stable.firstMs,
    canaryFirstMs: canary.firstMs,
    unmarkedRequests: isByBuildAlone(comparison) ? (of('')?.requests ?? 0) : 0,
  }
}

interface Seen {
  readonly build: string
  readonly firstMs: number
  readonly requests: number
}

function togetherOf(rows: readonly Seen[]): Omit<Seen, 'build'> | undefined {
  if (rows.length === 0) return undefined
  return {
    firstMs: Math.min(...rows.map(({ firstMs }) => firstMs)),
    requests: rows.reduce((sum, { requests }) => sum + requests, 0),
  }
}

/** When each build of a service was first seen within the day before the window's end, and what it served in the window. */
export const buildsSeen: string = sql`
  SELECT
    Build AS build,
    toUnixTimestamp64Milli(min(FirstEnd)) AS firstMs,
    sumIf(Requests, Tick >= fromUnixTimestamp({from:UInt32})) AS requests
  FROM coalmine_ticks
  WHERE Service = {service:String} AND FlagKey = '' AND ${ofTraffic}
    AND ${ofWindowAndDayBefore}
    AND ${latestClosingsAndDayBefore}
  GROUP BY build`
