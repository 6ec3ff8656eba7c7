import { inCanary, inStable, latestClosings, ofTraffic, ofWindow } from '../conditions.ts'
import type { Engine, Params } from '../engine/engine.ts'
import { binaryReader } from '../engine/row-binary.ts'
import { sql } from '../sql.ts'

import type { CountRow } from './counts.ts'

/** Counts of an operation in a tick: `tick` is when it begins, in seconds since 1970. */
export type TickRow = CountRow & {
  readonly operation: string
  readonly tick: number
  readonly cohort: 'stable' | 'canary'
}

/** The closed ticks of some operations, one row for each operation, tick and cohort, in that order. */
export async function tickRowsOf(engine: Engine, asked: Params, operations: readonly string[]): Promise<TickRow[]> {
  const bytes = await engine.readBinary(ticksOfOperations, { ...asked, operations })
  const named = operations.map((operation) => [operation, `${operation} (test)`] as const)
  const { isAtEnd, flag, uint16, uint32, float64, texts, int16s, uint32s } = binaryReader(bytes)
  const rows: TickRow[] = []
  // The statement's columns, in order.
  while (!isAtEnd()) {
    const names = named[uint16() - 1]!
    const row = {
      operation: flag() ? names[1] : names[0],
      tick: uint32(),
      cohort: flag() ? ('stable' as const) : ('canary' as const),
      requests: float64(),
      traces: float64(),
      errors: float64(),
      clientErrors: float64(),
      innerErrors: float64(),
      warmUp: 0,
      buckets: int16s(),
      counts: uint32s(),
      errorTypes: countsBy(texts(), uint32s()),
      clientCodes: countsBy(int16s(), uint32s()),
    }
    const last = rows.at(-1)
    if (last && last.tick === row.tick && last.cohort === row.cohort && last.operation === row.operation)
      rows[rows.length - 1] = sumOf(last, row)
    else rows.push(row)
  }
  return rows
}

const none: CountRow['errorTypes'] = {}

function countsBy(keys: readonly (string | number)[], counts: readonly number[]): CountRow['errorTypes'] {
  return keys.length === 0 ? none : Object.fromEntries(keys.map((key, at) => [key, counts[at]!]))
}

/** Adds two rows of the same operation, tick and cohort. */
export function sumOf(one: TickRow, other: TickRow): TickRow {
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
    innerErrors: one.innerErrors + other.innerErrors,
    buckets,
    counts: buckets.map((bucket) => latency.get(bucket)!),
    errorTypes: added(one.errorTypes, other.errorTypes),
    clientCodes: added(one.clientCodes, other.clientCodes),
  }
}

function added(one: CountRow['errorTypes'], other: CountRow['errorTypes']): CountRow['errorTypes'] {
  const sums = { ...one }
  for (const [key, count] of Object.entries(other)) sums[key] = (sums[key] ?? 0) + count
  return sums
}

/**
 * The ticks of some operations, for RowBinary: rows by operation (its position in the request, from 1, and whether it is separate
 * test traffic), tick and cohort. There are several rows if closed ticks tell more apart than the cohorts do. They are not summed
 * here, because reading whole histograms is three times as fast as adding them.
 */
export const ticksOfOperations: string = sql`
  SELECT
    toUInt16(indexOf({operations:Array(String)}, Operation)) AS operation,
    {traffic:String} = 'all' AND Test AS ofTests,
    toUnixTimestamp(Tick) AS tick,
    ${inStable} AS ofStable,
    toFloat64(Requests) AS requests,
    toFloat64(Traces) AS traces,
    toFloat64(Errors) AS errors,
    toFloat64(ClientErrors) AS clientErrors,
    toFloat64(InnerErrors) AS innerErrors,
    mapKeys(Latency) AS buckets,
    CAST(mapValues(Latency), 'Array(UInt32)') AS counts,
    CAST(mapKeys(ErrorTypes), 'Array(String)') AS types,
    CAST(mapValues(ErrorTypes), 'Array(UInt32)') AS countsOfTypes,
    CAST(mapKeys(ClientCodes), 'Array(Int16)') AS codes,
    CAST(mapValues(ClientCodes), 'Array(UInt32)') AS countsOfCodes
  FROM coalmine_ticks
  WHERE Service = {service:String} AND FlagKey = {flagKey:String} AND Operation IN {operations:Array(String)}
    AND ${ofTraffic}
    AND ${ofWindow}
    AND ${latestClosings}
    AND (
      (${inStable})
      OR (${inCanary}))
  ORDER BY operation, ofTests, tick, ofStable`
