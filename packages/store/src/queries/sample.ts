/**
 * How the requests of some ticks, all or one trace in so many, were measured, by cohort: the spans below them, who made their spans, how they were
 * sampled (the `th` of their trace state, '' where it has none), and for how many targeting decided one of `flags`.
 */
export const sampleOfTicks = `
  SELECT
    cohort,
    Threshold AS threshold,
    Scope AS scope,
    count() AS requests,
    countIf(Failed) AS errors,
    countIf(Targeted) AS targeted,
    sum(Below.Spans) AS children
  FROM (
    SELECT
      TraceId,
      any(TraceState) AS State,
      extract(State, 'ot=[^,]*th:([0-9a-f]+)') AS Threshold,
      any(ScopeName) AS Scope,
      max(IsError) AS Failed,
      max(hasAny(splitByChar(';', SpanAttributes['coalmine.flags.targeted']), {flags:Array(String)})) AS Targeted,
      groupUniqArray(arrayMap(
        (key, fromResource) -> multiIf(
          fromResource = 0 AND SpanAttributes[key] != '', SpanAttributes[key],
          fromResource = 0 AND FlagAttributes[key] != '', FlagAttributes[key],
          ResourceAttributes[key]),
        {keys:Array(String)}, {fromResource:Array(UInt8)})) AS Seen,
      multiIf(length(Seen) > 1, '',
        arrayAll((value, wanted, negated) -> wanted = '' OR (negated = 0) = (value = wanted),
          Seen[1], {stableValues:Array(String)}, {stableNegated:Array(UInt8)}), 'stable',
        arrayAll((value, wanted, negated) -> wanted = '' OR (negated = 0) = (value = wanted),
          Seen[1], {canaryValues:Array(String)}, {canaryNegated:Array(UInt8)}), 'canary',
        '') AS cohort
    FROM coalmine_requests
    WHERE Service = {service:String}
      AND ({traffic:String} = 'all' OR {stableTests:Bool} OR {canaryTests:Bool} OR NOT Test)
      AND (empty({audience:Array(String)}) OR has({audience:Array(String)}, SpanAttributes['coalmine.audience']))
      AND Timestamp >= toDateTime64({from:UInt32}, 9) AND Timestamp < toDateTime64({to:UInt32}, 9)
      AND toUnixTimestamp(Tick) IN {ticks:Array(UInt32)}
      AND sipHash64(TraceId) % {oneIn:UInt32} = 0
    GROUP BY TraceId
    HAVING cohort != ''
  ) AS Requests
  LEFT JOIN (
    SELECT TraceId, uniqExact(sipHash64(SpanId)) AS Spans
    FROM coalmine_traces
    WHERE ServiceName = {service:String}
      AND Timestamp >= toDateTime64({from:UInt32}, 9) AND Timestamp < toDateTime64({to:UInt32}, 9)
      AND intDiv(toUnixTimestamp(Timestamp), 5) * 5 IN {ticks:Array(UInt32)}
      AND sipHash64(TraceId) % {oneIn:UInt32} = 0
      AND SpanKind NOT IN ('Server', 'Consumer', 'SPAN_KIND_SERVER', 'SPAN_KIND_CONSUMER')
      AND ParentSpanId NOT IN ('', '0000000000000000')
    GROUP BY TraceId
  ) AS Below USING TraceId
  GROUP BY cohort, threshold, scope`

/**
 * In how many traces of each cohort a span of the service, by its kind and name, lies below the requests of some ticks, all
 * or one trace in so many; and, where `all`, how many traces there are. Spans are looked for some seconds on.
 */
export const spansBelow = `
  WITH Requests AS (
    SELECT
      TraceId,
      min(toUnixTimestamp(Tick)) AS tick,
      groupUniqArray(arrayMap(
        (key, fromResource) -> multiIf(
          fromResource = 0 AND SpanAttributes[key] != '', SpanAttributes[key],
          fromResource = 0 AND FlagAttributes[key] != '', FlagAttributes[key],
          ResourceAttributes[key]),
        {keys:Array(String)}, {fromResource:Array(UInt8)})) AS Seen,
      multiIf(length(Seen) > 1, '',
        arrayAll((value, wanted, negated) -> wanted = '' OR (negated = 0) = (value = wanted),
          Seen[1], {stableValues:Array(String)}, {stableNegated:Array(UInt8)}), 'stable',
        arrayAll((value, wanted, negated) -> wanted = '' OR (negated = 0) = (value = wanted),
          Seen[1], {canaryValues:Array(String)}, {canaryNegated:Array(UInt8)}), 'canary',
        '') AS cohort
    FROM coalmine_requests
    WHERE Service = {service:String}
      AND ({traffic:String} = 'all' OR {stableTests:Bool} OR {canaryTests:Bool} OR NOT Test)
      AND (empty({audience:Array(String)}) OR has({audience:Array(String)}, SpanAttributes['coalmine.audience']))
      AND Timestamp >= toDateTime64({from:UInt32}, 9) AND Timestamp < toDateTime64({to:UInt32}, 9)
      AND toUnixTimestamp(Tick) IN {ticks:Array(UInt32)}
      AND sipHash64(TraceId) % {oneIn:UInt32} = 0
    GROUP BY TraceId
    HAVING cohort != ''
  )
  SELECT tick, cohort, span.1 AS all, span.2 AS kind, span.3 AS name, count() AS traces
  FROM Requests
  LEFT JOIN (
    SELECT TraceId, groupUniqArray((false, lower(replaceOne(SpanKind, 'SPAN_KIND_', '')), SpanName)) AS Spans
    FROM coalmine_traces
    WHERE ServiceName = {service:String} AND TraceId IN (SELECT TraceId FROM Requests)
      AND Timestamp >= toDateTime64({from:UInt32}, 9) AND Timestamp < toDateTime64({to:UInt32} + {onSeconds:UInt32}, 9)
      AND SpanKind NOT IN ('Server', 'Consumer', 'SPAN_KIND_SERVER', 'SPAN_KIND_CONSUMER')
      AND ParentSpanId NOT IN ('', '0000000000000000')
    GROUP BY TraceId
  ) AS Below USING TraceId
  ARRAY JOIN arrayPushFront(Spans, (true, '', '')) AS span
  GROUP BY tick, cohort, all, kind, name
  ORDER BY all DESC, kind, name
  LIMIT {mostRows:UInt32}`
