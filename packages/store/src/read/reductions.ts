import { createHash } from 'node:crypto'
import type { SpanStatement } from '../cohort-texts.ts'
import type { Comparison, SpanParams } from '../comparison.ts'
import { latestReductions, ofWindow } from '../conditions.ts'
import type { Engine, Params } from '../engine/engine.ts'
import { newBatchId } from '../ingest/batch-id.ts'
import { sql } from '../sql.ts'
import { tickSeconds, windowOf } from '../tick.ts'
import { newPatience, portionsOf, rawTicks } from './raw-ticks.ts'
import type { WarmUp } from './warm-up.ts'

/** Selects the raw spans to reduce, and the instances whose latency is left out. */
export type UnitsAsked = SpanParams & WarmUp & { readonly service: string }

/**
 * Reduces the raw spans of ticks that have not been reduced for a comparison yet, a portion at a time, and stores the results.
 * Returns the parameters that select all stored results.
 *
 * Throws a StoreError of kind `unavailable` when it takes more than two minutes.
 */
export async function keepReduction(engine: Engine, comparison: Comparison, asked: UnitsAsked): Promise<Params> {
  const { service } = comparison
  const id = createHash('sha256').update(nameOf(asked)).digest().readBigUInt64LE().toString()
  const window = { service, comparison: id, ...windowOf(comparison) }
  const missing = await missingTicks(engine, window)
  const stillPatient = newPatience(comparison, 'ask again, and it goes on from here')
  const [first] = missing.keys()
  const last = [...missing.keys()].at(-1)
  const unread = { ...comparison, start: (first ?? 0) * 1000, end: ((last ?? 0) + tickSeconds) * 1000 }
  for await (const { since, from, to } of first === undefined ? [] : portionsOf(engine, unread)) {
    const ticks = [...missing.keys()].filter((tick) => tick >= from && tick < to)
    if (ticks.length === 0) continue
    stillPatient()
    const reduction = newBatchId()
    await engine.write(reduceTicks(asked), { ...asked, comparison: id, reduction, since, from, to })
    const batches = ticks.map((tick) => missing.get(tick)!)
    await engine.write(commitReduction, { service, comparison: id, reduction, ticks, batches })
  }
  return window
}

// Values are named by their lists, not by their places: existing stores have reductions under these names.
function nameOf(asked: UnitsAsked): string {
  const requests = asked.calls ? 'coalmine_calls' : 'coalmine_requests'
  return JSON.stringify({ ...asked, requests }, (name, value) =>
    /^(key|stable|canary)\d+$/.test(name) ? undefined : value,
  )
}

/** Closed ticks that have not been reduced for the comparison yet, each with its closing, in order. */
async function missingTicks(engine: Engine, window: Params): Promise<Map<number, string>> {
  interface Closing {
    readonly tick: number
    readonly batch: string
  }
  const kept = new Set((await engine.read<Closing>(reductions, window)).map(({ tick, batch }) => `${tick} ${batch}`))
  const closed = await engine.read<Closing>(closings, window)
  return new Map(
    closed.filter(({ tick, batch }) => !kept.has(`${tick} ${batch}`)).map(({ tick, batch }) => [tick, batch]),
  )
}

/** The closed ticks of a service, each with the closing that counts. */
export const closings: string = sql`
  SELECT toUnixTimestamp(Tick) AS tick, toString(argMax(Batch, ClosedAt)) AS batch
  FROM coalmine_closed
  WHERE Service = {service:String}
    AND ${ofWindow}
  GROUP BY Tick
  ORDER BY tick`

/** Which of these ticks have been reduced for a comparison. */
export const reductions: string = sql`
  SELECT toUnixTimestamp(Tick) AS tick, toString(Batch) AS batch
  FROM coalmine_reductions
  WHERE Service = {service:String} AND Comparison = {comparison:UInt64}
    AND ${ofWindow}`

/** Reduces raw spans as `rawTicks` does, and stores the result. */
export const reduceTicks: SpanStatement = (params) => `
  INSERT INTO coalmine_reduced (
    Comparison, Reduction, Service, Tick, Operation, Cohort, Test, Requests, Traces, Errors, ClientErrors, WarmUp, Latency,
    ErrorTypes, Instances, FirstEnd, LastEnd, ClientCodes, InnerErrors
  )
  SELECT
    {comparison:UInt64}, {reduction:UInt64}, {service:String}, fromUnixTimestamp(tick), operation, cohort, test, requests,
    traces, errors, clientErrors, warmUp, mapFromArrays(buckets, counts), errorTypes, instances,
    fromUnixTimestamp64Milli(firstMs), fromUnixTimestamp64Milli(lastMs), clientCodes, innerErrors
  FROM (${rawTicks(params)})`

/** The commit of a reduction: rows of ticks that it does not name do not count. */
export const commitReduction = `
  INSERT INTO coalmine_reductions (Comparison, Service, Tick, Batch, Reduction)
  SELECT {comparison:UInt64}, {service:String}, fromUnixTimestamp(pair.1), toUInt64(pair.2), {reduction:UInt64}
  FROM (SELECT arrayJoin(arrayZip({ticks:Array(UInt32)}, {batches:Array(String)})) AS pair)`

/** Stored reductions of ticks that no import has changed since. */
export const reducedTicks: string = sql`
  SELECT
    toUnixTimestamp(Tick) AS tick,
    Operation AS operation,
    Cohort AS cohort,
    Test AS test,
    Requests AS requests,
    Traces AS traces,
    Errors AS errors,
    ClientErrors AS clientErrors,
    InnerErrors AS innerErrors,
    WarmUp AS warmUp,
    mapKeys(Latency) AS buckets,
    mapValues(Latency) AS counts,
    ErrorTypes AS errorTypes,
    ClientCodes AS clientCodes
  FROM coalmine_reduced
  WHERE Service = {service:String} AND Comparison = {comparison:UInt64}
    AND ${ofWindow}
    AND ${latestReductions}
  ORDER BY operation, tick`

/** Facts about the cohorts, from stored reductions. */
export const reducedFacts: string = sql`
  SELECT
    Cohort AS cohort,
    Test AS test,
    sum(Requests) AS requests,
    sum(Traces) AS traces,
    groupUniqArrayArray(Instances) AS instances,
    toUnixTimestamp64Milli(min(FirstEnd)) AS firstMs,
    toUnixTimestamp64Milli(max(LastEnd)) AS lastMs
  FROM coalmine_reduced
  WHERE Service = {service:String} AND Comparison = {comparison:UInt64}
    AND ${ofWindow}
    AND ${latestReductions}
  GROUP BY cohort, test`
