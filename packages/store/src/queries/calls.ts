/**
 * The calls, spans of other services, that up to 100 requests of each cohort in one tick, of all or of one trace in so many,
 * answered: at which address, and how much later the requests start, in milliseconds, which is what a network takes unless
 * clocks differ. Calls are looked for a minute around the tick.
 */
export const callsInTick = `
  WITH Requests AS (
    SELECT
      TraceId,
      ParentSpanId,
      toUnixTimestamp64Micro(Timestamp) AS StartedAt,
      arrayMap(
        (key, fromResource) -> multiIf(
          fromResource = 0 AND SpanAttributes[key] != '', SpanAttributes[key],
          fromResource = 0 AND FlagAttributes[key] != '', FlagAttributes[key],
          ResourceAttributes[key]),
        {keys:Array(String)}, {fromResource:Array(UInt8)}) AS Seen,
      multiIf(
        arrayAll((value, wanted, negated) -> wanted = '' OR (negated = 0) = (value = wanted),
          Seen, {stableValues:Array(String)}, {stableNegated:Array(UInt8)}), 'stable',
        arrayAll((value, wanted, negated) -> wanted = '' OR (negated = 0) = (value = wanted),
          Seen, {canaryValues:Array(String)}, {canaryNegated:Array(UInt8)}), 'canary',
        '') AS cohort
    FROM coalmine_requests
    WHERE Service = {service:String} AND ParentSpanId NOT IN ('', '0000000000000000')
      AND Timestamp >= toDateTime64({from:UInt32}, 9) AND Timestamp < toDateTime64({to:UInt32}, 9) AND cohort != ''
      AND sipHash64(TraceId) % {oneIn:UInt32} = 0
    ORDER BY TraceId, SpanId
    LIMIT 100 BY cohort
  )
  SELECT cohort, Address AS address, groupArray((StartedAt - CalledAt) / 1000) AS skewsMs
  FROM Requests
  INNER JOIN (
    SELECT
      TraceId,
      SpanId,
      toUnixTimestamp64Micro(Timestamp) AS CalledAt,
      if(SpanAttributes['server.address'] = '', '',
        concat(SpanAttributes['server.address'], ':', SpanAttributes['server.port'])) AS Address
    FROM coalmine_traces
    WHERE ServiceName != {service:String} AND TraceId IN (SELECT TraceId FROM Requests)
      AND Timestamp >= toDateTime64({from:UInt32} - 60, 9) AND Timestamp < toDateTime64({to:UInt32} + 60, 9)
  ) AS Calls ON Calls.TraceId = Requests.TraceId AND Calls.SpanId = Requests.ParentSpanId
  GROUP BY cohort, address`

/** Calls of other services to addresses of one cohort each, and those that no request of the service answered. */
export const callsOfAddresses = `
  SELECT
    intDiv(toUnixTimestamp(Timestamp), 5) * 5 AS tick,
    if(has({stable:Array(String)},
      concat(SpanAttributes['server.address'], ':', SpanAttributes['server.port'])), 'stable', 'canary') AS cohort,
    uniqExact(SpanId) AS calls,
    uniqExactIf(SpanId, (TraceId, SpanId) NOT IN (
      SELECT TraceId, ParentSpanId
      FROM coalmine_requests
      WHERE Service = {service:String} AND ParentSpanId != ''
        AND Timestamp >= toDateTime64({from:UInt32} - 60, 9) AND Timestamp < toDateTime64({to:UInt32} + 60, 9))
    ) AS unanswered
  FROM coalmine_traces
  WHERE ServiceName != {service:String} AND SpanKind IN ('Client', 'SPAN_KIND_CLIENT')
    AND Timestamp >= toDateTime64({from:UInt32}, 9) AND Timestamp < toDateTime64({to:UInt32}, 9)
    AND has(arrayConcat({stable:Array(String)}, {canary:Array(String)}),
      concat(SpanAttributes['server.address'], ':', SpanAttributes['server.port']))
    AND tick IN (SELECT toUnixTimestamp(Tick) FROM coalmine_closed WHERE Service = {service:String})
  GROUP BY tick, cohort
  ORDER BY tick, cohort`
