import type { Engine } from '../engine/engine.ts'

/** A service whose ticks are followed from `sinceMs` on; those before `untilMs` are already known. Milliseconds since 1970. */
export interface FollowedService {
  readonly service: string
  readonly sinceMs: number
  readonly untilMs: number
}

/** Which ticks of a followed service are closed. */
export interface NewClosings {
  readonly service: string
  /** Checksums of the closings of known ticks, and of all: a different one means that a tick was closed anew, or late. */
  readonly known: string
  readonly all: string
  /** The start of the last tick, in milliseconds since 1970. */
  readonly lastMs: number
  /** The start of each new tick, in milliseconds since 1970, in order. */
  readonly ticksMs: readonly number[]
  /** Spans that arrived after their tick had closed. */
  readonly late: number
}

/** Reads which ticks of some services are closed, in one query. Services without closed ticks are left out. */
export async function newClosingsOf(
  engine: Engine,
  followed: readonly FollowedService[],
): Promise<readonly NewClosings[]> {
  if (followed.length === 0) return []
  const seconds = (of: (one: FollowedService) => number): number[] => followed.map((one) => Math.floor(of(one) / 1000))
  const sinces = seconds(({ sinceMs }) => sinceMs)
  const asked = {
    services: followed.map(({ service }) => service),
    sinces,
    untils: seconds(({ untilMs }) => untilMs),
    since: Math.min(...sinces),
  }
  const [closings, late] = await Promise.all([
    engine.read<Row>(newClosings, asked),
    engine.read<{ readonly service: string; readonly late: number }>(lateOfServices, asked),
  ])
  const lateOf = new Map(late.map((one) => [one.service, one.late]))
  return closings.map(({ ticks, last, ...one }) => ({
    ...one,
    lastMs: last * 1000,
    ticksMs: ticks.map((tick) => tick * 1000),
    late: lateOf.get(one.service) ?? 0,
  }))
}

type Row = Pick<NewClosings, 'service' | 'known' | 'all'> & { readonly last: number; readonly ticks: readonly number[] }

/** The closed ticks of some services, each from its own time on, with checksums of the closings before it and of all. */
export const newClosings = `
  SELECT
    Service AS service,
    toString(groupBitXorIf(cityHash64(Tick, Batch), Second < Until)) AS known,
    toString(groupBitXor(cityHash64(Tick, Batch))) AS all,
    max(Second) AS last,
    arraySort(groupUniqArrayIf(Second, Second >= Until)) AS ticks
  FROM (
    SELECT
      Service,
      Tick,
      Batch,
      toUnixTimestamp(Tick) AS Second,
      transform(toString(Service), {services:Array(String)}, {sinces:Array(UInt32)}, toUInt32(0)) AS Since,
      transform(toString(Service), {services:Array(String)}, {untils:Array(UInt32)}, toUInt32(0)) AS Until
    FROM coalmine_closed
    WHERE Service IN {services:Array(String)} AND Tick >= fromUnixTimestamp({since:UInt32})
  )
  WHERE Second >= Since
  GROUP BY Service`

/** The number of spans of some services that arrived after their ticks had closed. */
export const lateOfServices = `
  SELECT Service AS service, sum(Spans) AS late
  FROM coalmine_late
  WHERE Service IN {services:Array(String)} AND Tick >= fromUnixTimestamp({since:UInt32})
  GROUP BY Service`
