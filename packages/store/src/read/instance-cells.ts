import { type Comparison, cohortsOf } from '../comparison.ts'
import { latestClosings, ofTraffic, ofWindow } from '../conditions.ts'
import type { Engine } from '../engine/engine.ts'
import { sql } from '../sql.ts'
import { tickSeconds, windowOf } from '../tick.ts'

import { type CountRow, type Counts, countsOf } from './counts.ts'
import type { InstanceLife } from './instances.ts'
import { warmUpOf } from './warm-up.ts'

/** What one instance did at one operation in one block of the window: `tick` is when it begins, in milliseconds since 1970. */
export type InstanceCell = Counts & {
  readonly cohort: 'stable' | 'canary'
  readonly instance: string
  readonly operation: string
  readonly tick: number
}

/** Which instances and operations are looked at, in how many blocks, and how much of each instance's life is left out. */
export interface CellsAsked {
  readonly instances: readonly InstanceLife[]
  readonly operations: readonly string[]
  readonly blocks: number
  readonly warmUpSeconds: number
}

/** Reads instances apart: none where the cohorts are not chosen by build alone, since closed ticks know no others. */
export async function instanceCellsOf(
  engine: Engine,
  comparison: Comparison,
  { instances, operations, blocks, warmUpSeconds }: CellsAsked,
): Promise<readonly InstanceCell[]> {
  const cohorts = cohortsOf(comparison)
  if (cohorts.source !== 'ticks' || !cohorts.params.byBuild || cohorts.params.flagKey !== '') return []
  const { from, to } = windowOf(comparison)
  const firstMs = Math.max(from * 1000, Math.min(...instances.map((one) => one.firstMs)))
  const lastMs = Math.max(...instances.map((one) => one.lastMs))
  const ticks = Math.ceil((lastMs - firstMs) / 1000 / tickSeconds)
  const cold = warmUpOf(instances, warmUpSeconds)
  const untilOf = new Map(cold.until.map((until, at) => [`${cold.builds[at]}\0${cold.instances[at]}`, until]))
  type Row = Omit<CountRow, 'warmUp' | 'clientCodes'> & {
    cohort: 'stable' | 'canary'
    instance: string
    operation: string
    block: number
  }
  const rows = await engine.read<Row>(instanceCells, {
    service: comparison.service,
    from,
    to,
    ...cohorts.params,
    operations,
    seconds: Math.max(1, Math.ceil(ticks / blocks)) * tickSeconds,
    builds: instances.map(({ build }) => build),
    instances: instances.map(({ instance }) => instance),
    until: instances.map(({ build, instance }) => untilOf.get(`${build}\0${instance}`) ?? 0),
  })
  return rows.map(({ cohort, instance, operation, block, ...counts }) => ({
    cohort,
    instance,
    operation,
    tick: block * 1000,
    ...countsOf({ ...counts, clientCodes: {}, warmUp: 0 }),
  }))
}

/**
 * What each of some instances did at some operations, in blocks of so many seconds, without the ticks in which it warmed
 * up: those before the second that `until` gives.
 */
export const instanceCells: string = sql`
  SELECT
    if(Build = {stableBuild:String}, 'stable', 'canary') AS cohort,
    FlagVariant AS instance,
    Operation AS operation,
    intDiv(toUnixTimestamp(Tick), {seconds:UInt32}) * {seconds:UInt32} AS block,
    sum(Requests) AS requests,
    sum(Traces) AS traces,
    sum(Errors) AS errors,
    sum(ClientErrors) AS clientErrors,
    mapKeys(sumMap(Latency) AS Histogram) AS buckets,
    mapValues(Histogram) AS counts
  FROM coalmine_ticks
  WHERE Service = {service:String} AND FlagKey = '(instance)' AND Operation IN {operations:Array(String)}
    AND ${ofTraffic}
    AND ${ofWindow}
    AND ${latestClosings}
    AND Build IN ({stableBuild:String}, {canaryBuild:String})
    AND toUnixTimestamp(Tick) >= transform(concat(Build, '\\0', FlagVariant),
      arrayMap((build, instance) -> concat(build, '\\0', instance), {builds:Array(String)}, {instances:Array(String)}),
      {until:Array(UInt32)}, toUInt32(4294967295))
  GROUP BY cohort, instance, operation, block
  ORDER BY cohort, instance, operation, block`
