import { latestClosings, ofTraffic, ofWindow, operationByTraffic } from '../conditions.ts'
import { sql } from '../sql.ts'
import type { InstanceLife } from './instances.ts'
import type { TickRow } from './tick-rows.ts'

/** Instances whose latency is left out, and until which second: an instance is slow while it compiles and fills its caches. */
export interface WarmUp {
  readonly builds: readonly string[]
  readonly instances: readonly string[]
  readonly until: readonly number[]
}

/** Nothing is left out. */
export const noWarmUp: WarmUp = { builds: [], instances: [], until: [] }

/**
 * The warm-up of the instances whose start is known.
 *
 * @param seconds How long an instance warms up; 0 leaves nothing out.
 * @example warmUpOf([{ ...life, build: '2.0.0', instance: 'pod-1', bornMs: 60_000 }], 30) // { builds: ['2.0.0'], instances: ['pod-1'], until: [90] }
 */
export function warmUpOf(lives: readonly InstanceLife[], seconds: number): WarmUp {
  const young = seconds > 0 ? lives.filter(({ bornMs }) => bornMs !== undefined) : []
  return {
    builds: young.map(({ build }) => build),
    instances: young.map(({ instance }) => instance),
    until: young.map(({ bornMs }) => Math.floor(bornMs! / 1000) + seconds),
  }
}

/** The latencies of an operation's tick that instances served while they warmed up. */
export type WarmUpRow = Pick<TickRow, 'operation' | 'tick' | 'cohort' | 'buckets' | 'counts'>

/** The same counts without these latencies. */
export function withoutWarmUp(rows: readonly TickRow[], warmUps: readonly WarmUpRow[]): readonly TickRow[] {
  if (warmUps.length === 0) return rows
  const nameOf = ({ operation, tick, cohort }: WarmUpRow): string => `${cohort} ${tick} ${operation}`
  const left = new Map(warmUps.map((row) => [nameOf(row), row]))
  return rows.map((row) => {
    const warmUp = left.get(nameOf(row))
    if (!warmUp) return row
    const taken = new Map(warmUp.buckets.map((bucket, index) => [bucket, warmUp.counts[index]!]))
    const kept = row.buckets
      .map((bucket, index) => ({ bucket, count: row.counts[index]! - (taken.get(bucket) ?? 0) }))
      .filter(({ count }) => count > 0)
    return {
      ...row,
      warmUp: warmUp.counts.reduce((sum, count) => sum + count, 0),
      buckets: kept.map(({ bucket }) => bucket),
      counts: kept.map(({ count }) => count),
    }
  })
}

/**
 * The latencies of some operations that instances served while they warmed up: in ticks that began before the second
 * that `until` gives for each of them.
 */
export const warmUpOfOperations: string = sql`
  SELECT
    ${operationByTraffic} AS operation,
    toUnixTimestamp(Tick) AS tick,
    if(Build = {stableBuild:String}, 'stable', 'canary') AS cohort,
    mapKeys(sumMap(Latency) AS Histogram) AS buckets,
    mapValues(Histogram) AS counts
  FROM coalmine_ticks
  WHERE Service = {service:String} AND FlagKey = '(instance)' AND Operation IN {operations:Array(String)}
    AND ${ofTraffic}
    AND ${ofWindow}
    AND ${latestClosings}
    AND Build IN ({stableBuild:String}, {canaryBuild:String})
    AND Tick < fromUnixTimestamp(arrayMax({until:Array(UInt32)}))
    AND (Build, FlagVariant) IN arrayZip({builds:Array(String)}, {instances:Array(String)})
    AND tick < transform(concat(Build, '\\0', FlagVariant),
      arrayMap((build, instance) -> concat(build, '\\0', instance), {builds:Array(String)}, {instances:Array(String)}),
      {until:Array(UInt32)}, toUInt32(0))
  GROUP BY operation, tick, cohort`
