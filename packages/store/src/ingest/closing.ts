import {
  hasInnerError,
  hidesError,
  innerErrors,
  namedOperationsOfServices,
  ofWindow,
  spansOfTicks,
  spansOfWindow,
} from '../conditions.ts'
import { sql } from '../sql.ts'
/** Names in the ticks without rows of their own, most requests first: the total, and the number in each hour. */
export const unnamedOperations: string = sql`
  SELECT
    Service AS service,
    Operation AS operation,
    count() AS requests,
    sumMap([toUnixTimestamp(toStartOfHour(Tick))], [toUInt64(1)]) AS byHour,
    byHour.1 AS hours,
    byHour.2 AS inHours
  FROM coalmine_requests
  WHERE ${spansOfTicks}
    AND (Service, Operation) NOT IN ${namedOperationsOfServices}
  GROUP BY service, operation
  ORDER BY requests DESC, operation
  LIMIT 500 BY service`

/**
 * For each service: how many names it has within a day, the requests of the least frequent name with rows of its own, and how
 * many names came up in the last hour.
 */
export const operationBudgets: string = sql`
  SELECT
    Service AS service,
    count() AS names,
    arrayElement(arrayReverseSort(groupArray(InAll)), 500) AS least,
    countIf(InHour > 0) AS inHour
  FROM (
    SELECT
      Service,
      Operation,
      sum(Requests) AS InAll,
      sumIf(Requests, Hour >= toStartOfHour(fromUnixTimestamp({from:UInt32}))) AS InHour
    FROM coalmine_operation_hours
    WHERE Service IN {services:Array(String)}
      AND Hour >= fromUnixTimestamp(toUInt32(greatest(0, toInt64({from:UInt32}) - 90000)))
      AND Hour < fromUnixTimestamp({to:UInt32})
    GROUP BY Service, Operation
  )
  GROUP BY Service`

/** Names that occurred in ticks, by hour, and how often. */
export const countUnnamed = `
  INSERT INTO coalmine_operation_hours
  SELECT row.1 AS Service, row.2 AS Operation, fromUnixTimestamp(row.3) AS Hour, row.4 AS Requests
  FROM (
    SELECT arrayJoin(arrayZip({services:Array(String)}, {operations:Array(String)}, {hours:Array(UInt32)}, {requests:Array(UInt64)})) AS row
  )`

/** Requests per name with rows of its own in the ticks of a batch. */
export const countNamed: string = countOf('')

/** The same, for hours in which a name was not counted yet. */
export const countNamedAnew: string = countOf(sql`
    AND (Service, Operation, toStartOfHour(Tick)) NOT IN (
      SELECT Service, Operation, Hour FROM coalmine_operation_hours
      WHERE Service IN {services:Array(String)}
        AND Hour >= toStartOfHour(fromUnixTimestamp({from:UInt32})) AND Hour < fromUnixTimestamp({to:UInt32})
    )`)

function countOf(which: string): string {
  return sql`
  INSERT INTO coalmine_operation_hours
  SELECT Service, Operation, toStartOfHour(Tick) AS Hour, sum(Requests) AS Requests
  FROM coalmine_ticks
  WHERE Service IN {services:Array(String)} AND FlagKey = '' AND Operation != '(other)'
    AND ${ofWindow} AND Batch = {batch:UInt64}${which}
  GROUP BY Service, Operation, Hour`
}

/** The number of a batch's requests counted as '(other)', for each service that has any. */
export const unnamedRequests: string = sql`
  SELECT Service AS service, sumIf(Requests, Operation = '(other)') AS unnamed, sum(Requests) AS requests
  FROM coalmine_ticks
  WHERE Service IN {services:Array(String)} AND FlagKey = ''
    AND ${ofWindow} AND Batch = {batch:UInt64}
  GROUP BY service
  HAVING unnamed > 0`

/**
 * Closes ticks: raw spans -> units -> one row per tick, operation, build and flag.
 *
 * Repeated spans count once: a unit counts distinct span ids (hashes, which take less memory than the text), and its other values
 * are maxima or sets. Each span counts for its own build, whatever else is in its trace. A unit whose spans disagree on a flag is
 * '(mixed)'. Flags come as one text, with NUL between key and variant and 0x01 between flags. It is split only after units with the
 * same text are summed up, because there are far fewer of those. Flags with an empty key are dropped: their row would look like the
 * row of all requests. Each instance has a row of its own too, which leaves out units served by several instances.
 */
export const closeTicks: string = sql`
  INSERT INTO coalmine_ticks (
    Batch, Service, Tick, Operation, Build, FlagKey, FlagVariant, Test, Requests, Traces, Errors, ClientErrors, Latency,
    Instances, FirstEnd, LastEnd, ErrorTypes, ClientCodes,
    InnerErrors, ErrorLatency
  )
  SELECT
    {batch:UInt64} AS Batch,
    Service,
    Tick,
    Operation,
    Build,
    splitByChar('\\0', Flag)[1] AS FlagKey,
    splitByChar('\\0', Flag)[2] AS FlagVariant,
    Test,
    sum(Spans) AS Requests,
    sum(Units) AS Traces,
    sum(ErrorUnits) AS Errors,
    sum(ClientErrorUnits) AS ClientErrors,
    sumMap(Histogram) AS Latency,
    groupUniqArrayArray(50)(SetInstances) AS Instances,
    min(SetFirst) AS FirstEnd,
    max(SetLast) AS LastEnd,
    mapFromArrays(arraySlice(mapKeys(sumMap(SetErrorTypes) AS AllTypes), 1, 100), arraySlice(mapValues(AllTypes), 1, 100))
      AS ErrorTypes,
    sumMap(SetClientCodes) AS ClientCodes,
    sum(InnerErrorUnits) AS InnerErrors,
    sumMap(ErrorHistogram) AS ErrorLatency
  FROM (
    SELECT
      Service,
      Tick,
      UnitOperation AS Operation,
      Build,
      if(length(FlagSets) = 1, FlagSets[1], arrayStringConcat(arrayMap(
        key -> if(arrayCount(flag -> startsWith(flag, key), UnitFlags) = 1,
          arrayFirst(flag -> startsWith(flag, key), UnitFlags), concat(key, '(mixed)')),
        arrayDistinct(arrayMap(flag -> concat(splitByChar('\\0', flag)[1], '\\0'),
          arrayDistinct(arrayFilter(flag -> flag != '',
            arrayFlatten(arrayMap(flags -> splitByChar('\\x01', flags), FlagSets)))) AS UnitFlags))
      ), '\\x01')) AS Flags,
      UnitTest AS Test,
      sum(UnitSpans) AS Spans,
      count() AS Units,
      countIf(UnitError) AS ErrorUnits,
      countIf(UnitClientCode != 0) AS ClientErrorUnits,
      countIf(${hidesError}) AS InnerErrorUnits,
      sumMap(map(UnitBucket, toUInt64(1))) AS Histogram,
      sumMapIf(map(UnitBucket, toUInt64(1)), UnitError) AS ErrorHistogram,
      if(length(UnitInstances) = 1, UnitInstances[1], '') AS Instance,
      grouping(Flags) AS OfInstance,
      groupUniqArrayArray(50)(UnitInstances) AS SetInstances,
      min(UnitFirst) AS SetFirst,
      max(UnitLast) AS SetLast,
      sumMapIf(map(UnitErrorType, toUInt64(1)), UnitErrorType != '') AS SetErrorTypes,
      sumMapIf(map(UnitClientCode, toUInt64(1)), UnitClientCode != 0) AS SetClientCodes
    FROM (
      SELECT
        Service,
        Tick,
        if((Service, Operation) IN ${namedOperationsOfServices}, Operation, '(other)')
          AS UnitOperation,
        uniqExact(sipHash64(SpanId)) AS UnitSpans,
        max(Bucket) AS UnitBucket,
        max(IsError) AS UnitError,
        max(ClientCode) AS UnitClientCode,
        max(${hasInnerError}) AS UnitInnerError,
        max(Test) AS UnitTest,
        Build,
        groupUniqArray(FlagSet) AS FlagSets,
        groupUniqArrayIf(Instance, Instance != '') AS UnitInstances,
        min(EndedAt) AS UnitFirst,
        max(EndedAt) AS UnitLast,
        max(ErrorType) AS UnitErrorType
      FROM (
        SELECT *
        FROM coalmine_requests
        WHERE ${spansOfTicks}
      ) AS requests
      LEFT ANY JOIN ${innerErrors('ServiceName IN {services:Array(String)}')} AS below USING (TraceId)
      GROUP BY Service, Tick, UnitOperation, TraceId, Build
    )
    GROUP BY GROUPING SETS ((Service, Tick, Operation, Build, Test, Flags), (Service, Tick, Operation, Build, Test, Instance))
  )
  ARRAY JOIN if(OfInstance = 1,
    if(Instance = '', [], [concat('(instance)\\0', Instance)]),
    arrayPushFront(arrayFilter(flag -> flag != '' AND NOT startsWith(flag, '\\0') AND NOT startsWith(flag, '(instance)\\0'),
      splitByChar('\\x01', Flags)), ''))
    AS Flag
  GROUP BY Service, Tick, Operation, Build, FlagKey, FlagVariant, Test`

/** The engine's clock, before it closes ticks. */
export const engineTime = `
  SELECT toString(toUnixTimestamp64Nano(now64(9))) AS began, toUnixTimestamp64Milli(now64(3)) AS beganMs`

/**
 * The commit of a closing: one block, so either all of its ticks are closed or none. Its time is from before the spans were read:
 * if two servers close the same tick, the one that began later has seen everything that the other saw.
 */
export const commitTicks = `
  INSERT INTO coalmine_closed (Service, Tick, Batch, ClosedAt)
  SELECT
    pair.1 AS Service,
    fromUnixTimestamp(pair.2) AS Tick,
    {batch:UInt64} AS Batch,
    fromUnixTimestamp64Nano({began:Int64}) AS ClosedAt
  FROM (SELECT arrayJoin(arrayZip({services:Array(String)}, {ticks:Array(UInt32)})) AS pair)`

/** Adds to the counts of spans that arrived after their ticks had closed. */
export const countLate = `
  INSERT INTO coalmine_late
  SELECT row.1 AS Service, fromUnixTimestamp(row.2) AS Tick, row.3 AS Spans
  FROM (
    SELECT arrayJoin(arrayZip({services:Array(String)}, {ticks:Array(UInt32)}, {spans:Array(UInt64)})) AS row
  )`

/** All closed ticks, in seconds since 1970, by service. */
export const closedTicks = `
  SELECT Service AS service, groupUniqArray(toUnixTimestamp(Tick)) AS ticks FROM coalmine_closed GROUP BY Service`

/** Ticks that others may have closed lately, and when the closings began. */
export const closedSince = `
  SELECT Service AS service, toUnixTimestamp(Tick) AS tick, toUnixTimestamp64Milli(max(ClosedAt)) AS beganMs
  FROM coalmine_closed
  WHERE Tick >= fromUnixTimestamp({from:UInt32}) AND ClosedAt >= fromUnixTimestamp64Milli({sinceMs:Int64})
  GROUP BY service, tick`

/** Ticks with raw spans that no closing has committed since the last import into them: left by a crash, or stored by others. */
export const unclosedTicks: string = sql`
  SELECT service, tick, spans, since
  FROM (
    SELECT
      ServiceName AS service,
      toUnixTimestamp(Tick) AS tick,
      count() AS spans,
      toUnixTimestamp(min(Timestamp)) AS since
    FROM coalmine_traces
    WHERE ${spansOfWindow}
      AND ({service:String} = '' OR ServiceName = {service:String})
    GROUP BY service, tick
  )
  WHERE (service, tick) NOT IN (
    SELECT Service, toUnixTimestamp(Tick)
    FROM coalmine_closed
    LEFT JOIN coalmine_reopened AS reopened USING (Service, Tick)
    WHERE ${ofWindow}
    GROUP BY Service, Tick
    HAVING max(ClosedAt) > max(reopened.At))`

/** The total number of inserts into the embedded engine's span table, without reading spans: each insert has its own block number. */
export const insertedSoFar = `
  SELECT sum(Rows) AS rows, sum(Blocks) AS blocks
  FROM (
    SELECT sum(rows) AS Rows, max(max_block_number) AS Blocks
    FROM system.parts
    WHERE active AND database = currentDatabase() AND table = 'otel_traces'
    GROUP BY partition_id)`

/** Ticks that an import added to and that have not been closed since. */
export const reopenedTicks = `
  SELECT
    ServiceName AS service,
    toUnixTimestamp(Tick) AS tick,
    count() AS spans,
    toUnixTimestamp(min(Timestamp)) AS since
  FROM coalmine_traces
  WHERE (ServiceName, Tick) IN (
      SELECT Service, Tick
      FROM coalmine_reopened
      LEFT JOIN coalmine_closed AS closed USING (Service, Tick)
      GROUP BY Service, Tick
      HAVING max(At) >= max(closed.ClosedAt))
    AND Timestamp >= (SELECT toDateTime64(min(Tick), 9) - INTERVAL 900 SECOND FROM coalmine_reopened)
  GROUP BY service, tick`

/** An import is about to add to these ticks. */
export const reopenTicks = `
  INSERT INTO coalmine_reopened (Service, Tick)
  SELECT pair.1 AS Service, fromUnixTimestamp(pair.2) AS Tick
  FROM (SELECT arrayJoin(arrayZip({services:Array(String)}, {ticks:Array(UInt32)})) AS pair)`
