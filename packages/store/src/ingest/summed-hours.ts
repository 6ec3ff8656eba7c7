import { sql } from '../sql.ts'

/** A checksum of each hour's closings, which changes when one of its ticks is closed anew. */
const closingsByHour = `
SELECT Service, toStartOfHour(Tick) AS Hour, sum(cityHash64(Tick, Batch)) AS Closings
FROM coalmine_closed
WHERE ({service:String} = '' OR Service = {service:String})
  AND Tick >= fromUnixTimestamp({from:UInt32}) AND Tick < fromUnixTimestamp({to:UInt32})
GROUP BY Service, Hour`

/** Hours of one service, or of all, whose sums are missing or older than their closings: in seconds since 1970, newest first. */
export const unsummedHours: string = unsummedIn('coalmine_summed_hours')

/** The same for flags. */
export const unsummedFlagHours: string = unsummedIn('coalmine_summed_flag_hours')

function unsummedIn(summed: string): string {
  return sql`
  SELECT Service AS service, toUnixTimestamp(Hour) AS hour
  FROM (
    ${closingsByHour}
  ) AS there
  LEFT JOIN (
    SELECT Service, Hour, argMax(Closings, At) AS Summed
    FROM ${summed}
    WHERE ({service:String} = '' OR Service = {service:String})
      AND Hour >= fromUnixTimestamp({from:UInt32}) AND Hour < fromUnixTimestamp({to:UInt32})
    GROUP BY Service, Hour
  ) AS summed USING (Service, Hour)
  WHERE Closings != Summed
  ORDER BY hour DESC, service`
}

/**
 * Sums up some hours of a service: users' requests by operation, build and bucket of latency. Errors of ticks that
 * do not record how long errors took go to bucket -32767.
 */
export const sumHours: string = sql`
  INSERT INTO coalmine_hours (Sum, Service, Hour, Operation, Build, Bucket, Traces, Errors)
  SELECT
    {sum:UInt64} AS Sum,
    {service:String} AS Service,
    Hour,
    Operation,
    Build,
    Bucket,
    sum(Counted) AS Traces,
    sum(Failed) AS Errors
  FROM (
    SELECT
      toStartOfHour(Tick) AS Hour,
      Operation,
      Build,
      arrayPushBack(mapKeys(Latency), toInt16(-32767)) AS Buckets,
      arrayPushBack(mapValues(Latency), toUInt64(0)) AS Counts,
      arrayPushBack(
        if(empty(ErrorLatency), arrayResize([toUInt64(0)], length(Latency)),
          arrayMap(bucket -> ErrorLatency[bucket], mapKeys(Latency))),
        toUInt64(Errors - arraySum(mapValues(ErrorLatency)))) AS Failures
    FROM coalmine_ticks
    WHERE Service = {service:String} AND FlagKey = '' AND NOT Test
      AND Tick >= fromUnixTimestamp({from:UInt32}) AND Tick < fromUnixTimestamp({to:UInt32})
      AND toUnixTimestamp(toStartOfHour(Tick)) IN {hours:Array(UInt32)}
      AND (Tick, Batch) IN (
        SELECT Tick, argMax(Batch, ClosedAt) FROM coalmine_closed
        WHERE Service = {service:String}
          AND Tick >= fromUnixTimestamp({from:UInt32}) AND Tick < fromUnixTimestamp({to:UInt32})
        GROUP BY Tick)
  )
  ARRAY JOIN Buckets AS Bucket, Counts AS Counted, Failures AS Failed
  WHERE Counted > 0 OR Failed > 0
  GROUP BY Hour, Operation, Build, Bucket`

/** Makes the sums of hours count, with the checksum of the closings that were there before. */
export const commitHours = `
  INSERT INTO coalmine_summed_hours (Service, Hour, Sum, Closings)
  SELECT {service:String} AS Service, fromUnixTimestamp(row.1) AS Hour, {sum:UInt64} AS Sum, toUInt64(row.2) AS Closings
  FROM (SELECT arrayJoin(arrayZip({hours:Array(UInt32)}, {closings:Array(String)})) AS row)`

/** Checksums of the closings of some hours. */
export const closingsOfHours: string = sql`
  SELECT toUnixTimestamp(Hour) AS hour, toString(Closings) AS closings
  FROM (
    ${closingsByHour}
  )
  WHERE hour IN {hours:Array(UInt32)}`
