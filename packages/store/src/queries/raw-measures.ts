/**
 * A comparison's own measures, one value for a unit, cohorts as in `rawTicks`. `measured` has one histogram for each, in
 * this order: attributes, numbers of the entry span; shares, 1 for an entry span that has all the pairs that are asked for
 * and none that are refused, else 0; calls, how many other spans of the service below it have. Such a span belongs to the
 * nearest entry span up its parents or, where these are not all there, to the last that started before it; spans are
 * looked for while the requests last, a minute at most. A unit has the sum, or the maximum, over its entry spans. Bucket
 * -32768 counts zeros, -32767 what is below zero; a unit that lacks the attribute, or has no number there, is in none. Of a
 * trace with several requests and more than 2000 spans of the service no calls are counted: finding whose they are takes the
 * square of that.
 */
export const rawMeasures = `
  SELECT
    toUnixTimestamp(Tick) AS tick,
    if({traffic:String} = 'all' AND UnitTest, concat(UnitOperation, ' (test)'), UnitOperation) AS operation,
    multiIf(
      IsStable AND IsCanary AND UnitTest AND {stableTests:Bool} != {canaryTests:Bool},
        if({stableTests:Bool}, 'stable', 'canary'),
      IsStable AND IsCanary, 'both', IsStable, 'stable', IsCanary, 'canary', 'mixed') AS cohort,
    UnitTest AS test,
    count() AS traces,
    sumMapForEach(arrayMap(
      value -> if(isNaN(value), CAST(map(), 'Map(Int32, UInt64)'), map(multiIf(
        value = 0, toInt32(-32768),
        value < 0, toInt32(-32767),
        toInt32(greatest(-32766, ceil(log2(value) * 32) - 1))), toUInt64(1))),
      UnitMeasured)) AS measured
  FROM (
    SELECT
      Tick,
      if((Service, Operation) IN (SELECT Service, Operation FROM coalmine_operations), Operation, '(other)')
        AS UnitOperation,
      max(Test) AS UnitTest,
      arraySort(groupUniqArray((SpanId, SpanMeasured))) AS UnitSpans,
      arrayMap(
        place -> arrayFilter(value -> NOT isNaN(value), arrayMap(span -> span.2[place], UnitSpans)),
        arrayEnumerate({reduces:Array(String)})) AS UnitNumbers,
      arrayMap(
        (numbers, reduce) -> multiIf(empty(numbers), nan, reduce = 'sum', arraySum(numbers), arrayMax(numbers)),
        UnitNumbers, {reduces:Array(String)}) AS UnitMeasured,
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
        Service, Tick, Operation, TraceId, SpanId, Test,
        mapUpdate(
          mapFilter((key, value) -> has({keys:Array(String)}, key), SpanAttributes),
          mapFilter((key, value) -> has({keys:Array(String)}, key), FlagAttributes)) AS Own,
        mapFilter((key, value) -> has({keys:Array(String)}, key), ResourceAttributes) AS Inherited,
        arrayConcat(
          arrayMap(
            key -> if(isFinite(toFloat64OrZero(SpanAttributes[key])), ifNull(toFloat64OrNull(SpanAttributes[key]), nan), nan),
            {attributes:Array(String)}),
          arrayMap(
            (asked, refused) -> toFloat64(hasAll(Pairs, asked) AND NOT hasAny(Pairs, refused)),
            {shares:Array(Array(Tuple(String, String)))}, {sharesNot:Array(Array(Tuple(String, String)))}),
          arrayMap(
            place -> toFloat64(arrayCount(call -> bitTest(call, place), Called)),
            range(length({calls:Array(Array(Tuple(String, String)))})))) AS SpanMeasured
      FROM (
        SELECT
          *,
          CAST(if(empty({shares:Array(Array(Tuple(String, String)))}),
            CAST(map(), 'Map(LowCardinality(String), String)'),
            mapUpdate(
              mapUpdate(mapUpdate(ResourceAttributes, FlagAttributes), SpanAttributes),
              map('span.name', SpanName, 'span.kind', lower(replaceOne(SpanKind, 'SPAN_KIND_', ''))))),
            'Array(Tuple(String, String))') AS Pairs
        FROM coalmine_requests
        WHERE Service = {service:String}
          AND Timestamp >= toDateTime64({from:UInt32}, 9) AND Timestamp < toDateTime64({to:UInt32}, 9)
          AND Tick IN (SELECT Tick FROM coalmine_closed WHERE Service = {service:String})
          AND (empty({audience:Array(String)}) OR has({audience:Array(String)}, SpanAttributes['coalmine.audience']))
      ) AS requests
      LEFT ANY JOIN (
        SELECT TraceId, Owner AS SpanId, groupArray(Call) AS Called
        FROM (
          SELECT
            TraceId,
            arraySort(groupUniqArray((Timestamp, -toInt64(Duration), SpanId, ParentSpanId, IsEntry, Call))) AS Spans,
            arrayFilter(span -> span.5, Spans) AS Entries,
            arrayFilter(span -> span.6 != 0, Spans) AS Calls,
            if(length(Entries) = 1 OR length(Spans) > 2000, CAST(map(), 'Map(String, String)'), arrayFold(
              (owners, span) -> mapUpdate(owners, if(span.5,
                map(span.3, span.3, '', span.3),
                map(span.3, if(owners[span.4] != '', owners[span.4], owners[''])))),
              Spans, CAST(map(), 'Map(String, String)'))) AS Owners,
            arrayMap(span -> if(Owners[span.3] != '', Owners[span.3], Entries[1].3), Calls) AS CallOwners
          FROM (
            SELECT
              TraceId, SpanId, ParentSpanId, Timestamp, Duration,
              SpanKind IN ('Server', 'Consumer', 'SPAN_KIND_SERVER', 'SPAN_KIND_CONSUMER')
                OR ParentSpanId IN ('', '0000000000000000') AS IsEntry,
              CAST(mapUpdate(mapUpdate(ResourceAttributes, SpanAttributes),
                map('span.name', SpanName, 'span.kind', lower(replaceOne(SpanKind, 'SPAN_KIND_', '')))),
                'Array(Tuple(String, String))') AS Pairs,
              if(IsEntry, 0, arraySum(arrayMap(
                (asked, refused, place) ->
                  bitShiftLeft(toUInt64(hasAll(Pairs, asked) AND NOT hasAny(Pairs, refused)), place - 1),
                {calls:Array(Array(Tuple(String, String)))}, {callsNot:Array(Array(Tuple(String, String)))},
                arrayEnumerate({calls:Array(Array(Tuple(String, String)))})))) AS Call
            FROM coalmine_traces
            WHERE notEmpty({calls:Array(Array(Tuple(String, String)))}) AND ServiceName = {service:String}
              AND Timestamp >= toDateTime64({from:UInt32}, 9)
              AND Timestamp <= (
                SELECT max(addNanoseconds(Timestamp, least(Duration, 60000000000)))
                FROM coalmine_traces
                WHERE notEmpty({calls:Array(Array(Tuple(String, String)))}) AND ServiceName = {service:String}
                  AND Timestamp >= toDateTime64({from:UInt32}, 9) AND Timestamp < toDateTime64({to:UInt32}, 9))
          )
          GROUP BY TraceId
          HAVING notEmpty(Calls) AND (length(Entries) = 1 OR (notEmpty(Entries) AND length(Spans) <= 2000))
        )
        ARRAY JOIN Calls.6 AS Call, CallOwners AS Owner
        GROUP BY TraceId, Owner
      ) AS calls USING (TraceId, SpanId)
    )
    GROUP BY Service, Tick, UnitOperation, TraceId
    HAVING IsStable OR IsCanary OR has(Values, '(mixed)')
  )
  GROUP BY tick, operation, cohort, test
  ORDER BY operation, tick`
