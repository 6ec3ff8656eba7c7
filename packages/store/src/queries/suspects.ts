/**
 * Why a canary is worse, in four statements over raw spans of at most one operation ('' is all of them). The first: what is
 * slow, in nanoseconds, and what is typical of the slow ones of each cohort.
 */
export const slowFrom = `
  SELECT
    quantileExactIf(0.95)(Duration, IsStable) AS stable,
    quantileExactIf(0.95)(Duration, IsCanary) AS canary
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
      if({calls:Bool} OR (Service, Operation) IN (SELECT Service, Operation FROM coalmine_operations),
        Operation, '(other)') AS Name,
      Duration
    FROM {requests:Identifier}
    WHERE Service = {service:String}
      AND Timestamp >= toDateTime64({from:UInt32}, 9) AND Timestamp < toDateTime64({to:UInt32}, 9)
      AND Tick IN (SELECT Tick FROM coalmine_closed WHERE Service = {service:String})
      AND (empty({audience:Array(String)}) OR has({audience:Array(String)}, SpanAttributes['coalmine.audience']))
      AND IsStable != IsCanary
      AND ({operation:String} = '' OR {operation:String} = if({traffic:String} = 'all' AND Test, concat(Name, ' (test)'), Name))
  )
  SETTINGS max_execution_time = 10, max_memory_usage = 1000000000`

/**
 * The second: which attributes the canary's requests have, the most frequent first, each with its most frequent values. An
 * attribute of too many values is an id, and one that all requests have with the same value tells nothing apart.
 */
export const attributesMet = `
  SELECT pair.1 AS key, topK(20)(pair.2) AS values
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
      if({calls:Bool} OR (Service, Operation) IN (SELECT Service, Operation FROM coalmine_operations),
        Operation, '(other)') AS Name,
      mapUpdate(ResourceAttributes, mapUpdate(SpanAttributes, FlagAttributes)) AS Marks
    FROM {requests:Identifier}
    WHERE Service = {service:String}
      AND Timestamp >= toDateTime64({from:UInt32}, 9) AND Timestamp < toDateTime64({to:UInt32}, 9)
      AND Tick IN (SELECT Tick FROM coalmine_closed WHERE Service = {service:String})
      AND (empty({audience:Array(String)}) OR has({audience:Array(String)}, SpanAttributes['coalmine.audience']))
      AND IsStable != IsCanary
      AND ({operation:String} = '' OR {operation:String} = if({traffic:String} = 'all' AND Test, concat(Name, ' (test)'), Name)) AND IsCanary
  )
  ARRAY JOIN arrayZip(mapKeys(Marks), mapValues(Marks)) AS pair
  WHERE key NOT IN {withoutKeys:Array(String)}
  GROUP BY key
  HAVING uniq(pair.2) <= 1000
  ORDER BY count() DESC, key
  LIMIT 50
  SETTINGS max_execution_time = 10, max_memory_usage = 1000000000`

/**
 * The third: units and bad units by attribute, cohort and block of time; '' is every unit. A unit has the attributes of its
 * slowest span, and is in no cohort when its spans disagree on that.
 */
export const badByAttribute = `
  SELECT
    pair.1 AS key,
    pair.2 AS value,
    if(InCanary, 'canary', 'stable') AS cohort,
    groupArray(Block) AS blocks,
    groupArray(Units) AS units,
    groupArray(BadUnits) AS bad
  FROM (
    SELECT pair, InCanary, Block, count() AS Units, countIf(Bad) AS BadUnits
    FROM (
      SELECT
        max(IsCanary) AS InCanary,
        intDiv(toUnixTimestamp(Tick), {blockSeconds:UInt32}) AS Block,
        multiIf({bad:String} = 'slow', max(Duration) > {slowFrom:UInt64}, {bad:String} = 'failed', max(IsError),
          max(IsClientError)) AS Bad,
        argMax(Pairs, Duration) AS UnitPairs
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
          if({calls:Bool} OR (Service, Operation) IN (SELECT Service, Operation FROM coalmine_operations),
            Operation, '(other)') AS Name,
          Tick, TraceId, Duration, IsError, IsClientError,
          mapUpdate(ResourceAttributes, mapUpdate(SpanAttributes, FlagAttributes)) AS Marks,
          arrayFilter(pair -> Marks[pair.1] = pair.2,
            arrayZip({pairKeys:Array(String)}, {pairValues:Array(String)})) AS Pairs
        FROM {requests:Identifier}
        WHERE Service = {service:String}
          AND Timestamp >= toDateTime64({from:UInt32}, 9) AND Timestamp < toDateTime64({to:UInt32}, 9)
          AND Tick IN (SELECT Tick FROM coalmine_closed WHERE Service = {service:String})
          AND (empty({audience:Array(String)}) OR has({audience:Array(String)}, SpanAttributes['coalmine.audience']))
          AND IsStable != IsCanary
          AND ({operation:String} = '' OR {operation:String} = if({traffic:String} = 'all' AND Test, concat(Name, ' (test)'), Name))
      )
      GROUP BY Tick, Name, TraceId
      HAVING min(IsCanary) = max(IsCanary)
    )
    ARRAY JOIN arrayPushFront(UnitPairs, ('', '')) AS pair
    GROUP BY pair, InCanary, Block
  )
  GROUP BY key, value, cohort
  SETTINGS max_execution_time = 10, max_memory_usage = 1000000000`

/** The fourth: traces to look at, of what is bad in the canary and of what is usual in stable, typical ones first. */
export const typicalTraces = `
  SELECT
    if(IsCanary, 'canary', 'stable') AS cohort,
    TraceId AS traceId,
    toUnixTimestamp64Milli(argMax(Timestamp, Duration)) AS startMs,
    max(Duration) / 1e9 AS seconds
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
      if({calls:Bool} OR (Service, Operation) IN (SELECT Service, Operation FROM coalmine_operations),
        Operation, '(other)') AS Name,
      TraceId, Timestamp, Duration, IsError, IsClientError
    FROM {requests:Identifier}
    WHERE Service = {service:String}
      AND Timestamp >= toDateTime64({from:UInt32}, 9) AND Timestamp < toDateTime64({to:UInt32}, 9)
      AND Tick IN (SELECT Tick FROM coalmine_closed WHERE Service = {service:String})
      AND (empty({audience:Array(String)}) OR has({audience:Array(String)}, SpanAttributes['coalmine.audience']))
      AND IsStable != IsCanary
      AND ({operation:String} = '' OR {operation:String} = if({traffic:String} = 'all' AND Test, concat(Name, ' (test)'), Name))
  )
  WHERE multiIf({bad:String} = 'slow', true, {bad:String} = 'failed', IsError = IsCanary, IsClientError = IsCanary)
  GROUP BY cohort, traceId
  ORDER BY
    if({bad:String} = 'slow',
      abs(seconds - if(cohort = 'canary', {canaryTypical:UInt64}, {stableTypical:UInt64}) / 1e9), -toFloat64(startMs)),
    traceId
  LIMIT 3 BY cohort
  SETTINGS max_execution_time = 10, max_memory_usage = 1000000000`
