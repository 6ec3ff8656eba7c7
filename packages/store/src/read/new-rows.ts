import type { Engine } from '../engine/engine.ts'
import { binaryReader } from '../engine/row-binary.ts'
import { getOrMake } from '../get-or-make.ts'

/** Selects closed ticks of services, `fromMs` to `toMs` (milliseconds since 1970): rows of all requests, and of variants of `flags`. */
export interface NewRowsAsked {
  readonly services: readonly string[]
  readonly flags: readonly string[]
  readonly fromMs: number
  readonly toMs: number
}

/** A row of a closed tick: one build, or one flag variant, at an operation. `tick` is in seconds since 1970. */
export interface ClosedRow {
  readonly flag: string
  readonly build: string
  readonly variant: string
  readonly test: boolean
  readonly operation: string
  readonly tick: number
  readonly requests: number
  readonly traces: number
  readonly errors: number
  readonly clientErrors: number
  readonly innerErrors: number
  readonly buckets: readonly number[]
  readonly counts: readonly number[]
  readonly instances: readonly string[]
}

/** Reads closed ticks of several services at once, independent of any comparison, ordered by operation and tick. */
export async function newRowsOf(
  engine: Engine,
  asked: NewRowsAsked,
): Promise<ReadonlyMap<string, readonly ClosedRow[]>> {
  const { services, flags, fromMs, toMs } = asked
  const params = { services, flags: ['', ...flags], from: Math.floor(fromMs / 1000), to: Math.floor(toMs / 1000) }
  const { isAtEnd, flag, uint16, uint32, float64, text, texts, int16s, uint32s } = binaryReader(
    await engine.readBinary(newRows, params),
  )
  const found = new Map<string, ClosedRow[]>()
  // The statement's columns, in order.
  while (!isAtEnd()) {
    const service = services[uint16() - 1]!
    getOrMake(found, service, () => []).push({
      flag: text(),
      build: text(),
      variant: text(),
      test: flag(),
      operation: text(),
      tick: uint32(),
      requests: float64(),
      traces: float64(),
      errors: float64(),
      clientErrors: float64(),
      innerErrors: float64(),
      buckets: int16s(),
      counts: uint32s(),
      instances: texts(),
    })
  }
  return found
}

/** Closed ticks of some services, for RowBinary: a row for each tick, operation, build and variant. */
export const newRows = `
  SELECT
    toUInt16(indexOf({services:Array(String)}, Service)) AS service,
    toString(FlagKey) AS flag,
    toString(Build) AS build,
    toString(FlagVariant) AS variant,
    Test AS test,
    toString(Operation) AS operation,
    toUnixTimestamp(Tick) AS tick,
    toFloat64(Requests) AS requests,
    toFloat64(Traces) AS traces,
    toFloat64(Errors) AS errors,
    toFloat64(ClientErrors) AS clientErrors,
    toFloat64(InnerErrors) AS innerErrors,
    mapKeys(Latency) AS buckets,
    CAST(mapValues(Latency), 'Array(UInt32)') AS counts,
    CAST(Instances, 'Array(String)') AS instances
  FROM coalmine_ticks
  WHERE Service IN {services:Array(String)} AND FlagKey IN {flags:Array(String)}
    AND Tick >= fromUnixTimestamp({from:UInt32}) AND Tick < fromUnixTimestamp({to:UInt32})
    AND (Service, Tick, Batch) IN (
      SELECT Service, Tick, argMax(Batch, ClosedAt)
      FROM coalmine_closed
      WHERE Service IN {services:Array(String)}
        AND Tick >= fromUnixTimestamp({from:UInt32}) AND Tick < fromUnixTimestamp({to:UInt32})
      GROUP BY Service, Tick)
  ORDER BY service, operation, tick`
