/** From when to when each instance served, by closed ticks of the window and of the hour before it. */
export const instanceLives = `
  SELECT
    Build AS build,
    FlagVariant AS instance,
    toUnixTimestamp64Milli(min(FirstStart)) AS firstMs,
    toUnixTimestamp64Milli(max(LastStart)) AS lastMs,
    sumIf(Requests, Tick >= fromUnixTimestamp({from:UInt32})) AS requests
  FROM coalmine_ticks
  WHERE Service = {service:String} AND FlagKey = '(instance)'
    AND ({traffic:String} = 'all' OR Test = ({traffic:String} = 'test'))
    AND Tick >= fromUnixTimestamp(toUInt32(greatest(0, toInt64({from:UInt32}) - 3600)))
    AND Tick < fromUnixTimestamp({to:UInt32})
    AND (Tick, Batch) IN (
      SELECT Tick, argMax(Batch, ClosedAt) FROM coalmine_closed
      WHERE Service = {service:String}
        AND Tick >= fromUnixTimestamp(toUInt32(greatest(0, toInt64({from:UInt32}) - 3600)))
        AND Tick < fromUnixTimestamp({to:UInt32})
      GROUP BY Tick)
  GROUP BY build, instance
  ORDER BY build, instance`

/**
 * What each of some instances did at some operations, in blocks of so many seconds, without the ticks in which it warmed
 * up: those before the second that `until` gives.
 */
export const instanceCells = `
  SELECT
    if(Build = {stableBuild:String}, 'stable', 'canary') AS cohort,
    FlagVariant AS instance,
    Operation AS operation,
    intDiv(toUnixTimestamp(Tick), {seconds:UInt32}) * {seconds:UInt32} AS block,
    sum(Requests) AS requests,
    sum(Traces) AS traces,
    sum(Errors) AS errors,
    sum(ClientErrors) AS clientErrors,
    mapKeys(sumMap(Latency) AS Histogram) AS buckets,
    mapValues(Histogram) AS counts
  FROM coalmine_ticks
  WHERE Service = {service:String} AND FlagKey = '(instance)' AND Operation IN {operations:Array(String)}
    AND ({traffic:String} = 'all' OR Test = ({traffic:String} = 'test'))
    AND Tick >= fromUnixTimestamp({from:UInt32}) AND Tick < fromUnixTimestamp({to:UInt32})
    AND (Tick, Batch) IN (
      SELECT Tick, argMax(Batch, ClosedAt) FROM coalmine_closed
      WHERE Service = {service:String}
        AND Tick >= fromUnixTimestamp({from:UInt32}) AND Tick < fromUnixTimestamp({to:UInt32})
      GROUP BY Tick)
    AND Build IN ({stableBuild:String}, {canaryBuild:String})
    AND toUnixTimestamp(Tick) >= transform(concat(Build, '\\0', FlagVariant),
      arrayMap((build, instance) -> concat(build, '\\0', instance), {builds:Array(String)}, {instances:Array(String)}),
      {until:Array(UInt32)}, toUInt32(4294967295))
  GROUP BY cohort, instance, operation, block
  ORDER BY cohort, instance, operation, block`

/** When each build of a service was first seen within the day before the window's end, and what it served in the window. */
export const buildsSeen = `
  SELECT
    Build AS build,
    toUnixTimestamp64Milli(min(FirstStart)) AS firstMs,
    sumIf(Requests, Tick >= fromUnixTimestamp({from:UInt32})) AS requests
  FROM coalmine_ticks
  WHERE Service = {service:String} AND FlagKey = '' AND ({traffic:String} = 'all' OR Test = ({traffic:String} = 'test'))
    AND Tick >= fromUnixTimestamp(toUInt32(greatest(0, toInt64({from:UInt32}) - 86400)))
    AND Tick < fromUnixTimestamp({to:UInt32})
    AND (Tick, Batch) IN (
      SELECT Tick, argMax(Batch, ClosedAt) FROM coalmine_closed
      WHERE Service = {service:String}
        AND Tick >= fromUnixTimestamp(toUInt32(greatest(0, toInt64({from:UInt32}) - 86400)))
        AND Tick < fromUnixTimestamp({to:UInt32})
      GROUP BY Tick)
  GROUP BY build`
