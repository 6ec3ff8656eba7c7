import { spansOfWindow } from '../conditions.ts'
import { sql } from '../sql.ts'

/**
 * Users' requests in a window of spans of some services, by flag, variant, environment and build; the flag without a name stands for
 * all requests. Flags come as one text, as in closed ticks, and are split after spans with the same text are counted.
 */
export const flagsOfSpans = (services: string): string => sql`
  SELECT
    Service,
    Hour,
    Environment,
    Build,
    splitByChar('\\0', OneFlag)[1] AS Flag,
    splitByChar('\\0', OneFlag)[2] AS Variant,
    sum(Spans) AS Requests,
    min(SetFirst) AS FirstTick,
    max(SetLast) AS LastTick
  FROM (
    SELECT
      Service,
      toStartOfHour(Tick) AS Hour,
      if(ResourceAttributes['deployment.environment.name'] != '',
        ResourceAttributes['deployment.environment.name'], ResourceAttributes['deployment.environment']) AS Environment,
      Build,
      FlagSet,
      count() AS Spans,
      min(Tick) AS SetFirst,
      max(Tick) AS SetLast
    FROM coalmine_requests
    WHERE ${services}
      AND ${spansOfWindow}
      AND NOT Test
    GROUP BY Service, Hour, Environment, Build, FlagSet
  )
  ARRAY JOIN arrayPushFront(
    arrayFilter(flag -> flag != '' AND NOT startsWith(flag, '\\0'), splitByChar('\\x01', FlagSet)), '') AS OneFlag
  GROUP BY Service, Hour, Environment, Build, Flag, Variant`

const theseHours = `(Service, toUnixTimestamp(toStartOfHour(Tick))) IN arrayZip({services:Array(String)}, {hours:Array(UInt32)})`

/** Sums up the flags of some hours, each of one service. */
export const sumFlagHours: string = sql`
  INSERT INTO coalmine_flag_hours (
    Sum, Service, Hour, Environment, Build, Flag, Variant, Requests, FirstTick, LastTick)
  SELECT {sum:UInt64}, Service, Hour, Environment, Build, Flag, Variant, Requests, FirstTick, LastTick
  FROM (${flagsOfSpans(`Service IN {services:Array(String)} AND ${theseHours}`)}
  )`

/** Makes the sums of these hours count, with checksums of the closings that were there before. */
export const commitFlagHours = `
  INSERT INTO coalmine_summed_flag_hours (Service, Hour, Sum, Closings)
  SELECT row.1 AS Service, fromUnixTimestamp(row.2) AS Hour, {sum:UInt64} AS Sum, toUInt64(row.3) AS Closings
  FROM (
    SELECT arrayJoin(arrayZip({services:Array(String)}, {hours:Array(UInt32)}, {closings:Array(String)})) AS row)`

/** Checksums of the closings of some hours, each of one service. */
export const closingsOfFlagHours: string = sql`
  SELECT
    Service AS service,
    toUnixTimestamp(toStartOfHour(Tick)) AS hour,
    toString(sum(cityHash64(Tick, Batch))) AS closings
  FROM coalmine_closed
  WHERE Service IN {services:Array(String)}
    AND Tick >= fromUnixTimestamp({from:UInt32}) AND Tick < fromUnixTimestamp({to:UInt32})
    AND ${theseHours}
  GROUP BY service, hour`
