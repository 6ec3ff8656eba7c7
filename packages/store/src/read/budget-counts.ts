import type { Engine } from '../engine/engine.ts'
import { sql } from '../sql.ts'

/** Which requests to count, and which of them are bad. */
export interface BudgetAsked {
  readonly service: string
  /** One entry per operation; without `operation`, the entry applies to every operation of the service. */
  readonly journeys: readonly {
    readonly operation?: string | undefined
    /** Requests slower than this are bad, in seconds; if omitted, only errors are bad. */
    readonly slowFromSeconds?: number | undefined
    readonly windowSeconds: number
  }[]
}

/** Requests in a period, and how many of them failed or were too slow. */
export interface BadCounts {
  readonly requests: number
  readonly bad: number
}

/** Requests of a build to an operation; builds that did not serve within six hours share a row with the name ''. */
export interface BudgetRow {
  readonly operation: string
  readonly build: string
  /** Whether it served within six hours; all other builds share one row. */
  readonly recent: boolean
  /** When its first tick, or hour, within the window begins, in milliseconds since 1970. */
  readonly firstMs: number
  readonly last5m: BadCounts
  readonly last1h: BadCounts
  readonly last6h: BadCounts
  readonly last3d: BadCounts
  readonly window: BadCounts
  /** Requests by the hour of the day, UTC, over the seven days before `wholeHoursUntilMs`. */
  readonly byHour: readonly { readonly hour: number; readonly requests: number }[]
}

/** The rows of each journey, in the requested order. */
export interface BudgetCounts {
  /** The end of the last closed tick, in milliseconds since 1970: everything is counted up to here. */
  readonly untilMs: number
  /** The end of the whole hours that `byHour` covers. */
  readonly wholeHoursUntilMs: number
  readonly journeys: readonly (readonly BudgetRow[])[]
  /** Operations of the last day, most requests first; filled only if a journey has no requests. */
  readonly seen: readonly string[]
}

/** Where to read from: summed hours, except for `unsummed`, which are read from ticks. */
export interface HoursLeft {
  /** Up to here, in seconds since 1970. */
  readonly until: number
  readonly unsummed: readonly number[]
}

/** The second from which ticks are read instead of summed hours, for times within the hour. */
export const ticksFrom = (until: number): number => Math.floor((until - 6 * 3600) / 3600) * 3600

/** Counts the bad requests of each journey, in as few queries as can tell the journeys apart. */
export async function budgetCounts(
  engine: Engine,
  { service, journeys }: BudgetAsked,
  { until, unsummed }: HoursLeft,
): Promise<BudgetCounts['journeys']> {
  const found: BudgetRow[][] = journeys.map(() => [])
  for (const together of apart(journeys)) {
    const asked = together.map((at) => journeys[at]!)
    const all = asked.find(({ operation }) => operation === undefined)
    const named = all ? [] : asked
    const froms = named.map(({ windowSeconds }) => windowFrom(until, windowSeconds))
    const fromElse = all ? windowFrom(until, all.windowSeconds) : until
    const rows = await engine.read<Row>(countBad, {
      service,
      operations: named.map(({ operation }) => operation!),
      slows: named.map(({ slowFromSeconds }) => lastGoodBucket(slowFromSeconds)),
      slowElse: lastGoodBucket(all?.slowFromSeconds),
      froms,
      fromElse,
      from: Math.min(fromElse, ...froms, Math.floor((until - 3 * 86_400) / 3600) * 3600),
      ticks: ticksFrom(until),
      until,
      unsummed,
    })
    for (const row of rows) {
      const place = all ? together[0]! : together[named.findIndex(({ operation }) => operation === row.operation)]!
      found[place]!.push(budgetRow(row))
    }
  }
  return found
}

interface Row {
  readonly operation: string
  readonly build: string
  readonly recent: number
  readonly first: number
  readonly counts: readonly number[]
  readonly hours: readonly number[]
  readonly requests: readonly number[]
}

function budgetRow({ operation, build, recent, first, counts, hours, requests }: Row): BudgetRow {
  const of = (at: number): BadCounts => ({ requests: Number(counts[2 * at]), bad: Number(counts[2 * at + 1]) })
  return {
    operation,
    build,
    recent: Boolean(recent),
    firstMs: first * 1000,
    last5m: of(0),
    last1h: of(1),
    last6h: of(2),
    last3d: of(3),
    window: of(4),
    byHour: hours.map((hour, at) => ({ hour, requests: Number(requests[at]) })),
  }
}

// A ClickHouse server takes bound values of at most 128 KiB, and a name has up to 500 letters.
const mostTogether = 200

// A journey of the whole service needs a query of its own; journeys of different operations can share one.
function apart(journeys: BudgetAsked['journeys']): number[][] {
  const layers: number[][] = []
  journeys.forEach(({ operation }, at) => {
    const free =
      operation !== undefined &&
      layers.find(
        (layer) =>
          layer.length < mostTogether &&
          layer.every((other) => ![operation, undefined].includes(journeys[other]!.operation)),
      )
    if (free) free.push(at)
    else layers.push([at])
  })
  return layers
}

const windowFrom = (until: number, windowSeconds: number): number =>
  Math.max(0, Math.floor((until - windowSeconds) / 3600) * 3600)

// Above every bucket.
const never = 32_767

/** The histogram bucket of a latency, which still counts as good; buckets are 2.2 % wide. */
export function lastGoodBucket(seconds: number | undefined): number {
  return seconds === undefined ? never : Math.ceil(Math.round(Math.log2(seconds) * 32 * 1e6) / 1e6) - 1
}

/** The effective latency, in seconds, from which requests count as too slow: the end of the bucket of the requested one. */
export function countedSlowFrom(seconds: number): number {
  return 2 ** ((lastGoodBucket(seconds) + 1) / 32)
}

/** The end of the last closed tick of a service, in seconds since 1970; 0 if none is closed. */
export const lastClosed = `
  SELECT if(count() = 0, 0, toUnixTimestamp(max(Tick)) + 5) AS until FROM coalmine_closed WHERE Service = {service:String}`

/** Operations of a service that had requests in the day before a given time, most requests first. */
export const operationsSeen = `
  SELECT Operation AS operation
  FROM coalmine_operation_hours
  WHERE Service = {service:String}
    AND Hour >= fromUnixTimestamp(toUInt32(greatest(0, toInt64({until:UInt32}) - 90000)))
    AND Hour < fromUnixTimestamp({until:UInt32})
  GROUP BY Operation
  ORDER BY sum(Requests) DESC, Operation
  LIMIT 100`

/** Services that have closed ticks. */
export const closedServices = `SELECT DISTINCT Service AS service FROM coalmine_closed ORDER BY service`

const slow = `transform(Operation, {operations:Array(String)}, {slows:Array(Int16)}, {slowElse:Int16})`

/**
 * Requests and bad ones of each operation and build, five times: within five minutes, an hour, six hours, three days, and the
 * operation's own window. Hours that are summed up say it, and ticks of the last six hours and of hours that are not.
 */
export const countBad: string = sql`
  SELECT
    operation,
    if(lastAt >= {until:UInt32} - 21600, buildAt, '') AS build,
    lastAt >= {until:UInt32} - 21600 AS recent,
    min(firstAt) AS first,
    sumForEach(sums) AS counts,
    mapKeys(sumMap(ofDay) AS days) AS hours,
    mapValues(days) AS requests
  FROM (
    SELECT
      Operation AS operation,
      Build AS buildAt,
      min(At) AS firstAt,
      max(At) AS lastAt,
      [
        sumIf(Counted, At >= {until:UInt32} - 300), sumIf(Bad, At >= {until:UInt32} - 300),
        sumIf(Counted, At >= {until:UInt32} - 3600), sumIf(Bad, At >= {until:UInt32} - 3600),
        sumIf(Counted, At >= {until:UInt32} - 21600), sumIf(Bad, At >= {until:UInt32} - 21600),
        sumIf(Counted, At >= intDiv({until:UInt32} - 259200, 3600) * 3600),
        sumIf(Bad, At >= intDiv({until:UInt32} - 259200, 3600) * 3600),
        sumIf(Counted, At >= WindowFrom), sumIf(Bad, At >= WindowFrom)
      ] AS sums,
      sumMapIf(map(toUInt8(intDiv(At, 3600) % 24), Counted), IsWholeHour) AS ofDay
    FROM (
      SELECT
        Operation,
        Build,
        toUnixTimestamp(Hour) AS At,
        transform(Operation, {operations:Array(String)}, {froms:Array(UInt32)}, {fromElse:UInt32}) AS WindowFrom,
        sum(Traces) AS Counted,
        sum(if(Bucket > ${slow}, Traces, Errors)) AS Bad,
        At >= {ticks:UInt32} - 604800 AS IsWholeHour
      FROM coalmine_hours
      WHERE Service = {service:String}
        AND (empty({operations:Array(String)}) OR Operation IN {operations:Array(String)})
        AND Hour >= fromUnixTimestamp({from:UInt32}) AND Hour < fromUnixTimestamp({ticks:UInt32})
        AND toUnixTimestamp(Hour) NOT IN {unsummed:Array(UInt32)}
        AND (Hour, Sum) IN (
          SELECT Hour, argMax(Sum, At)
          FROM coalmine_summed_hours
          WHERE Service = {service:String}
          GROUP BY Hour)
      GROUP BY Operation, Build, Hour
      UNION ALL
      SELECT
        Operation,
        Build,
        toUnixTimestamp(Tick) AS At,
        transform(Operation, {operations:Array(String)}, {froms:Array(UInt32)}, {fromElse:UInt32}) AS WindowFrom,
        Traces AS Counted,
        if(${slow} = 32767, Errors, toUInt64(
          Errors + arraySum((bucket, n) -> if(bucket > ${slow}, n, 0), mapKeys(Latency), mapValues(Latency))
            - arraySum((bucket, n) -> if(bucket > ${slow}, n, 0), mapKeys(ErrorLatency), mapValues(ErrorLatency)))) AS Bad,
        At < {ticks:UInt32} AND At >= {ticks:UInt32} - 604800 AS IsWholeHour
      FROM coalmine_ticks
      WHERE Service = {service:String} AND FlagKey = '' AND NOT Test
        AND (empty({operations:Array(String)}) OR Operation IN {operations:Array(String)})
        AND Tick >= fromUnixTimestamp({from:UInt32}) AND Tick < fromUnixTimestamp({until:UInt32})
        AND (Tick >= fromUnixTimestamp({ticks:UInt32})
          OR toUnixTimestamp(toStartOfHour(Tick)) IN {unsummed:Array(UInt32)})
        AND (Tick, Batch) IN (
          SELECT Tick, argMax(Batch, ClosedAt)
          FROM coalmine_closed
          WHERE Service = {service:String}
            AND Tick >= fromUnixTimestamp({from:UInt32}) AND Tick < fromUnixTimestamp({until:UInt32})
            AND (Tick >= fromUnixTimestamp({ticks:UInt32})
              OR toUnixTimestamp(toStartOfHour(Tick)) IN {unsummed:Array(UInt32)})
          GROUP BY Tick)
    )
    GROUP BY operation, buildAt
  )
  GROUP BY operation, build, recent
  ORDER BY operation, recent, build`
