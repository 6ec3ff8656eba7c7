import { rawTicks } from './raw-ticks.ts'

/** Which ticks of a service are closed, and by which closing. */
export const closings = `
  SELECT toUnixTimestamp(Tick) AS tick, toString(argMax(Batch, ClosedAt)) AS batch
  FROM coalmine_closed
  WHERE Service = {service:String}
    AND Tick >= fromUnixTimestamp({from:UInt32}) AND Tick < fromUnixTimestamp({to:UInt32})
  GROUP BY Tick
  ORDER BY tick`

/** Which of them a comparison has been reduced over. */
export const reductions = `
  SELECT toUnixTimestamp(Tick) AS tick, toString(Batch) AS batch
  FROM coalmine_reductions
  WHERE Service = {service:String} AND Comparison = {comparison:UInt64}
    AND Tick >= fromUnixTimestamp({from:UInt32}) AND Tick < fromUnixTimestamp({to:UInt32})`

/** Reduces raw spans as `rawTicks` does, and keeps what came of it. */
export const reduceTicks: string = `
  INSERT INTO coalmine_reduced (
    Comparison, Reduction, Service, Tick, Operation, Cohort, Test, Requests, Traces, Errors, ClientErrors, WarmUp, Latency,
    ErrorTypes, Instances, FirstStart, LastStart
  )
  SELECT
    {comparison:UInt64}, {reduction:UInt64}, {service:String}, fromUnixTimestamp(tick), operation, cohort, test, requests,
    traces, errors, clientErrors, warmUp, mapFromArrays(buckets, counts), errorTypes, instances,
    fromUnixTimestamp64Milli(firstMs), fromUnixTimestamp64Milli(lastMs)
  FROM (${rawTicks})`

/** The commit of a reduction: rows of ticks that it does not name were not meant, and do not count. */
export const commitReduction = `
  INSERT INTO coalmine_reductions (Comparison, Service, Tick, Batch, Reduction)
  SELECT {comparison:UInt64}, {service:String}, fromUnixTimestamp(pair.1), toUInt64(pair.2), {reduction:UInt64}
  FROM (SELECT arrayJoin(arrayZip({ticks:Array(UInt32)}, {batches:Array(String)})) AS pair)`

/** What was kept of ticks that no import has changed since. */
export const reducedTicks = `
  SELECT
    toUnixTimestamp(Tick) AS tick,
    Operation AS operation,
    Cohort AS cohort,
    Test AS test,
    Requests AS requests,
    Traces AS traces,
    Errors AS errors,
    ClientErrors AS clientErrors,
    WarmUp AS warmUp,
    mapKeys(Latency) AS buckets,
    mapValues(Latency) AS counts,
    ErrorTypes AS errorTypes
  FROM coalmine_reduced
  WHERE Service = {service:String} AND Comparison = {comparison:UInt64}
    AND Tick >= fromUnixTimestamp({from:UInt32}) AND Tick < fromUnixTimestamp({to:UInt32})
    AND (Tick, Reduction) IN (
      SELECT Tick, argMax(Reduction, At)
      FROM coalmine_reductions
      WHERE Service = {service:String} AND Comparison = {comparison:UInt64}
        AND Tick >= fromUnixTimestamp({from:UInt32}) AND Tick < fromUnixTimestamp({to:UInt32})
        AND (Tick, Batch) IN (
          SELECT Tick, argMax(Batch, ClosedAt) FROM coalmine_closed
          WHERE Service = {service:String}
            AND Tick >= fromUnixTimestamp({from:UInt32}) AND Tick < fromUnixTimestamp({to:UInt32})
          GROUP BY Tick)
      GROUP BY Tick)
  ORDER BY operation, tick`

/** Who the cohorts are, by what was kept. */
export const reducedFacts = `
  SELECT
    Cohort AS cohort,
    Test AS test,
    sum(Requests) AS requests,
    sum(Traces) AS traces,
    groupUniqArrayArray(Instances) AS instances,
    toUnixTimestamp64Milli(min(FirstStart)) AS firstMs,
    toUnixTimestamp64Milli(max(LastStart)) AS lastMs
  FROM coalmine_reduced
  WHERE Service = {service:String} AND Comparison = {comparison:UInt64}
    AND Tick >= fromUnixTimestamp({from:UInt32}) AND Tick < fromUnixTimestamp({to:UInt32})
    AND (Tick, Reduction) IN (
      SELECT Tick, argMax(Reduction, At)
      FROM coalmine_reductions
      WHERE Service = {service:String} AND Comparison = {comparison:UInt64}
        AND Tick >= fromUnixTimestamp({from:UInt32}) AND Tick < fromUnixTimestamp({to:UInt32})
        AND (Tick, Batch) IN (
          SELECT Tick, argMax(Batch, ClosedAt) FROM coalmine_closed
          WHERE Service = {service:String}
            AND Tick >= fromUnixTimestamp({from:UInt32}) AND Tick < fromUnixTimestamp({to:UInt32})
          GROUP BY Tick)
      GROUP BY Tick)
  GROUP BY cohort, test`
