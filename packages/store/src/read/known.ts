import { latestClosingsEver } from '../conditions.ts'
import type { Engine } from '../engine/engine.ts'
import { formatSelector } from '../selector.ts'
import { sql } from '../sql.ts'
import { tickSeconds } from '../tick.ts'

/** What the store has seen, to suggest when a request names something unknown. Most spans or requests first. */
export interface Known {
  readonly services: readonly string[]
  /** Builds and flag variants of the requested service, as selectors, from closed ticks. */
  readonly values: readonly string[]
  /** The number of requests of each of `values`. */
  readonly requests: readonly number[]
  /** When each of `values` was first seen, in seconds since 1970. */
  readonly first: readonly number[]
  /** From the first to the end of the last closed tick of the service, milliseconds since 1970; undefined if it has none. */
  readonly served?: { readonly startMs: number; readonly endMs: number }
  /** Ticks of that service that are not closed yet, and the spans stored in them. */
  readonly open: {
    readonly ticks: number
    readonly spans: number
    /** Whether some of them should have closed long ago: no server is closing the ticks of this store. */
    readonly unattended?: boolean
  }
}

/** Services with spans since a given time, and a service's builds and flag variants: at most 100 of each. */
export async function known(engine: Engine, service: string, open: Known['open'], fromSeconds: number): Promise<Known> {
  const services = await engine.read<{ service: string }>(knownServices, { from: fromSeconds })
  const values = await engine.read<{ key: string; value: string; requests: number; first: number }>(knownValues, {
    service,
  })
  const [range] = await engine.read<{ ticks: number; first: number; last: number }>(servedTicks, { service })
  return {
    services: services.map((row) => row.service),
    values: values.map(({ key, value }) => formatSelector([{ from: 'span', key, value }])),
    requests: values.map(({ requests }) => requests),
    first: values.map(({ first }) => first),
    ...(range && range.ticks > 0
      ? { served: { startMs: range.first * 1000, endMs: (range.last + tickSeconds) * 1000 } }
      : {}),
    open,
  }
}

// A running server closes a tick within a minute of its watermark.
const unattendedMs = 120_000

/** Spans of a service since a given time that no closed tick counts yet, whoever stored them. */
export async function openOf(
  engine: Engine,
  service: string,
  fromSeconds: number,
  nowMs: number,
): Promise<Known['open']> {
  interface Row {
    readonly ticks: number
    readonly spans: number
    readonly firstMs: number
  }
  const [row] = await engine.read<Row>(openSpans, { service, from: fromSeconds })
  const { ticks, spans, firstMs } = row!
  return { ticks, spans, unattended: spans > 0 && firstMs < nowMs - unattendedMs }
}

/** Services with spans since a given time, most spans first. */
export const knownServices = `
  SELECT ServiceName AS service
  FROM coalmine_traces
  WHERE Timestamp >= toDateTime64({from:UInt32}, 9)
  GROUP BY service
  ORDER BY count() DESC, service
  LIMIT 100`

/** Spans of a service that no closed tick counts yet. */
export const openSpans = `
  SELECT
    uniqExact(Tick) AS ticks,
    count() AS spans,
    toUnixTimestamp64Milli(min(EndedAt)) AS firstMs
  FROM coalmine_traces
  WHERE ServiceName = {service:String} AND Timestamp >= toDateTime64({from:UInt32}, 9)
    AND Tick NOT IN
      (SELECT Tick FROM coalmine_closed WHERE Service = {service:String})`

/** The time range of a service's closed ticks. */
export const servedTicks = `
  SELECT count() AS ticks, toUnixTimestamp(min(Tick)) AS first, toUnixTimestamp(max(Tick)) AS last
  FROM coalmine_ticks
  WHERE Service = {service:String}`

/** Builds and flag variants in closed ticks of a service, most requests first. */
export const knownValues: string = sql`
  SELECT
    if(FlagKey = '', 'service.version', concat('coalmine.flag.', FlagKey)) AS key,
    if(FlagKey = '', Build, FlagVariant) AS value,
    sum(Requests) AS requests,
    toUnixTimestamp(min(Tick)) AS first
  FROM coalmine_ticks
  WHERE Service = {service:String} AND FlagKey != '(instance)' AND ${latestClosingsEver}
  GROUP BY key, value
  HAVING value != ''
  ORDER BY requests DESC, key, value
  LIMIT 100`
