/** Which operations a comparison that closed ticks can answer has, and about how many rows `ticksOfOperations` gives. */
export const tickOperations = `
  SELECT Operation AS operation, count() AS cells
  FROM coalmine_ticks
  WHERE Service = {service:String} AND FlagKey = {flagKey:String}
    AND ({traffic:String} = 'all' OR Test = ({traffic:String} = 'test'))
    AND Tick >= fromUnixTimestamp({from:UInt32}) AND Tick < fromUnixTimestamp({to:UInt32})
    AND (Tick, Batch) IN (
      SELECT Tick, argMax(Batch, ClosedAt) FROM coalmine_closed
      WHERE Service = {service:String}
        AND Tick >= fromUnixTimestamp({from:UInt32}) AND Tick < fromUnixTimestamp({to:UInt32})
      GROUP BY Tick)
    AND (
      (({byBuild:Bool} = false OR Build = {stableBuild:String}) AND FlagVariant = {stableVariant:String})
      OR (({byBuild:Bool} = false OR Build = {canaryBuild:String}) AND FlagVariant = {canaryVariant:String}))
  GROUP BY Operation
  ORDER BY Operation`

/**
 * The ticks of some operations, for RowBinary: rows for each operation (its place among those asked for, from 1 on, and
 * whether it is their test traffic that is told apart), tick and cohort, and several where the cohorts are not told apart
 * by all that closed ticks know. Not summed here: histograms of whole ticks are read three times as fast as they are added.
 */
export const ticksOfOperations = `
  SELECT
    toUInt16(indexOf({operations:Array(String)}, Operation)) AS operation,
    {traffic:String} = 'all' AND Test AS ofTests,
    toUnixTimestamp(Tick) AS tick,
    ({byBuild:Bool} = false OR Build = {stableBuild:String}) AND FlagVariant = {stableVariant:String} AS ofStable,
    toFloat64(Requests) AS requests,
    toFloat64(Traces) AS traces,
    toFloat64(Errors) AS errors,
    toFloat64(ClientErrors) AS clientErrors,
    mapKeys(Latency) AS buckets,
    CAST(mapValues(Latency), 'Array(UInt32)') AS counts,
    CAST(mapKeys(ErrorTypes), 'Array(String)') AS types,
    CAST(mapValues(ErrorTypes), 'Array(UInt32)') AS countsOfTypes
  FROM coalmine_ticks
  WHERE Service = {service:String} AND FlagKey = {flagKey:String} AND Operation IN {operations:Array(String)}
    AND ({traffic:String} = 'all' OR Test = ({traffic:String} = 'test'))
    AND Tick >= fromUnixTimestamp({from:UInt32}) AND Tick < fromUnixTimestamp({to:UInt32})
    AND (Tick, Batch) IN (
      SELECT Tick, argMax(Batch, ClosedAt) FROM coalmine_closed
      WHERE Service = {service:String}
        AND Tick >= fromUnixTimestamp({from:UInt32}) AND Tick < fromUnixTimestamp({to:UInt32})
      GROUP BY Tick)
    AND (
      (({byBuild:Bool} = false OR Build = {stableBuild:String}) AND FlagVariant = {stableVariant:String})
      OR (({byBuild:Bool} = false OR Build = {canaryBuild:String}) AND FlagVariant = {canaryVariant:String}))
  ORDER BY operation, ofTests, tick, ofStable`

/**
 * The latencies of some operations that instances served while they warmed up: in ticks that began before the second
 * that `until` gives for each of them.
 */
export const warmUpOfOperations = `
  SELECT
    if({traffic:String} = 'all' AND Test, concat(Operation, ' (test)'), Operation) AS operation,
    toUnixTimestamp(Tick) AS tick,
    if(Build = {stableBuild:String}, 'stable', 'canary') AS cohort,
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
    AND Tick < fromUnixTimestamp(arrayMax({until:Array(UInt32)}))
    AND (Build, FlagVariant) IN arrayZip({builds:Array(String)}, {instances:Array(String)})
    AND tick < transform(concat(Build, '\\0', FlagVariant),
      arrayMap((build, instance) -> concat(build, '\\0', instance), {builds:Array(String)}, {instances:Array(String)}),
      {until:Array(UInt32)}, toUInt32(0))
  GROUP BY operation, tick, cohort`

/** Who the cohorts are, from closed ticks. 'mixed' are units whose spans disagree on a key of the comparison. */
export const tickFacts = `
  SELECT
    multiIf(
      ({byBuild:Bool} = false OR Build = {stableBuild:String}) AND FlagVariant = {stableVariant:String}, 'stable',
      ({byBuild:Bool} = false OR Build = {canaryBuild:String}) AND FlagVariant = {canaryVariant:String}, 'canary',
      ({byBuild:Bool} AND Build = '(mixed)') OR FlagVariant = '(mixed)', 'mixed',
      '') AS cohort,
    sumIf(Requests, ({traffic:String} = 'all' OR Test = ({traffic:String} = 'test')) AS Judged) AS requests,
    sumIf(Traces, Judged) AS traces,
    sumIf(Requests, Test AND NOT Judged) AS testRequests,
    groupUniqArrayArrayIf(Instances, Judged) AS instances,
    toUnixTimestamp64Milli(minIf(FirstStart, Judged)) AS firstMs,
    toUnixTimestamp64Milli(maxIf(LastStart, Judged)) AS lastMs
  FROM coalmine_ticks
  WHERE Service = {service:String} AND FlagKey = {flagKey:String}
    AND Tick >= fromUnixTimestamp({from:UInt32}) AND Tick < fromUnixTimestamp({to:UInt32})
    AND (Tick, Batch) IN (
      SELECT Tick, argMax(Batch, ClosedAt) FROM coalmine_closed
      WHERE Service = {service:String}
        AND Tick >= fromUnixTimestamp({from:UInt32}) AND Tick < fromUnixTimestamp({to:UInt32})
      GROUP BY Tick)
  GROUP BY cohort
  HAVING cohort != ''`

/** Which variants each build's requests met, operation by operation. */
export const tickFlags = `
  SELECT
    if(Build = {stableBuild:String}, 'stable', 'canary') AS cohort,
    if({traffic:String} = 'all' AND Test, concat(Operation, ' (test)'), Operation) AS operation,
    FlagKey AS flag,
    FlagVariant AS variant,
    sum(Requests) AS requests
  FROM coalmine_ticks
  WHERE Service = {service:String} AND FlagKey NOT IN ('', '(instance)')
    AND Build IN ({stableBuild:String}, {canaryBuild:String})
    AND ({traffic:String} = 'all' OR Test = ({traffic:String} = 'test'))
    AND Tick >= fromUnixTimestamp({from:UInt32}) AND Tick < fromUnixTimestamp({to:UInt32})
    AND (Tick, Batch) IN (
      SELECT Tick, argMax(Batch, ClosedAt) FROM coalmine_closed
      WHERE Service = {service:String}
        AND Tick >= fromUnixTimestamp({from:UInt32}) AND Tick < fromUnixTimestamp({to:UInt32})
      GROUP BY Tick)
  GROUP BY cohort, operation, flag, variant
  ORDER BY cohort, operation, flag, variant`

/** When the canary of a comparison first served, by closed ticks. */
export const tickFirst = `
  SELECT count() AS found, toUnixTimestamp(min(Tick)) AS tick
  FROM coalmine_ticks
  WHERE Service = {service:String} AND FlagKey = {flagKey:String}
    AND ({traffic:String} = 'all' OR Test = ({traffic:String} = 'test'))
    AND (Tick, Batch) IN (
      SELECT Tick, argMax(Batch, ClosedAt) FROM coalmine_closed WHERE Service = {service:String} GROUP BY Tick)
    AND ({byBuild:Bool} = false OR Build = {canaryBuild:String}) AND FlagVariant = {canaryVariant:String}`

export const lateSpans = `
  SELECT sum(Spans) AS late
  FROM coalmine_late
  WHERE Service = {service:String}
    AND Tick >= fromUnixTimestamp({from:UInt32}) AND Tick < fromUnixTimestamp({to:UInt32})`
