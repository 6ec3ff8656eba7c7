/** How many raw spans each closed tick of a service has: raw spans are reduced a portion of ticks at a time. */
export const rawTickSizes = `
  SELECT intDiv(toUnixTimestamp(Timestamp), 5) * 5 AS tick, count() AS spans
  FROM coalmine_traces
  WHERE ServiceName = {service:String}
    AND Timestamp >= toDateTime64({from:UInt32}, 9) AND Timestamp < toDateTime64({to:UInt32}, 9)
    AND tick IN (SELECT toUnixTimestamp(Tick) FROM coalmine_closed WHERE Service = {service:String})
  GROUP BY tick
  ORDER BY tick`

/**
 * The reduction that closes ticks, for cohorts that closed ticks do not know: by any attributes. `keys` are those of
 * both selectors; a wanted value of '' asks nothing of its key. Test traffic belongs to the cohort that asks for it. A unit
 * whose spans disagree on a key has '(mixed)' there, which is no other value either.
 */
export const rawTicks = `
  SELECT
    toUnixTimestamp(Tick) AS tick,
    if({traffic:String} = 'all' AND UnitTest, concat(UnitOperation, ' (test)'), UnitOperation) AS operation,
    multiIf(
      IsStable AND IsCanary AND UnitTest AND {stableTests:Bool} != {canaryTests:Bool},
        if({stableTests:Bool}, 'stable', 'canary'),
      IsStable AND IsCanary, 'both', IsStable, 'stable', IsCanary, 'canary', 'mixed') AS cohort,
    UnitTest AS test,
    sum(Spans) AS requests,
    count() AS traces,
    countIf(UnitError) AS errors,
    countIf(UnitClientError) AS clientErrors,
    countIf(UnitWarmUp) AS warmUp,
    mapKeys(sumMapIf(map(UnitBucket, toUInt64(1)), NOT UnitWarmUp) AS Histogram) AS buckets,
    mapValues(Histogram) AS counts,
    sumMapIf(map(UnitErrorType, toUInt64(1)), UnitErrorType != '') AS errorTypes,
    groupUniqArrayArray(50)(UnitInstances) AS instances,
    toUnixTimestamp64Milli(min(UnitFirst)) AS firstMs,
    toUnixTimestamp64Milli(max(UnitLast)) AS lastMs
  FROM (
    SELECT
      Tick,
      if({calls:Bool} OR (Service, Operation) IN (SELECT Service, Operation FROM coalmine_operations),
        Operation, '(other)')
        AS UnitOperation,
      uniqExact(sipHash64(SpanId)) AS Spans,
      max(Bucket) AS UnitBucket,
      max(IsError) AS UnitError,
      max(IsClientError) AS UnitClientError,
      max(Test) AS UnitTest,
      groupUniqArrayIf(Instance, Instance != '') AS UnitInstances,
      max(toUnixTimestamp(Tick) < transform(concat(Build, '\\0', Instance),
        arrayMap((build, instance) -> concat(build, '\\0', instance), {builds:Array(String)}, {instances:Array(String)}),
        {until:Array(UInt32)}, toUInt32(0))) AS UnitWarmUp,
      min(Timestamp) AS UnitFirst,
      max(Timestamp) AS UnitLast,
      max(ErrorType) AS UnitErrorType,
      groupUniqArray(arrayStringConcat(arrayMap(
        (key, fromResource) -> if(fromResource = 0 AND Own[key] != '', Own[key], Inherited[key]),
        {keys:Array(String)}, {fromResource:Array(UInt8)}), '\\x01')) AS Seen,
      if(length(Seen) = 1, splitByChar('\\x01', Seen[1]), arrayMap(
        values -> multiIf(empty(values), '', length(values) = 1, values[1], '(mixed)'),
        arrayMap(
          place -> arrayDistinct(arrayFilter(value -> value != '',
            arrayMap(values -> splitByChar('\\x01', values)[place], Seen))),
          arrayEnumerate({keys:Array(String)})))) AS Values,
      arrayAll(
        (value, wanted, negated) -> wanted = '' OR if(negated = 1, value != wanted AND value != '(mixed)', value = wanted),
        Values, {stableValues:Array(String)}, {stableNegated:Array(UInt8)})
        AND (UnitTest OR NOT {stableTests:Bool}) AS IsStable,
      arrayAll(
        (value, wanted, negated) -> wanted = '' OR if(negated = 1, value != wanted AND value != '(mixed)', value = wanted),
        Values, {canaryValues:Array(String)}, {canaryNegated:Array(UInt8)})
        AND (UnitTest OR NOT {canaryTests:Bool}) AS IsCanary
    FROM (
      SELECT
        * EXCEPT (SpanAttributes, FlagAttributes, ResourceAttributes),
        mapUpdate(
          mapFilter((key, value) -> has({keys:Array(String)}, key), SpanAttributes),
          mapFilter((key, value) -> has({keys:Array(String)}, key), FlagAttributes)) AS Own,
        mapFilter((key, value) -> has({keys:Array(String)}, key), ResourceAttributes) AS Inherited
      FROM {requests:Identifier}
      WHERE Service = {service:String}
        AND Timestamp >= toDateTime64({from:UInt32}, 9) AND Timestamp < toDateTime64({to:UInt32}, 9)
        AND Tick IN (SELECT Tick FROM coalmine_closed WHERE Service = {service:String})
        AND (empty({audience:Array(String)}) OR has({audience:Array(String)}, SpanAttributes['coalmine.audience']))
    )
    GROUP BY Service, Tick, UnitOperation, TraceId
    HAVING IsStable OR IsCanary OR has(Values, '(mixed)')
  )
  GROUP BY tick, operation, cohort, test
  ORDER BY operation, tick`

/** Which variants the requests met, as `tickFlags`, for cohorts by any attributes. */
export const rawFlags = `
  SELECT
    cohort,
    operation,
    substring(pair.1, 15) AS flag,
    pair.2 AS variant,
    count() AS requests
  FROM (
    SELECT
      arrayAll(
        (key, fromResource, wanted, negated) -> wanted = '' OR (negated = 0) = (wanted = multiIf(
          fromResource = 0 AND SpanAttributes[key] != '', SpanAttributes[key],
          fromResource = 0 AND FlagAttributes[key] != '', FlagAttributes[key],
          ResourceAttributes[key])),
        {keys:Array(String)}, {fromResource:Array(UInt8)}, {stableValues:Array(String)}, {stableNegated:Array(UInt8)})
        AND (Test = {stableTests:Bool} OR (Test AND {traffic:String} = 'all')) AS IsStable,
      arrayAll(
        (key, fromResource, wanted, negated) -> wanted = '' OR (negated = 0) = (wanted = multiIf(
          fromResource = 0 AND SpanAttributes[key] != '', SpanAttributes[key],
          fromResource = 0 AND FlagAttributes[key] != '', FlagAttributes[key],
          ResourceAttributes[key])),
        {keys:Array(String)}, {fromResource:Array(UInt8)}, {canaryValues:Array(String)}, {canaryNegated:Array(UInt8)})
        AND (Test = {canaryTests:Bool} OR (Test AND {traffic:String} = 'all')) AS IsCanary,
      if(IsStable, 'stable', 'canary') AS cohort,
      if({calls:Bool} OR (Service, Operation) IN (SELECT Service, Operation FROM coalmine_operations),
        Operation, '(other)') AS Name,
      if({traffic:String} = 'all' AND Test, concat(Name, ' (test)'), Name) AS operation,
      FlagAttributes
    FROM {requests:Identifier}
    WHERE Service = {service:String}
      AND Timestamp >= toDateTime64({from:UInt32}, 9) AND Timestamp < toDateTime64({to:UInt32}, 9)
      AND Tick IN (SELECT Tick FROM coalmine_closed WHERE Service = {service:String})
      AND (empty({audience:Array(String)}) OR has({audience:Array(String)}, SpanAttributes['coalmine.audience']))
      AND IsStable != IsCanary
  )
  ARRAY JOIN arrayZip(mapKeys(FlagAttributes), mapValues(FlagAttributes)) AS pair
  GROUP BY cohort, operation, flag, variant
  ORDER BY cohort, operation, flag, variant
  SETTINGS max_execution_time = 10`

/** When the canary of a comparison first served, as `tickFirst`, from raw spans. */
export const rawFirst = `
  SELECT count() AS found, toUnixTimestamp(min(Tick)) AS tick
  FROM coalmine_requests
  WHERE Service = {service:String} AND Timestamp >= toDateTime64({from:UInt32}, 9)
    AND (Test = {canaryTests:Bool} OR (Test AND {traffic:String} = 'all'))
    AND (empty({audience:Array(String)}) OR has({audience:Array(String)}, SpanAttributes['coalmine.audience']))
    AND Tick IN (SELECT Tick FROM coalmine_closed WHERE Service = {service:String})
    AND arrayAll(
      (key, fromResource, wanted, negated) -> wanted = '' OR (negated = 0) = (wanted = multiIf(
        fromResource = 0 AND SpanAttributes[key] != '', SpanAttributes[key],
        fromResource = 0 AND FlagAttributes[key] != '', FlagAttributes[key],
        ResourceAttributes[key])),
      {keys:Array(String)}, {fromResource:Array(UInt8)}, {canaryValues:Array(String)}, {canaryNegated:Array(UInt8)})`
