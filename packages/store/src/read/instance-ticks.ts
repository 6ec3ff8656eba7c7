import { type SpanStatement, spanStatement } from '../cohort-texts.ts'
import { type Comparison, cohortsOf, spanParams } from '../comparison.ts'
import {
  hidesError,
  latestClosings,
  ofTraffic,
  ofWindow,
  operationByTraffic,
  unitCohort,
  unitOperation,
} from '../conditions.ts'
import type { Engine } from '../engine/engine.ts'
import { binaryReader } from '../engine/row-binary.ts'
import { sql } from '../sql.ts'
import { windowOf } from '../tick.ts'
import type { InstanceLife } from './instances.ts'
import { newPatience, portionsOf, unitsOf } from './raw-ticks.ts'
import { noWarmUp } from './warm-up.ts'

/** Counts of one instance at one operation in one tick. `tick` is its start, in milliseconds since 1970. */
export interface InstanceTick {
  readonly cohort: 'stable' | 'canary'
  readonly instance: string
  /** One of the requested operations, or `(other)`, the sum of all others. */
  readonly operation: string
  readonly tick: number
  /** The counts include traces served while the instance warmed up. */
  readonly traces: number
  readonly errors: number
  readonly clientErrors: number
  readonly innerErrors: number
  /** Seconds; empty while the instance warmed up. */
  readonly latency: CoarseLatency
}

/**
 * A histogram of seconds in OpenTelemetry's exponential buckets. Each bucket of scale 3 joins four of `Latency`: bucket `i` is
 * (2^(i/8), 2^((i+1)/8)] seconds.
 */
export interface CoarseLatency {
  readonly scale: 3 | 5
  readonly zero: number
  readonly indices: readonly number[]
  readonly counts: readonly number[]
}

/** Which instances and operations to read. */
export interface InstanceTicksAsked {
  readonly operations: readonly string[]
  readonly instances: readonly InstanceLife[]
  /** How much of each instance's life to leave out of the latency. */
  readonly warmUpSeconds: number
  /** How long before the window to read stable's ticks too: they show how instances of one build vary without a deploy. */
  readonly beforeSeconds: number
  /** Whether to use the buckets of `Latency`, which can tell apart cohorts that share an instance; otherwise four are joined. */
  readonly fine?: boolean
}

/**
 * Counts of each instance, tick by tick. Closed ticks answer for cohorts by build alone. Others are reduced from raw spans, of
 * the window only; if they share instances, each cohort has ticks of its own with the same name. Null if no instance is known.
 *
 * Throws a StoreError of kind `unavailable` when raw spans take more than two minutes.
 */
export async function instanceTicksOf(
  engine: Engine,
  comparison: Comparison,
  asked: InstanceTicksAsked,
): Promise<readonly InstanceTick[] | null> {
  const cohorts = cohortsOf(comparison)
  const { service } = comparison
  const { operations, beforeSeconds } = asked
  const names = [...new Set(asked.instances.map(({ instance }) => instance))]
  const found: InstanceTick[] = []
  const add = async (statement: string, params: Readonly<Record<string, unknown>>): Promise<void> => {
    const named = { service, operations, names, joined: asked.fine ? 1 : 4, ...cohorts.params, ...params }
    for (const tick of ticksIn(await engine.readBinary(statement, named), asked, names)) found.push(tick)
  }
  if (cohorts.source === 'ticks' && cohorts.params.byBuild && cohorts.params.flagKey === '') {
    const { from: since, to } = windowOf(comparison)
    await add(instanceTicks, { from: Math.max(0, since - beforeSeconds), since, to })
    return found.length > 0 ? found : null
  }
  const spans = spanParams(comparison)
  const stillPatient = newPatience(comparison, 'name a shorter window, as with --since 10m')
  for await (const portion of portionsOf(engine, comparison)) {
    stillPatient()
    await add(rawInstanceTicks(spans), { ...spans, ...noWarmUp, ...portion, builds: [], instances: [] })
  }
  return found.length > 0 ? found : null
}

const zeroBucket = -32768
const noLatency = { zero: 0, indices: [], counts: [] }

// What the statements give, column by column.
function* ticksIn(
  bytes: Uint8Array,
  { operations, instances, warmUpSeconds, fine }: InstanceTicksAsked,
  names: readonly string[],
): Generator<InstanceTick> {
  const scale = fine ? 5 : 3
  const warmUntilMs = new Map<string, number>()
  for (const { instance, bornMs } of instances)
    if (bornMs !== undefined && warmUpSeconds > 0)
      warmUntilMs.set(instance, (Math.floor(bornMs / 1000) + warmUpSeconds) * 1000)
  const { isAtEnd, flag, uint16, uint32, float64, int16s, uint32s } = binaryReader(bytes)
  while (!isAtEnd()) {
    const instance = names[uint16() - 1]!
    const tick: InstanceTick = {
      instance,
      operation: operations[uint16() - 1] ?? '(other)',
      cohort: flag() ? 'canary' : 'stable',
      tick: uint32() * 1000,
      traces: float64(),
      errors: float64(),
      clientErrors: float64(),
      innerErrors: float64(),
      latency: latencyOf(scale, int16s(), uint32s()),
    }
    yield tick.tick < (warmUntilMs.get(instance) ?? 0) ? { ...tick, latency: { scale, ...noLatency } } : tick
  }
}

function latencyOf(scale: 3 | 5, buckets: readonly number[], counts: readonly number[]): CoarseLatency {
  if (buckets[0] !== zeroBucket) return { scale, zero: 0, indices: buckets, counts }
  return { scale, zero: counts[0]!, indices: buckets.slice(1), counts: counts.slice(1) }
}

/**
 * What instances did, for RowBinary: each by its place among the names, from 1 on, and each operation so too, 0 being all
 * others. Stable's ticks begin at `from`, the canary's at `since`.
 */
export const instanceTicks: string = sql`
  SELECT
    toUInt16(indexOf({names:Array(String)}, FlagVariant)) AS instance,
    toUInt16(indexOf({operations:Array(String)}, ${operationByTraffic})) AS operation,
    Build = {canaryBuild:String} AS ofCanary,
    toUnixTimestamp(Tick) AS tick,
    toFloat64(sum(Traces)) AS traces,
    toFloat64(sum(Errors)) AS errors,
    toFloat64(sum(ClientErrors)) AS clientErrors,
    toFloat64(sum(InnerErrors)) AS innerErrors,
    (sumMap(
      arrayMap(bucket -> if(bucket = -32768, bucket, toInt16(floor(bucket / {joined:UInt8}))), mapKeys(Latency)),
      mapValues(Latency)) AS Histogram).1 AS buckets,
    CAST(Histogram.2, 'Array(UInt32)') AS counts
  FROM coalmine_ticks
  WHERE Service = {service:String} AND FlagKey = '(instance)' AND FlagVariant IN {names:Array(String)}
    AND ${ofTraffic}
    AND ${ofWindow}
    AND ${latestClosings}
    AND (Build = {stableBuild:String} OR (Build = {canaryBuild:String} AND Tick >= fromUnixTimestamp({since:UInt32})))
  GROUP BY instance, operation, ofCanary, tick
  ORDER BY tick, ofCanary, instance, operation`

/** The same for cohorts that closed ticks do not know, of units that one instance served alone. */
export const rawInstanceTicks: SpanStatement = spanStatement(
  (cohorts) => sql`
  SELECT
    toUInt16(indexOf({names:Array(String)}, UnitInstances[1])) AS instance,
    toUInt16(indexOf({operations:Array(String)}, ${unitOperation})) AS operation,
    cohort = 'canary' AS ofCanary,
    toUnixTimestamp(Tick) AS tick,
    toFloat64(count()) AS traces,
    toFloat64(countIf(UnitError)) AS errors,
    toFloat64(countIf(UnitClientCode != 0)) AS clientErrors,
    toFloat64(countIf(${hidesError})) AS innerErrors,
    (sumMap(
      [if(UnitBucket = -32768, UnitBucket, toInt16(floor(UnitBucket / {joined:UInt8})))], [toUInt64(1)]) AS Histogram).1
      AS buckets,
    CAST(Histogram.2, 'Array(UInt32)') AS counts
  FROM (
    SELECT *, ${unitCohort} AS cohort
    FROM (
      ${unitsOf(cohorts)}
    )
  )
  WHERE length(UnitInstances) = 1 AND has({names:Array(String)}, UnitInstances[1]) AND cohort IN ('stable', 'canary')
    AND (NOT UnitTest OR {traffic:String} = 'all' OR if(cohort = 'stable', {stableTests:Bool}, {canaryTests:Bool}))
  GROUP BY instance, operation, ofCanary, tick
  ORDER BY tick, ofCanary, instance, operation`,
)
