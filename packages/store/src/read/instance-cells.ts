import { type SpanStatement, spanStatement } from '../cohort-texts.ts'
import { type Comparison, cohortsOf, isByBuildAlone, spanParams } from '../comparison.ts'
import { latestClosings, ofTraffic, ofWindow, unitCohort } from '../conditions.ts'
import type { Engine, Params } from '../engine/engine.ts'
import { getOrMake } from '../get-or-make.ts'
import { sql } from '../sql.ts'
import { tickSeconds, windowOf } from '../tick.ts'

import { type CountRow, type Counts, countsOf } from './counts.ts'
import type { InstanceLife } from './instances.ts'
import { newPatience, portionsOf, unitsOf } from './raw-ticks.ts'
import { warmUpOf } from './warm-up.ts'

/** Counts of one instance at one operation in one block of the window. `tick` is its start, in milliseconds since 1970. */
export type InstanceCell = Counts & {
  readonly cohort: 'stable' | 'canary'
  readonly instance: string
  readonly operation: string
  readonly tick: number
}

/** Which instances and operations to read, in how many blocks, and how much of each instance's life to leave out. */
export interface CellsAsked {
  readonly instances: readonly InstanceLife[]
  readonly operations: readonly string[]
  readonly blocks: number
  readonly warmUpSeconds: number
}

/**
 * Reads counts per instance: none unless the cohorts are selected by build alone, since closed ticks record instances only
 * by build. If closed ticks may not be read, raw spans answer.
 *
 * Throws a StoreError of kind `unavailable` when raw spans take more than two minutes.
 */
export async function instanceCellsOf(
  engine: Engine,
  comparison: Comparison,
  { instances, operations, blocks, warmUpSeconds }: CellsAsked,
): Promise<readonly InstanceCell[]> {
  if (!isByBuildAlone(comparison)) return []
  const window = windowOf(comparison)
  const firstMs = Math.max(window.from * 1000, Math.min(...instances.map((one) => one.firstMs)))
  const lastMs = Math.max(...instances.map((one) => one.lastMs))
  const ticks = Math.ceil((lastMs - firstMs) / 1000 / tickSeconds)
  const cold = warmUpOf(instances, warmUpSeconds)
  const untilOf = new Map(cold.until.map((until, at) => [`${cold.builds[at]}\0${cold.instances[at]}`, until]))
  const cohorts = cohortsOf(comparison)
  const asked = {
    service: comparison.service,
    ...window,
    ...cohorts.params,
    operations,
    seconds: Math.max(1, Math.ceil(ticks / blocks)) * tickSeconds,
    builds: instances.map(({ build }) => build),
    instances: instances.map(({ instance }) => instance),
    until: instances.map(({ build, instance }) => untilOf.get(`${build}\0${instance}`) ?? 0),
  }
  const rows =
    cohorts.source === 'ticks' ? await engine.read<Row>(instanceCells, asked) : await rawRows(engine, comparison, asked)
  return rows.map(({ cohort, instance, operation, block, ...counts }) => ({
    cohort,
    instance,
    operation,
    tick: block * 1000,
    ...countsOf({ ...counts, warmUp: 0, errorTypes: {}, clientCodes: {}, innerErrors: 0 }),
  }))
}

type Row = Omit<CountRow, 'warmUp' | 'errorTypes' | 'clientCodes' | 'innerErrors'> & {
  readonly cohort: 'stable' | 'canary'
  readonly instance: string
  readonly operation: string
  readonly block: number
}

/** A block may lie in two portions of the spans. */
async function rawRows(engine: Engine, comparison: Comparison, asked: Params): Promise<readonly Row[]> {
  const stillPatient = newPatience(comparison, 'name a shorter window, as with --since 10m')
  const cells = new Map<string, Row[]>()
  const statement = rawInstanceCells(spanParams(comparison))
  for await (const portion of portionsOf(engine, comparison)) {
    stillPatient()
    for (const row of await engine.read<Row>(statement, { ...asked, ...portion }))
      getOrMake(cells, JSON.stringify([row.cohort, row.instance, row.operation, row.block]), () => []).push(row)
  }
  return [...cells.keys()].sort().map((cell) => cells.get(cell)!.reduce(sumOf))
}

function sumOf(one: Row, other: Row): Row {
  const latency = new Map(one.buckets.map((bucket, at) => [bucket, one.counts[at]!]))
  other.buckets.forEach((bucket, at) => {
    latency.set(bucket, (latency.get(bucket) ?? 0) + other.counts[at]!)
  })
  const buckets = [...latency.keys()].sort((a, b) => a - b)
  return {
    ...one,
    requests: one.requests + other.requests,
    traces: one.traces + other.traces,
    errors: one.errors + other.errors,
    clientErrors: one.clientErrors + other.clientErrors,
    buckets,
    counts: buckets.map((bucket) => latency.get(bucket)!),
  }
}

/**
 * Counts of some instances at some operations, in blocks of equal length, without the ticks in which an instance warmed
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

/** The same from raw spans, of units that a single instance served. */
export const rawInstanceCells: SpanStatement = spanStatement(
  (cohorts) => sql`
  SELECT
    cohort,
    UnitInstances[1] AS instance,
    UnitOperation AS operation,
    intDiv(toUnixTimestamp(Tick), {seconds:UInt32}) * {seconds:UInt32} AS block,
    sum(Spans) AS requests,
    count() AS traces,
    countIf(UnitError) AS errors,
    countIf(UnitClientCode != 0) AS clientErrors,
    mapKeys(sumMap(map(UnitBucket, toUInt64(1))) AS Histogram) AS buckets,
    mapValues(Histogram) AS counts
  FROM (
    SELECT *, ${unitCohort} AS cohort
    FROM (
      ${unitsOf(cohorts)}
    )
  )
  WHERE length(UnitInstances) = 1 AND has({instances:Array(String)}, UnitInstances[1]) AND NOT UnitWarmUp
    AND cohort IN ('stable', 'canary') AND UnitOperation IN {operations:Array(String)}
    AND (NOT UnitTest OR {traffic:String} = 'all' OR if(cohort = 'stable', {stableTests:Bool}, {canaryTests:Bool}))
  GROUP BY cohort, instance, operation, block
  ORDER BY cohort, instance, operation, block`,
)
