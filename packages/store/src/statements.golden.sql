-- changes.ts: keepChange
  INSERT INTO coalmine_changes (
    Id, Kind, Service, Version, Flag, What, Author, MergedBy, Commit, Url, Environment, Changes, CommittedAt, At, Source)
  SELECT
    {id:String}, {kind:String}, {service:String}, {version:String}, {flag:String}, {what:String}, {author:String},
    {mergedBy:String}, {commit:String}, {url:String}, {environment:String}, {changes:UInt32},
    fromUnixTimestamp64Milli({committedMs:Int64}), fromUnixTimestamp64Milli({atMs:Int64}), {source:String};

-- changes.ts: keptChanges
  SELECT
    Id AS id, Kind AS kind, Service AS service, Version AS version, Flag AS flag, What AS what, Author AS author,
    MergedBy AS mergedBy, Commit AS commit, Url AS url, Environment AS environment, Changes AS changes,
    toUnixTimestamp64Milli(CommittedAt) AS committedMs, toUnixTimestamp64Milli(At) AS atMs, Source AS source
  FROM (
    SELECT *
    FROM coalmine_changes
    WHERE {service:String} = '' OR Service IN ('', {service:String})
    ORDER BY Kept DESC
    LIMIT 1 BY Service, Id
  )
  WHERE At >= fromUnixTimestamp64Milli({sinceMs:Int64}) AND At < fromUnixTimestamp64Milli({untilMs:Int64})
  ORDER BY At DESC, Id
  LIMIT {limit:UInt32};

-- changes.ts: servingBuilds
  SELECT Service AS service, Build AS version
  FROM coalmine_ticks
  WHERE FlagKey = '' AND NOT Test AND Build != '' AND Tick >= fromUnixTimestamp({since:UInt32})
    AND (Service, Build) NOT IN (SELECT Service, Version FROM coalmine_changes WHERE Source = 'spans')
  GROUP BY service, version
  ORDER BY service, version
  LIMIT 100;

-- comparison-events.ts: keepEvent
  INSERT INTO coalmine_comparison_events
  SELECT
    {comparison:String}, {number:UInt32}, fromUnixTimestamp64Milli({atMs:Int64}), {kind:String}, {told:String},
    {verdict:String};

-- comparison-events.ts: knownComparisons
  SELECT
    Comparison AS comparison, Number AS number, toUnixTimestamp64Milli(At) AS atMs, Kind AS kind, Told AS told
  FROM (
    SELECT
      Comparison, Number, At, Kind, Told,
      min(Number) OVER one AS FirstNumber, max(Number) OVER one AS LastNumber, min(At) OVER one AS Began
    FROM coalmine_comparison_events
    WHERE Comparison IN (
      SELECT Comparison
      FROM coalmine_comparison_events
      WHERE At >= fromUnixTimestamp64Milli({sinceMs:Int64}))
    WINDOW one AS (PARTITION BY Comparison)
  )
  WHERE Number IN (FirstNumber, LastNumber)
  ORDER BY Began DESC, Comparison, Number
  LIMIT 2000;

-- comparison-events.ts: eventsOfComparison
  SELECT
    Comparison AS comparison, Number AS number, toUnixTimestamp64Milli(At) AS atMs, Kind AS kind, Told AS told
  FROM coalmine_comparison_events
  WHERE Comparison = {comparison:String} AND Number > {after:UInt32}
  ORDER BY Number;

-- comparison-events.ts: newestVerdict
  SELECT Verdict AS verdict
  FROM coalmine_comparison_events
  WHERE Comparison = {comparison:String} AND Verdict != ''
  ORDER BY Number DESC
  LIMIT 1;

-- comparison-views.ts: keepView
  INSERT INTO coalmine_comparison_views
  SELECT {comparison:String}, now64(3), {view:String};

-- comparison-views.ts: newestView
  SELECT View AS view
  FROM coalmine_comparison_views
  WHERE Comparison = {comparison:String}
  ORDER BY At DESC
  LIMIT 1;

-- engine/incoming.ts: createIncoming
  CREATE OR REPLACE TABLE <table> (
    Timestamp DateTime64(9),
    TraceId String,
    SpanId String,
    ParentSpanId String,
    TraceState String,
    SpanName String,
    SpanKind String,
    ServiceName String,
    ResourceAttributes Map(String, String),
    ScopeName String,
    ScopeVersion String,
    SpanAttributes Map(String, String),
    Duration UInt64,
    StatusCode String,
    StatusMessage String,
    EventTimes Array(DateTime64(9)),
    EventNames Array(String),
    EventAttributes Array(Map(String, String)),
    LinkTraceIds Array(String),
    LinkSpanIds Array(String),
    LinkTraceStates Array(String),
    LinkAttributes Array(Map(String, String))
  )
  ENGINE = File(RowBinary);

-- engine/incoming.ts: incomingPaths
  SELECT name AS table, data_paths[1] AS file
  FROM system.tables
  WHERE database = currentDatabase() AND name IN ('coalmine_incoming', 'coalmine_incoming_too');

-- engine/incoming.ts: insertIncoming
  INSERT INTO otel_traces (
    Timestamp, TraceId, SpanId, ParentSpanId, TraceState, SpanName, SpanKind, ServiceName, ResourceAttributes, ScopeName,
    ScopeVersion, SpanAttributes, Duration, StatusCode, StatusMessage, Events.Timestamp, Events.Name, Events.Attributes,
    Links.TraceId, Links.SpanId, Links.TraceState, Links.Attributes
  )
  SELECT * FROM <table>;

-- engine/incoming.ts: insertRowBinary
  INSERT INTO <table> (
    Timestamp, TraceId, SpanId, ParentSpanId, TraceState, SpanName, SpanKind, ServiceName, ResourceAttributes, ScopeName,
    ScopeVersion, SpanAttributes, Duration, StatusCode, StatusMessage, Events.Timestamp, Events.Name, Events.Attributes,
    Links.TraceId, Links.SpanId, Links.TraceState, Links.Attributes
  ) FORMAT RowBinary;

-- engine/incoming.ts: insertJson
  INSERT INTO <table> FORMAT JSONEachRow;

-- engine/incoming.ts: insertJsonLines
  INSERT INTO <table> SETTINGS input_format_skip_unknown_fields = 1, insert_deduplication_token = '<token>'
  FORMAT JSONEachRow
<rows>;

-- engine/limits.ts: limitReads
SET max_memory_usage = 2000000000, max_execution_time = 120, max_query_size = 50000000;

-- engine/limits.ts: limitWrites
SET max_partitions_per_insert_block = 0, max_bytes_before_external_group_by = 1000000000, max_query_size = 50000000;

-- engine/limits.ts: limitInserts
SET max_partitions_per_insert_block = 0;

-- engine/limits.ts: stopMerges
SYSTEM STOP MERGES;

-- engine/limits.ts: startMerges
SYSTEM START MERGES;

-- engine/limits.ts: partsPutAside
  SELECT table, name FROM system.detached_parts
  WHERE database = currentDatabase() AND startsWith(reason, 'broken') ORDER BY table, name;

-- engine/limits.ts: definitionsInMemory
SET fsync_metadata = 0;

-- engine/limits.ts: incomingTables
SELECT name, engine_full AS made FROM system.tables WHERE database = currentDatabase() AND name IN ('otel_traces', 'otel_logs');

-- engine/parquet.ts: createParquet
CREATE OR REPLACE TABLE coalmine_parquet AS file({file:String}, 'Parquet');

-- engine/parquet.ts: createFirstRow
CREATE TEMPORARY TABLE coalmine_first_row AS SELECT {row:UInt64} AS Row;

-- engine/parquet.ts: parquetColumns
  SELECT name, type
  FROM system.columns
  WHERE database = currentDatabase() AND table = 'coalmine_parquet'
  ORDER BY position;

-- engine/parquet.ts: readParquet
  SELECT _row_number, *
  FROM coalmine_parquet
  WHERE _row_number >= (SELECT Row FROM coalmine_first_row)
  SETTINGS
    input_format_parquet_preserve_order = 1,
    session_timezone = 'UTC',
    date_time_output_format = 'unix_timestamp',
    output_format_json_quote_64bit_integers = 1,
    output_format_json_quote_decimals = 1,
    output_format_json_named_tuples_as_objects = 1,
    max_memory_usage = 2000000000;

-- engine/parquet.ts: dropParquet
DROP TABLE IF EXISTS coalmine_parquet;

-- engine/remote.ts: serverFacts
  SELECT version() AS version, getSetting('readonly') AS readonly;

-- engine/remote.ts: fixedSettings
  SELECT
    toString(getSetting('output_format_json_quote_64bit_integers')) IN ('1', 'true') AS quotesNumbers,
    toString(getSetting('allow_experimental_analyzer')) IN ('1', 'true') AS analyzes;

-- imports.ts: rememberImport
  INSERT INTO coalmine_imports (File, Line, Bytes, Finished, Totals)
  SELECT {file:String}, {line:UInt64}, {bytes:UInt64}, {finished:Bool}, {totals:String};

-- imports.ts: importSoFar
  SELECT Line AS line, Bytes AS bytes, Finished AS finished, Totals AS totals
  FROM coalmine_imports
  WHERE File = {file:String}
  ORDER BY At DESC
  LIMIT 1;

-- ingest/closing.ts: unnamedOperations
  SELECT
    Service AS service,
    Operation AS operation,
    count() AS requests,
    sumMap([toUnixTimestamp(toStartOfHour(Tick))], [toUInt64(1)]) AS byHour,
    byHour.1 AS hours,
    byHour.2 AS inHours
  FROM coalmine_requests
  WHERE Service IN {services:Array(String)}
  AND Timestamp >= toDateTime64({since:UInt32}, 9) AND Timestamp < toDateTime64({to:UInt32}, 9)
  AND EndedAt >= toDateTime64({from:UInt32}, 9) AND EndedAt < toDateTime64({to:UInt32}, 9)
  AND (Service, toUnixTimestamp(Tick)) IN arrayZip({services:Array(String)}, {ticks:Array(UInt32)})
    AND (Service, Operation) NOT IN (
      SELECT Service, Operation
      FROM coalmine_operation_hours
      WHERE Service IN {services:Array(String)}
        AND Hour >= fromUnixTimestamp(toUInt32(greatest(0, toInt64({from:UInt32}) - 90000)))
        AND Hour < fromUnixTimestamp({to:UInt32})
      GROUP BY Service, Operation
      ORDER BY sum(Requests) DESC, Operation
      LIMIT 500 BY Service)
  GROUP BY service, operation
  ORDER BY requests DESC, operation
  LIMIT 500 BY service;

-- ingest/closing.ts: operationBudgets
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
  GROUP BY Service;

-- ingest/closing.ts: countUnnamed
  INSERT INTO coalmine_operation_hours
  SELECT row.1 AS Service, row.2 AS Operation, fromUnixTimestamp(row.3) AS Hour, row.4 AS Requests
  FROM (
    SELECT arrayJoin(arrayZip({services:Array(String)}, {operations:Array(String)}, {hours:Array(UInt32)}, {requests:Array(UInt64)})) AS row
  );

-- ingest/closing.ts: countNamed
  INSERT INTO coalmine_operation_hours
  SELECT Service, Operation, toStartOfHour(Tick) AS Hour, sum(Requests) AS Requests
  FROM coalmine_ticks
  WHERE Service IN {services:Array(String)} AND FlagKey = '' AND Operation != '(other)'
    AND Tick >= fromUnixTimestamp({from:UInt32}) AND Tick < fromUnixTimestamp({to:UInt32}) AND Batch = {batch:UInt64}
  GROUP BY Service, Operation, Hour;

-- ingest/closing.ts: countNamedAnew
  INSERT INTO coalmine_operation_hours
  SELECT Service, Operation, toStartOfHour(Tick) AS Hour, sum(Requests) AS Requests
  FROM coalmine_ticks
  WHERE Service IN {services:Array(String)} AND FlagKey = '' AND Operation != '(other)'
    AND Tick >= fromUnixTimestamp({from:UInt32}) AND Tick < fromUnixTimestamp({to:UInt32}) AND Batch = {batch:UInt64}
        AND (Service, Operation, toStartOfHour(Tick)) NOT IN (
          SELECT Service, Operation, Hour FROM coalmine_operation_hours
          WHERE Service IN {services:Array(String)}
            AND Hour >= toStartOfHour(fromUnixTimestamp({from:UInt32})) AND Hour < fromUnixTimestamp({to:UInt32})
        )
  GROUP BY Service, Operation, Hour;

-- ingest/closing.ts: unnamedRequests
  SELECT Service AS service, sumIf(Requests, Operation = '(other)') AS unnamed, sum(Requests) AS requests
  FROM coalmine_ticks
  WHERE Service IN {services:Array(String)} AND FlagKey = ''
    AND Tick >= fromUnixTimestamp({from:UInt32}) AND Tick < fromUnixTimestamp({to:UInt32}) AND Batch = {batch:UInt64}
  GROUP BY service
  HAVING unnamed > 0;

-- ingest/closing.ts: closeTicks
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
    splitByChar('\0', Flag)[1] AS FlagKey,
    splitByChar('\0', Flag)[2] AS FlagVariant,
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
        arrayDistinct(arrayMap(flag -> concat(splitByChar('\0', flag)[1], '\0'),
          arrayDistinct(arrayFilter(flag -> flag != '',
            arrayFlatten(arrayMap(flags -> splitByChar('\x01', flags), FlagSets)))) AS UnitFlags))
      ), '\x01')) AS Flags,
      UnitTest AS Test,
      sum(UnitSpans) AS Spans,
      count() AS Units,
      countIf(UnitError) AS ErrorUnits,
      countIf(UnitClientCode != 0) AS ClientErrorUnits,
      countIf(UnitInnerError AND NOT UnitError AND UnitClientCode = 0) AS InnerErrorUnits,
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
        if((Service, Operation) IN (
          SELECT Service, Operation
          FROM coalmine_operation_hours
          WHERE Service IN {services:Array(String)}
            AND Hour >= fromUnixTimestamp(toUInt32(greatest(0, toInt64({from:UInt32}) - 90000)))
            AND Hour < fromUnixTimestamp({to:UInt32})
          GROUP BY Service, Operation
          ORDER BY sum(Requests) DESC, Operation
          LIMIT 500 BY Service), Operation, '(other)')
          AS UnitOperation,
        uniqExact(sipHash64(SpanId)) AS UnitSpans,
        max(Bucket) AS UnitBucket,
        max(IsError) AS UnitError,
        max(ClientCode) AS UnitClientCode,
        max(HasException OR arrayExists(
          one -> one.1 = Service AND one.2 >= Timestamp AND one.2 <= EndedAt, InnerErrors)) AS UnitInnerError,
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
        WHERE Service IN {services:Array(String)}
        AND Timestamp >= toDateTime64({since:UInt32}, 9) AND Timestamp < toDateTime64({to:UInt32}, 9)
        AND EndedAt >= toDateTime64({from:UInt32}, 9) AND EndedAt < toDateTime64({to:UInt32}, 9)
        AND (Service, toUnixTimestamp(Tick)) IN arrayZip({services:Array(String)}, {ticks:Array(UInt32)})
      ) AS requests
      LEFT ANY JOIN (
        SELECT TraceId, groupUniqArray(1000)((ServiceName, Timestamp)) AS InnerErrors
        FROM coalmine_traces
        WHERE ServiceName IN {services:Array(String)}
          AND Timestamp >= toDateTime64({since:UInt32}, 9) AND Timestamp < toDateTime64({to:UInt32}, 9)
          AND SpanKind NOT IN ('Server', 'Consumer', 'SPAN_KIND_SERVER', 'SPAN_KIND_CONSUMER')
          AND (StatusCode IN ('Error', 'STATUS_CODE_ERROR') OR has(Events.Name, 'exception'))
        GROUP BY TraceId
      ) AS below USING (TraceId)
      GROUP BY Service, Tick, UnitOperation, TraceId, Build
    )
    GROUP BY GROUPING SETS ((Service, Tick, Operation, Build, Test, Flags), (Service, Tick, Operation, Build, Test, Instance))
  )
  ARRAY JOIN if(OfInstance = 1,
    if(Instance = '', [], [concat('(instance)\0', Instance)]),
    arrayPushFront(arrayFilter(flag -> flag != '' AND NOT startsWith(flag, '\0') AND NOT startsWith(flag, '(instance)\0'),
      splitByChar('\x01', Flags)), ''))
    AS Flag
  GROUP BY Service, Tick, Operation, Build, FlagKey, FlagVariant, Test;

-- ingest/closing.ts: engineTime
  SELECT toString(toUnixTimestamp64Nano(now64(9))) AS began, toUnixTimestamp64Milli(now64(3)) AS beganMs;

-- ingest/closing.ts: commitTicks
  INSERT INTO coalmine_closed (Service, Tick, Batch, ClosedAt)
  SELECT
    pair.1 AS Service,
    fromUnixTimestamp(pair.2) AS Tick,
    {batch:UInt64} AS Batch,
    fromUnixTimestamp64Nano({began:Int64}) AS ClosedAt
  FROM (SELECT arrayJoin(arrayZip({services:Array(String)}, {ticks:Array(UInt32)})) AS pair);

-- ingest/closing.ts: countLate
  INSERT INTO coalmine_late
  SELECT row.1 AS Service, fromUnixTimestamp(row.2) AS Tick, row.3 AS Spans
  FROM (
    SELECT arrayJoin(arrayZip({services:Array(String)}, {ticks:Array(UInt32)}, {spans:Array(UInt64)})) AS row
  );

-- ingest/closing.ts: closedTicks
  SELECT Service AS service, groupUniqArray(toUnixTimestamp(Tick)) AS ticks FROM coalmine_closed GROUP BY Service;

-- ingest/closing.ts: closedSince
  SELECT Service AS service, toUnixTimestamp(Tick) AS tick, toUnixTimestamp64Milli(max(ClosedAt)) AS beganMs
  FROM coalmine_closed
  WHERE Tick >= fromUnixTimestamp({from:UInt32}) AND ClosedAt >= fromUnixTimestamp64Milli({sinceMs:Int64})
  GROUP BY service, tick;

-- ingest/closing.ts: unclosedTicks
  SELECT service, tick, spans, since
  FROM (
    SELECT
      ServiceName AS service,
      toUnixTimestamp(Tick) AS tick,
      count() AS spans,
      toUnixTimestamp(min(Timestamp)) AS since
    FROM coalmine_traces
    WHERE Timestamp >= toDateTime64({since:UInt32}, 9) AND Timestamp < toDateTime64({to:UInt32}, 9)
    AND EndedAt >= toDateTime64({from:UInt32}, 9) AND EndedAt < toDateTime64({to:UInt32}, 9)
      AND ({service:String} = '' OR ServiceName = {service:String})
    GROUP BY service, tick
  )
  WHERE (service, tick) NOT IN (
    SELECT Service, toUnixTimestamp(Tick)
    FROM coalmine_closed
    LEFT JOIN coalmine_reopened AS reopened USING (Service, Tick)
    WHERE Tick >= fromUnixTimestamp({from:UInt32}) AND Tick < fromUnixTimestamp({to:UInt32})
    GROUP BY Service, Tick
    HAVING max(ClosedAt) > max(reopened.At));

-- ingest/closing.ts: insertedSoFar
  SELECT sum(Rows) AS rows, sum(Blocks) AS blocks
  FROM (
    SELECT sum(rows) AS Rows, max(max_block_number) AS Blocks
    FROM system.parts
    WHERE active AND database = currentDatabase() AND table = 'otel_traces'
    GROUP BY partition_id);

-- ingest/closing.ts: reopenedTicks
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
  GROUP BY service, tick;

-- ingest/closing.ts: reopenTicks
  INSERT INTO coalmine_reopened (Service, Tick)
  SELECT pair.1 AS Service, fromUnixTimestamp(pair.2) AS Tick
  FROM (SELECT arrayJoin(arrayZip({services:Array(String)}, {ticks:Array(UInt32)})) AS pair);

-- ingest/run-ticks.ts: testedServices
  SELECT DISTINCT Service AS service
  FROM coalmine_ticks
  WHERE Service IN {services:Array(String)} AND FlagKey = '' AND Test
    AND Tick >= fromUnixTimestamp({from:UInt32}) AND Tick < fromUnixTimestamp({to:UInt32}) AND Batch = {batch:UInt64};

-- ingest/run-ticks.ts: notedTicks
  SELECT Service AS service, toUnixTimestamp(Tick) AS tick
  FROM coalmine_run_ticks
  WHERE Service IN {services:Array(String)} AND Tick >= fromUnixTimestamp({from:UInt32}) AND Tick < fromUnixTimestamp({to:UInt32});

-- ingest/run-ticks.ts: noteTicks
  INSERT INTO coalmine_run_ticks (Service, Tick)
  SELECT pair.1 AS Service, fromUnixTimestamp(pair.2) AS Tick
  FROM (SELECT arrayJoin(arrayZip({services:Array(String)}, {ticks:Array(UInt32)})) AS pair);

-- ingest/run-ticks.ts: closeRuns
  INSERT INTO coalmine_runs (
    Service, Quarter, Test, Run, Operation, Requests, Errors, Spans, Owner, Expires, FirstStart, LastEnd, Entities, Flags, Writes)
  SELECT
    Service,
    toStartOfFifteenMinutes(Tick) AS Quarter,
    Test,
    if(Test, substringUTF8(SpanAttributes['coalmine.test.run'], 1, 200), '') AS Run,
    if(IsEntry AND Test, if((Service, Operation) IN (
      SELECT Service, Operation
      FROM coalmine_operation_hours
      WHERE Service IN {services:Array(String)}
        AND Hour >= fromUnixTimestamp(toUInt32(greatest(0, toInt64({from:UInt32}) - 90000)))
        AND Hour < fromUnixTimestamp({to:UInt32})
      GROUP BY Service, Operation
      ORDER BY sum(Requests) DESC, Operation
      LIMIT 500 BY Service), Operation, '(other)'), '') AS RunOperation,
    countIf(IsEntry),
    countIf(IsEntry AND IsError),
    count(),
    max(SpanAttributes['coalmine.test.owner']),
    max(SpanAttributes['coalmine.test.expires']),
    min(Timestamp),
    max(EndedAt),
    groupUniqArrayIf(100)(substringUTF8(SpanAttributes['coalmine.test.entity'], 1, 200),
      Test AND SpanAttributes['coalmine.test.entity'] != ''),
    arraySort(groupUniqArrayArray(200)(if(Test,
      arrayMap(flag -> replaceOne(flag, '\0', '='),
        arrayFilter(flag -> flag != '' AND NOT startsWith(flag, '\0'), splitByChar('\x01', FlagSet))),
      []))),
    mapFromArrays(arraySlice(mapKeys(sumMapIf(map(Target, toUInt64(1)), Target != '') AS AllWrites), 1, 100),
      arraySlice(mapValues(AllWrites), 1, 100))
  FROM (
    SELECT
      *,
      SpanKind IN ('Server', 'Consumer', 'SPAN_KIND_SERVER', 'SPAN_KIND_CONSUMER')
        OR ParentSpanId IN ('', '0000000000000000') AS IsEntry,
      multiIf(
        SpanKind IN ('Producer', 'SPAN_KIND_PRODUCER'),
          trimRight(concat(SpanAttributes['messaging.system'], ' ', multiIf(
            SpanAttributes['messaging.destination.template'] != '', SpanAttributes['messaging.destination.template'],
            SpanAttributes['messaging.destination.name']))),
        multiIf(SpanAttributes['db.system.name'] != '', SpanAttributes['db.system.name'], SpanAttributes['db.system']) != '' AND upper(multiIf(
          SpanAttributes['db.operation.name'] != '', SpanAttributes['db.operation.name'],
          SpanAttributes['db.operation'] != '', SpanAttributes['db.operation'],
          extract(multiIf(SpanAttributes['db.query.text'] != '', SpanAttributes['db.query.text'], SpanAttributes['db.statement']), '^\\s*(\\w+)'))) IN ('INSERT', 'UPDATE', 'DELETE', 'REPLACE', 'MERGE', 'UPSERT', 'COPY', 'TRUNCATE', 'SET', 'SETEX', 'HSET', 'HMSET',
            'LPUSH', 'RPUSH', 'SADD', 'ZADD', 'INCR', 'INCRBY', 'DECR', 'DEL', 'XADD', 'INSERTONE', 'INSERTMANY', 'UPDATEONE', 'UPDATEMANY',
            'DELETEONE', 'DELETEMANY', 'FINDANDMODIFY', 'PUTITEM', 'UPDATEITEM', 'DELETEITEM', 'BATCHWRITEITEM', 'INDEX', 'BULK'),
          trimRight(concat(multiIf(SpanAttributes['db.system.name'] != '', SpanAttributes['db.system.name'], SpanAttributes['db.system']), ' ',
            SpanAttributes['server.address'], if(SpanAttributes['server.address'] = '', '', '/'),
            multiIf(
              SpanAttributes['db.namespace'] != '', SpanAttributes['db.namespace'], SpanAttributes['db.name']), if(multiIf(
                SpanAttributes['db.namespace'] != '', SpanAttributes['db.namespace'], SpanAttributes['db.name']) = '' OR multiIf(
                  SpanAttributes['db.collection.name'] != '', SpanAttributes['db.collection.name'],
                  SpanAttributes['db.sql.table'] != '', SpanAttributes['db.sql.table'],
                  SpanAttributes['db.mongodb.collection'] != '', SpanAttributes['db.mongodb.collection'],
                  extract(multiIf(SpanAttributes['db.query.text'] != '', SpanAttributes['db.query.text'], SpanAttributes['db.statement']), '(?i)^\\s*(?:INSERT\\s+INTO|UPDATE|DELETE\\s+FROM|REPLACE\\s+INTO)\\s+([^\\s(]+)')) = '', '', '.'), multiIf(
                    SpanAttributes['db.collection.name'] != '', SpanAttributes['db.collection.name'],
                    SpanAttributes['db.sql.table'] != '', SpanAttributes['db.sql.table'],
                    SpanAttributes['db.mongodb.collection'] != '', SpanAttributes['db.mongodb.collection'],
                    extract(multiIf(SpanAttributes['db.query.text'] != '', SpanAttributes['db.query.text'], SpanAttributes['db.statement']), '(?i)^\\s*(?:INSERT\\s+INTO|UPDATE|DELETE\\s+FROM|REPLACE\\s+INTO)\\s+([^\\s(]+)')))),
        '') AS Target
    FROM coalmine_spans
    WHERE Service IN {services:Array(String)}
    AND Timestamp >= toDateTime64({since:UInt32}, 9) AND Timestamp < toDateTime64({to:UInt32}, 9)
    AND EndedAt >= toDateTime64({from:UInt32}, 9) AND EndedAt < toDateTime64({to:UInt32}, 9)
    AND (Service, toUnixTimestamp(Tick)) IN arrayZip({services:Array(String)}, {ticks:Array(UInt32)})
      AND (Test OR Target != '')
    LIMIT 1 BY TraceId, SpanId
  )
  GROUP BY Service, Quarter, Test, Run, RunOperation;

-- ingest/summed-flag-days.ts: unsummedFlagDays
  SELECT Service AS service, toUnixTimestamp(Day) AS day, toString(Hours) AS hours
  FROM (
    SELECT Service, toStartOfDay(Hour) AS Day, sum(cityHash64(Hour, Newest)) AS Hours
    FROM (
      
      SELECT Service, Hour, argMax(Sum, At) AS Newest
      FROM coalmine_summed_flag_hours
      WHERE ({service:String} = '' OR Service = {service:String})
        AND Hour >= fromUnixTimestamp({from:UInt32}) AND Hour < fromUnixTimestamp({to:UInt32})
      GROUP BY Service, Hour
    )
    GROUP BY Service, Day
  ) AS there
  LEFT JOIN (
    SELECT Service, Day, argMax(Hours, At) AS Summed
    FROM coalmine_summed_flag_days
    WHERE ({service:String} = '' OR Service = {service:String})
      AND Day >= fromUnixTimestamp({from:UInt32}) AND Day < fromUnixTimestamp({to:UInt32})
    GROUP BY Service, Day
  ) AS summed USING (Service, Day)
  WHERE Hours != Summed
  ORDER BY day DESC, service;

-- ingest/summed-flag-days.ts: sumFlagDay
  INSERT INTO coalmine_flag_days (
    Sum, Service, Day, Environment, Build, Flag, Variant, Requests, FirstTick, LastTick)
  SELECT
    {sum:UInt64}, Service, fromUnixTimestamp({from:UInt32}), Environment, Build, Flag, Variant,
    sum(Requests), min(FirstTick), max(LastTick)
  FROM coalmine_flag_hours
  WHERE Service IN {services:Array(String)}
    AND Hour >= fromUnixTimestamp({from:UInt32}) AND Hour < fromUnixTimestamp({to:UInt32})
    AND (Service, Hour, Sum) IN (
      
      SELECT Service, Hour, argMax(Sum, At) AS Newest
      FROM coalmine_summed_flag_hours
      WHERE ({service:String} = '' OR Service = {service:String})
        AND Hour >= fromUnixTimestamp({from:UInt32}) AND Hour < fromUnixTimestamp({to:UInt32})
      GROUP BY Service, Hour
    )
  GROUP BY Service, Environment, Build, Flag, Variant;

-- ingest/summed-flag-days.ts: commitFlagDay
  INSERT INTO coalmine_summed_flag_days (Service, Day, Sum, Hours)
  SELECT row.1 AS Service, fromUnixTimestamp({from:UInt32}) AS Day, {sum:UInt64} AS Sum, toUInt64(row.2) AS Hours
  FROM (SELECT arrayJoin(arrayZip({services:Array(String)}, {hours:Array(String)})) AS row);

-- ingest/summed-flag-hours.ts: sumFlagHours
  INSERT INTO coalmine_flag_hours (
    Sum, Service, Hour, Environment, Build, Flag, Variant, Requests, FirstTick, LastTick)
  SELECT {sum:UInt64}, Service, Hour, Environment, Build, Flag, Variant, Requests, FirstTick, LastTick
  FROM (
    SELECT
      Service,
      Hour,
      Environment,
      Build,
      splitByChar('\0', OneFlag)[1] AS Flag,
      splitByChar('\0', OneFlag)[2] AS Variant,
      sum(Spans) AS Requests,
      min(SetFirst) AS FirstTick,
      max(SetLast) AS LastTick
    FROM (
      SELECT
        Service,
        toStartOfHour(Tick) AS Hour,
        if(ResourceAttributes['deployment.environment.name'] != '',
          ResourceAttributes['deployment.environment.name'], ResourceAttributes['deployment.environment']) AS Environment,
        Build,
        FlagSet,
        count() AS Spans,
        min(Tick) AS SetFirst,
        max(Tick) AS SetLast
      FROM coalmine_requests
      WHERE Service IN {services:Array(String)} AND (Service, toUnixTimestamp(toStartOfHour(Tick))) IN arrayZip({services:Array(String)}, {hours:Array(UInt32)})
        AND Timestamp >= toDateTime64({since:UInt32}, 9) AND Timestamp < toDateTime64({to:UInt32}, 9)
        AND EndedAt >= toDateTime64({from:UInt32}, 9) AND EndedAt < toDateTime64({to:UInt32}, 9)
        AND NOT Test
      GROUP BY Service, Hour, Environment, Build, FlagSet
    )
    ARRAY JOIN arrayPushFront(
      arrayFilter(flag -> flag != '' AND NOT startsWith(flag, '\0'), splitByChar('\x01', FlagSet)), '') AS OneFlag
    GROUP BY Service, Hour, Environment, Build, Flag, Variant
  );

-- ingest/summed-flag-hours.ts: commitFlagHours
  INSERT INTO coalmine_summed_flag_hours (Service, Hour, Sum, Closings)
  SELECT row.1 AS Service, fromUnixTimestamp(row.2) AS Hour, {sum:UInt64} AS Sum, toUInt64(row.3) AS Closings
  FROM (
    SELECT arrayJoin(arrayZip({services:Array(String)}, {hours:Array(UInt32)}, {closings:Array(String)})) AS row);

-- ingest/summed-flag-hours.ts: closingsOfFlagHours
  SELECT
    Service AS service,
    toUnixTimestamp(toStartOfHour(Tick)) AS hour,
    toString(sum(cityHash64(Tick, Batch))) AS closings
  FROM coalmine_closed
  WHERE Service IN {services:Array(String)}
    AND Tick >= fromUnixTimestamp({from:UInt32}) AND Tick < fromUnixTimestamp({to:UInt32})
    AND (Service, toUnixTimestamp(toStartOfHour(Tick))) IN arrayZip({services:Array(String)}, {hours:Array(UInt32)})
  GROUP BY service, hour;

-- ingest/summed-hours.ts: unsummedHours
  SELECT Service AS service, toUnixTimestamp(Hour) AS hour
  FROM (
    
    SELECT Service, toStartOfHour(Tick) AS Hour, sum(cityHash64(Tick, Batch)) AS Closings
    FROM coalmine_closed
    WHERE ({service:String} = '' OR Service = {service:String})
      AND Tick >= fromUnixTimestamp({from:UInt32}) AND Tick < fromUnixTimestamp({to:UInt32})
    GROUP BY Service, Hour
  ) AS there
  LEFT JOIN (
    SELECT Service, Hour, argMax(Closings, At) AS Summed
    FROM coalmine_summed_hours
    WHERE ({service:String} = '' OR Service = {service:String})
      AND Hour >= fromUnixTimestamp({from:UInt32}) AND Hour < fromUnixTimestamp({to:UInt32})
    GROUP BY Service, Hour
  ) AS summed USING (Service, Hour)
  WHERE Closings != Summed
  ORDER BY hour DESC, service;

-- ingest/summed-hours.ts: unsummedFlagHours
  SELECT Service AS service, toUnixTimestamp(Hour) AS hour
  FROM (
    
    SELECT Service, toStartOfHour(Tick) AS Hour, sum(cityHash64(Tick, Batch)) AS Closings
    FROM coalmine_closed
    WHERE ({service:String} = '' OR Service = {service:String})
      AND Tick >= fromUnixTimestamp({from:UInt32}) AND Tick < fromUnixTimestamp({to:UInt32})
    GROUP BY Service, Hour
  ) AS there
  LEFT JOIN (
    SELECT Service, Hour, argMax(Closings, At) AS Summed
    FROM coalmine_summed_flag_hours
    WHERE ({service:String} = '' OR Service = {service:String})
      AND Hour >= fromUnixTimestamp({from:UInt32}) AND Hour < fromUnixTimestamp({to:UInt32})
    GROUP BY Service, Hour
  ) AS summed USING (Service, Hour)
  WHERE Closings != Summed
  ORDER BY hour DESC, service;

-- ingest/summed-hours.ts: sumHours
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
  GROUP BY Hour, Operation, Build, Bucket;

-- ingest/summed-hours.ts: commitHours
  INSERT INTO coalmine_summed_hours (Service, Hour, Sum, Closings)
  SELECT {service:String} AS Service, fromUnixTimestamp(row.1) AS Hour, {sum:UInt64} AS Sum, toUInt64(row.2) AS Closings
  FROM (SELECT arrayJoin(arrayZip({hours:Array(UInt32)}, {closings:Array(String)})) AS row);

-- ingest/summed-hours.ts: closingsOfHours
  SELECT toUnixTimestamp(Hour) AS hour, toString(Closings) AS closings
  FROM (
    
    SELECT Service, toStartOfHour(Tick) AS Hour, sum(cityHash64(Tick, Batch)) AS Closings
    FROM coalmine_closed
    WHERE ({service:String} = '' OR Service = {service:String})
      AND Tick >= fromUnixTimestamp({from:UInt32}) AND Tick < fromUnixTimestamp({to:UInt32})
    GROUP BY Service, Hour
  )
  WHERE hour IN {hours:Array(UInt32)};

-- memory.ts: comparisonStart
  SELECT toUnixTimestamp(argMin(Start, FirstLook)) AS start, count() AS looks
  FROM coalmine_comparisons
  WHERE Service = {service:String} AND Stable = {stable:String} AND Canary = {canary:String};

-- memory.ts: rememberComparison
  INSERT INTO coalmine_comparisons
  SELECT {service:String}, {stable:String}, {canary:String}, fromUnixTimestamp({start:UInt32}), now64(3);

-- memory.ts: rememberLook
  INSERT INTO coalmine_looks
  SELECT {service:String}, {stable:String}, {canary:String}, fromUnixTimestamp({end:UInt32}), now64(3);

-- memory.ts: looksSoFar
  SELECT countIf(first <= this) AS look
  FROM (
    SELECT DataEnd, min(At) AS first, anyIf(first, DataEnd = fromUnixTimestamp({end:UInt32})) OVER () AS this
    FROM coalmine_looks
    WHERE Service = {service:String} AND Stable = {stable:String} AND Canary = {canary:String}
    GROUP BY DataEnd);

-- memory.ts: rememberVerdict
  INSERT INTO coalmine_verdicts
  SELECT {service:String}, {stable:String}, {canary:String}, {verdict:String}, now64(3)
  WHERE (
    SELECT argMax(Verdict, At) FROM coalmine_verdicts WHERE Service = {service:String} AND Canary = {canary:String}
  ) != {verdict:String};

-- memory.ts: failedCanaries
  SELECT Canary AS canary
  FROM coalmine_verdicts
  WHERE Service = {service:String}
  GROUP BY Canary
  HAVING argMax(Verdict, At) = 'fail'
  ORDER BY max(At) DESC, Canary
  LIMIT 20;

-- memory.ts: tickFirst
  SELECT count() AS found, toUnixTimestamp(min(Tick)) AS tick
  FROM coalmine_ticks
  WHERE Service = {service:String} AND FlagKey = {flagKey:String}
    AND ({traffic:String} = 'all' OR Test = ({traffic:String} = 'test'))
    AND (Tick, Batch) IN (
      SELECT Tick, argMax(Batch, ClosedAt) FROM coalmine_closed WHERE Service = {service:String} GROUP BY Tick)
    AND ({byBuild:Bool} = false OR Build = {canaryBuild:String}) AND FlagVariant = {canaryVariant:String};

-- memory.ts: rawFirst
  SELECT count() AS found, toUnixTimestamp(min(Tick)) AS tick
  FROM (
    SELECT
      ServiceName AS Service,
      Tick,
      Timestamp,
      SpanAttributes,
      ResourceAttributes,
      SpanAttributes['coalmine.test'] = 'true' AS Test
    FROM coalmine_traces
    WHERE SpanKind IN ('Server', 'Consumer', 'SPAN_KIND_SERVER', 'SPAN_KIND_CONSUMER')
      OR ParentSpanId IN ('', '0000000000000000')
  )
  WHERE Service = {service:String} AND Timestamp >= toDateTime64({from:UInt32}, 9)
    AND Tick IN (SELECT Tick FROM coalmine_closed WHERE Service = {service:String})
    AND (empty({audience:Array(String)}) OR has({audience:Array(String)}, SpanAttributes['coalmine.audience']))
    AND if(SpanAttributes[{key1:String}] != '', SpanAttributes[{key1:String}], ResourceAttributes[{key1:String}]) = {canary1:String}
    AND (Test = {canaryTests:Bool} OR (Test AND {traffic:String} = 'all'));

-- memory.ts: flagVerdicts
  SELECT
    Service AS service, Stable AS stable, Canary AS canary,
    argMax(Verdict, At) AS verdict, toUnixTimestamp64Milli(max(At)) AS atMs
  FROM coalmine_verdicts
  WHERE ({service:String} = '' OR Service = {service:String}) AND position(Canary, 'flag:') > 0
  GROUP BY service, stable, canary
  ORDER BY atMs DESC, service, stable, canary
  LIMIT 1000;

-- notifications.ts: keepNotifications
  INSERT INTO coalmine_notifications
  SELECT row.1, row.2, row.3, fromUnixTimestamp64Milli(row.4), row.5, row.6, row.7
  FROM (
    SELECT arrayJoin(arrayZip(
      {ids:Array(String)}, {targets:Array(String)}, {numbers:Array(UInt64)}, {times:Array(Int64)},
      {states:Array(String)}, {messages:Array(String)}, {notes:Array(String)})) AS row);

-- notifications.ts: pendingNotifications
  SELECT waiting.Id AS id, waiting.Target AS target, waiting.Number AS number, waiting.AtMs AS atMs, said.Message AS message
  FROM (
    SELECT Id, Target, min(Number) AS Number, toUnixTimestamp64Milli(min(At)) AS AtMs
    FROM coalmine_notifications
    WHERE At >= fromUnixTimestamp64Milli({sinceMs:Int64}) AND Target != ''
    GROUP BY Id, Target
    HAVING groupUniqArray(State) = ['queued']
  ) AS waiting
  INNER JOIN (
    SELECT Id, any(Message) AS Message
    FROM coalmine_notifications
    WHERE At >= fromUnixTimestamp64Milli({sinceMs:Int64}) AND Target = ''
    GROUP BY Id
  ) AS said ON waiting.Id = said.Id
  ORDER BY waiting.Number, waiting.Target;

-- notifications.ts: toldNotifications
  SELECT
    Id AS id, '' AS target, min(Number) AS number, toUnixTimestamp64Milli(min(At)) AS atMs, 'told' AS state,
    any(Message) AS message, '' AS note
  FROM coalmine_notifications
  WHERE At >= fromUnixTimestamp64Milli({sinceMs:Int64}) AND Target = ''
  GROUP BY Id
  ORDER BY number;

-- notifications.ts: recentNotifications
  SELECT
    Id AS id, Target AS target, max(Number) AS number, toUnixTimestamp64Milli(max(At)) AS atMs,
    argMax(State, (At, State != 'queued')) AS state, '' AS message, argMax(Note, (At, State != 'queued')) AS note
  FROM coalmine_notifications
  WHERE Target != ''
  GROUP BY id, target
  ORDER BY number DESC, target
  LIMIT {limit:UInt32};

-- opening.ts: mayWrite
  INSERT INTO coalmine_comparisons SELECT * FROM coalmine_comparisons WHERE false;

-- read/budget-counts.ts: lastClosed
  SELECT if(count() = 0, 0, toUnixTimestamp(max(Tick)) + 5) AS until FROM coalmine_closed WHERE Service = {service:String};

-- read/budget-counts.ts: operationsSeen
  SELECT Operation AS operation
  FROM coalmine_operation_hours
  WHERE Service = {service:String}
    AND Hour >= fromUnixTimestamp(toUInt32(greatest(0, toInt64({until:UInt32}) - 90000)))
    AND Hour < fromUnixTimestamp({until:UInt32})
  GROUP BY Operation
  ORDER BY sum(Requests) DESC, Operation
  LIMIT 100;

-- read/budget-counts.ts: closedServices
SELECT DISTINCT Service AS service FROM coalmine_closed ORDER BY service;

-- read/budget-counts.ts: countBad
  SELECT
    operation,
    if(lastAt >= {until:UInt32} - 21600, buildAt, '') AS build,
    lastAt >= {until:UInt32} - 21600 AS recent,
    min(firstAt) AS first,
    sumForEach(sums) AS counts,
    mapKeys(sumMap(ofDay) AS days) AS hours,
    mapValues(days) AS requests
  FROM (
    SELECT
      Operation AS operation,
      Build AS buildAt,
      min(At) AS firstAt,
      max(At) AS lastAt,
      [
        sumIf(Counted, At >= {until:UInt32} - 300), sumIf(Bad, At >= {until:UInt32} - 300),
        sumIf(Counted, At >= {until:UInt32} - 3600), sumIf(Bad, At >= {until:UInt32} - 3600),
        sumIf(Counted, At >= {until:UInt32} - 21600), sumIf(Bad, At >= {until:UInt32} - 21600),
        sumIf(Counted, At >= intDiv({until:UInt32} - 259200, 3600) * 3600),
        sumIf(Bad, At >= intDiv({until:UInt32} - 259200, 3600) * 3600),
        sumIf(Counted, At >= WindowFrom), sumIf(Bad, At >= WindowFrom)
      ] AS sums,
      sumMapIf(map(toUInt8(intDiv(At, 3600) % 24), Counted), IsWholeHour) AS ofDay
    FROM (
      SELECT
        Operation,
        Build,
        toUnixTimestamp(Hour) AS At,
        transform(Operation, {operations:Array(String)}, {froms:Array(UInt32)}, {fromElse:UInt32}) AS WindowFrom,
        sum(Traces) AS Counted,
        sum(if(Bucket > transform(Operation, {operations:Array(String)}, {slows:Array(Int16)}, {slowElse:Int16}), Traces, Errors)) AS Bad,
        At >= {ticks:UInt32} - 604800 AS IsWholeHour
      FROM coalmine_hours
      WHERE Service = {service:String}
        AND (empty({operations:Array(String)}) OR Operation IN {operations:Array(String)})
        AND Hour >= fromUnixTimestamp({from:UInt32}) AND Hour < fromUnixTimestamp({ticks:UInt32})
        AND toUnixTimestamp(Hour) NOT IN {unsummed:Array(UInt32)}
        AND (Hour, Sum) IN (
          SELECT Hour, argMax(Sum, At)
          FROM coalmine_summed_hours
          WHERE Service = {service:String}
          GROUP BY Hour)
      GROUP BY Operation, Build, Hour
      UNION ALL
      SELECT
        Operation,
        Build,
        toUnixTimestamp(Tick) AS At,
        transform(Operation, {operations:Array(String)}, {froms:Array(UInt32)}, {fromElse:UInt32}) AS WindowFrom,
        Traces AS Counted,
        if(transform(Operation, {operations:Array(String)}, {slows:Array(Int16)}, {slowElse:Int16}) = 32767, Errors, toUInt64(
          Errors + arraySum((bucket, n) -> if(bucket > transform(Operation, {operations:Array(String)}, {slows:Array(Int16)}, {slowElse:Int16}), n, 0), mapKeys(Latency), mapValues(Latency))
            - arraySum((bucket, n) -> if(bucket > transform(Operation, {operations:Array(String)}, {slows:Array(Int16)}, {slowElse:Int16}), n, 0), mapKeys(ErrorLatency), mapValues(ErrorLatency)))) AS Bad,
        At < {ticks:UInt32} AND At >= {ticks:UInt32} - 604800 AS IsWholeHour
      FROM coalmine_ticks
      WHERE Service = {service:String} AND FlagKey = '' AND NOT Test
        AND (empty({operations:Array(String)}) OR Operation IN {operations:Array(String)})
        AND Tick >= fromUnixTimestamp({from:UInt32}) AND Tick < fromUnixTimestamp({until:UInt32})
        AND (Tick >= fromUnixTimestamp({ticks:UInt32})
          OR toUnixTimestamp(toStartOfHour(Tick)) IN {unsummed:Array(UInt32)})
        AND (Tick, Batch) IN (
          SELECT Tick, argMax(Batch, ClosedAt)
          FROM coalmine_closed
          WHERE Service = {service:String}
            AND Tick >= fromUnixTimestamp({from:UInt32}) AND Tick < fromUnixTimestamp({until:UInt32})
            AND (Tick >= fromUnixTimestamp({ticks:UInt32})
              OR toUnixTimestamp(toStartOfHour(Tick)) IN {unsummed:Array(UInt32)})
          GROUP BY Tick)
    )
    GROUP BY operation, buildAt
  )
  GROUP BY operation, build, recent
  ORDER BY operation, recent, build;

-- read/builds-served.ts: servedBuilds
  SELECT
    Build AS version,
    sum(Requests) AS requests,
    toUnixTimestamp(min(Tick)) AS first,
    toUnixTimestamp(max(Tick)) AS last
  FROM coalmine_ticks
  WHERE Service = {service:String} AND FlagKey = '' AND NOT Test AND Build != '' AND (Tick, Batch) IN (
    SELECT Tick, argMax(Batch, ClosedAt) FROM coalmine_closed WHERE Service = {service:String} GROUP BY Tick)
  GROUP BY version
  ORDER BY first DESC, version
  LIMIT {limit:UInt32};

-- read/builds-served.ts: newestOfEach
  SELECT
    Service AS service,
    max(Last) AS last,
    toUInt32(countIf(Build != '')) AS count,
    arrayReverseSort(arrayFilter(one -> one.2 != '', groupArray((First, Build, Last)))) AS newest,
    arrayMap(one -> one.2, arraySlice(newest, 1, {most:UInt32})) AS versions,
    arrayMap(one -> one.1, arraySlice(newest, 1, {most:UInt32})) AS firsts,
    arrayMap(one -> one.3, arraySlice(newest, 1, {most:UInt32})) AS lasts
  FROM (
    SELECT Service, Build, toUnixTimestamp(min(Tick)) AS First, toUnixTimestamp(max(Tick)) AS Last
    FROM coalmine_ticks
    WHERE FlagKey = '' AND NOT Test
    GROUP BY Service, Build
  )
  GROUP BY service
  ORDER BY service
  LIMIT {services:UInt32};

-- read/builds-served.ts: sharedRequests
  SELECT
    Build AS version,
    intDiv(toUnixTimestamp(Tick) - {from:UInt32}, {binSeconds:UInt32}) AS bin,
    sum(Requests) AS requests
  FROM coalmine_ticks
  WHERE Service = {service:String} AND FlagKey = '' AND NOT Test
    AND Tick >= fromUnixTimestamp({from:UInt32}) AND Tick < fromUnixTimestamp({to:UInt32})
    AND (Tick, Batch) IN (
      SELECT Tick, argMax(Batch, ClosedAt) FROM coalmine_closed WHERE Service = {service:String} GROUP BY Tick)
  GROUP BY version, bin;

-- read/builds-served.ts: buildMarks
  SELECT
    anyIf(ResourceAttributes['vcs.ref.head.revision'], ResourceAttributes['vcs.ref.head.revision'] != '') AS commit,
    anyIf(ResourceAttributes['vcs.repository.url.full'], ResourceAttributes['vcs.repository.url.full'] != '') AS repository,
    anyIf(ResourceAttributes['vcs.change.id'], ResourceAttributes['vcs.change.id'] != '') AS change,
    anyIf(ResourceAttributes['coalmine.change.author'], ResourceAttributes['coalmine.change.author'] != '') AS author,
    anyIf(ResourceAttributes['coalmine.change.merger'], ResourceAttributes['coalmine.change.merger'] != '') AS mergedBy,
    anyIf(ResourceAttributes['coalmine.change.count'], ResourceAttributes['coalmine.change.count'] != '') AS changes,
    anyIf(ResourceAttributes['deployment.environment.name'], ResourceAttributes['deployment.environment.name'] != '')
      AS environment
  FROM (
    SELECT ResourceAttributes
    FROM coalmine_traces
    WHERE ServiceName = {service:String}
      AND Timestamp >= toDateTime64({from:UInt32}, 9) AND Timestamp < toDateTime64({to:UInt32}, 9)
      AND if(SpanAttributes['service.version'] != '',
        SpanAttributes['service.version'], ResourceAttributes['service.version']) = {version:String}
    LIMIT 1000
  );

-- read/builds.ts: buildsSeen
  SELECT
    Build AS build,
    toUnixTimestamp64Milli(min(FirstEnd)) AS firstMs,
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
  GROUP BY build;

-- read/calls.ts: callsOfAddresses
  SELECT
    toUnixTimestamp(Tick) AS tick,
    if(has({stable:Array(String)},
      concat(SpanAttributes['server.address'], ':', SpanAttributes['server.port'])), 'stable', 'canary') AS cohort,
    uniqExact(SpanId) AS calls,
    uniqExactIf(SpanId, (TraceId, SpanId) NOT IN (
      SELECT TraceId, ParentSpanId
      FROM coalmine_requests
      WHERE Service = {service:String} AND ParentSpanId != ''
        AND Timestamp >= toDateTime64({since:UInt32} - 60, 9) AND Timestamp < toDateTime64({to:UInt32} + 60, 9))
    ) AS unanswered
  FROM coalmine_traces
  WHERE ServiceName != {service:String} AND SpanKind IN ('Client', 'SPAN_KIND_CLIENT')
    AND Timestamp >= toDateTime64({since:UInt32}, 9) AND Timestamp < toDateTime64({to:UInt32}, 9)
    AND EndedAt >= toDateTime64({from:UInt32}, 9) AND EndedAt < toDateTime64({to:UInt32}, 9)
    AND has(arrayConcat({stable:Array(String)}, {canary:Array(String)}),
      concat(SpanAttributes['server.address'], ':', SpanAttributes['server.port']))
    AND Tick IN (SELECT Tick FROM coalmine_closed WHERE Service = {service:String})
  GROUP BY tick, cohort
  ORDER BY tick, cohort;

-- read/change-marks.ts: marksOfChange
  SELECT
    max(Marks['vcs.ref.head.revision']) AS commit,
    max(Marks['vcs.repository.url.full']) AS repository,
    max(Marks['vcs.change.id']) AS change,
    max(Marks['coalmine.change.author']) AS author,
    max(Marks['coalmine.change.merger']) AS merger
  FROM (
    SELECT ResourceAttributes AS Marks
    FROM (
      SELECT
        ServiceName AS Service,
        Timestamp,
        SpanAttributes,
        ResourceAttributes,
        SpanAttributes['coalmine.test'] = 'true' AS Test
      FROM coalmine_traces
      WHERE SpanKind IN ('Server', 'Consumer', 'SPAN_KIND_SERVER', 'SPAN_KIND_CONSUMER')
        OR ParentSpanId IN ('', '0000000000000000')
    )
    WHERE Service = {service:String} AND Timestamp >= toDateTime64({from:UInt32}, 9)
      AND if(SpanAttributes[{key1:String}] != '', SpanAttributes[{key1:String}], ResourceAttributes[{key1:String}]) = {canary1:String}
      AND (Test = {canaryTests:Bool} OR (Test AND {traffic:String} = 'all'))
    LIMIT 1000);

-- read/cohort-bad.ts: badOfCohorts
  SELECT
    Operation AS operation,
    ({byBuild:Bool} = false OR Build = {stableBuild:String}) AND FlagVariant = {stableVariant:String} AS ofStable,
    sum(Traces) AS requests,
    sum(Errors
      + arraySum((bucket, n) -> if(bucket > {slow:Int16}, n, 0), mapKeys(Latency), mapValues(Latency))
      - arraySum((bucket, n) -> if(bucket > {slow:Int16}, n, 0), mapKeys(ErrorLatency), mapValues(ErrorLatency))) AS bad
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
  GROUP BY operation, ofStable
  ORDER BY operation, ofStable;

-- read/doctor.ts: knownOperations
  SELECT Operation AS operation, sum(Requests) AS requests
  FROM coalmine_ticks
  WHERE Service = {service:String} AND FlagKey = '' AND toUnixTimestamp(Tick) >= {from:UInt32}
    AND (Tick, Batch) IN (
      SELECT Tick, argMax(Batch, ClosedAt) FROM coalmine_closed WHERE Service = {service:String} GROUP BY Tick)
  GROUP BY operation
  ORDER BY requests DESC, operation
  LIMIT 501;

-- read/doctor.ts: operationKinds
  SELECT
    replaceRegexpAll(extract(Operation, '^[^/]*(?:/[^/]*)?'), '[0-9]+', '#') AS kind,
    count() AS names,
    sum(InDay) AS requests,
    sum(count()) OVER () AS all
  FROM (
    SELECT Operation, sum(Requests) AS InDay
    FROM coalmine_operation_hours
    WHERE Service = {service:String}
      AND Hour > (SELECT max(Hour) - INTERVAL 1 DAY FROM coalmine_operation_hours WHERE Service = {service:String})
    GROUP BY Operation
  )
  GROUP BY kind
  ORDER BY names DESC, kind
  LIMIT 5;

-- read/doctor.ts: doctor
  SELECT
    count() AS spans,
    toUnixTimestamp64Milli(min(Timestamp)) AS firstMs,
    toUnixTimestamp64Milli(max(Timestamp)) AS lastMs,
    countIf(SpanKind IN ('Server', 'Consumer', 'SPAN_KIND_SERVER', 'SPAN_KIND_CONSUMER')
      OR ParentSpanId IN ('', '0000000000000000')) AS requests,
    countIf(SpanAttributes['service.version'] != '' OR ResourceAttributes['service.version'] != '') AS withBuild,
    countIf(SpanAttributes['coalmine.flags'] != ''
      OR arrayExists(key -> startsWith(key, 'coalmine.flag.'), mapKeys(SpanAttributes))) AS withFlags,
    countIf((SpanKind IN ('Server', 'Consumer', 'SPAN_KIND_SERVER', 'SPAN_KIND_CONSUMER')
      OR ParentSpanId IN ('', '0000000000000000')) AND SpanAttributes['coalmine.test'] = 'true') AS test,
    countIf(SpanKind IN ('Server', 'SPAN_KIND_SERVER')
      AND (SpanAttributes['http.request.method'] != '' OR SpanAttributes['http.method'] != '')
      AND SpanAttributes['http.route'] = '') AS withoutRoute,
    groupUniqArray(20)(if(SpanAttributes['service.version'] != '',
      SpanAttributes['service.version'], ResourceAttributes['service.version'])) AS builds,
    groupUniqArrayArray(10000)(arrayConcat(
      arrayMap(key -> substring(key, 15),
        arrayFilter(key -> startsWith(key, 'coalmine.flag.'), mapKeys(SpanAttributes))),
      arrayMap(pair -> decodeURLComponent(splitByChar('=', pair)[1]),
        arrayFilter(pair -> position(pair, '=') > 1, splitByChar(';', SpanAttributes['coalmine.flags']))))) AS flags,
    groupUniqArray(50)(multiIf(
      ResourceAttributes['service.instance.id'] != '', ResourceAttributes['service.instance.id'],
      ResourceAttributes['k8s.pod.name'] != '', ResourceAttributes['k8s.pod.name'],
      ResourceAttributes['host.name'])) AS instances,
    groupUniqArray(10)((ResourceAttributes['telemetry.sdk.name'], ResourceAttributes['telemetry.sdk.language'],
      ResourceAttributes['telemetry.sdk.version'])) AS sdks
  FROM coalmine_traces
  WHERE ServiceName = {service:String} AND Timestamp >= (
    SELECT toStartOfInterval(max(Timestamp) - INTERVAL 1 HOUR, INTERVAL 5 SECOND) FROM coalmine_traces WHERE ServiceName = {service:String});

-- read/downstream.ts: requestsBelow
  WITH Requests AS (
    SELECT
      TraceId,
      groupUniqArray([if(SpanAttributes[{key1:String}] != '', SpanAttributes[{key1:String}], ResourceAttributes[{key1:String}])]) AS Seen,
      multiIf(
        length(Seen) > 1, if(
          arrayExists(seen -> seen[1] = {stable1:String}, Seen)
            AND arrayExists(seen -> seen[1] = {canary1:String}, Seen),
          'both', ''),
        Seen[1][1] = {stable1:String}, 'stable',
        Seen[1][1] = {canary1:String}, 'canary',
        '') AS cohort,
      min(Timestamp) AS Began
    FROM (
      SELECT
        ServiceName AS Service,
        Timestamp,
        EndedAt,
        TraceId,
        SpanName,
        Duration,
        SpanAttributes,
        ResourceAttributes,
        multiIf(
          SpanAttributes['http.route'] != '',
            trimLeft(concat(
              if(SpanAttributes['http.request.method'] != '',
                SpanAttributes['http.request.method'], SpanAttributes['http.method']),
              ' ', SpanAttributes['http.route'])),
          SpanAttributes['rpc.method'] != '' AND SpanAttributes['rpc.service'] != '',
            concat(SpanAttributes['rpc.service'], '/', SpanAttributes['rpc.method']),
          SpanAttributes['rpc.method'] != '', SpanAttributes['rpc.method'],
          SpanAttributes['messaging.destination.template'] != '', SpanAttributes['messaging.destination.template'],
          if(position(SpanName, '/') = 0, SpanName, replaceRegexpAll(replaceRegexpAll(replaceRegexpOne(
            SpanName, '[?].*$', ''), '/(?:[0-9]+|[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|[0-9a-fA-F]{24,}|[0-9A-HJKMNP-TV-Z]{26})(/|$)', '/{id}\\1'), '/(?:[0-9]+|[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|[0-9a-fA-F]{24,}|[0-9A-HJKMNP-TV-Z]{26})(/|$)', '/{id}\\1'))) AS Operation,
        SpanAttributes['coalmine.test'] = 'true' AS Test,
        toUInt16OrZero(if(SpanAttributes['http.response.status_code'] != '',
          SpanAttributes['http.response.status_code'], SpanAttributes['http.status_code'])) AS HttpStatus,
        if(SpanAttributes['rpc.response.status_code'] != '',
          SpanAttributes['rpc.response.status_code'], SpanAttributes['rpc.grpc.status_code']) AS RpcStatus,
        if(RpcStatus = '', toUInt16(0), transform(
              upper(RpcStatus),
              ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', '10', '11', '12', '13', '14', '15', '16',
                'OK', 'CANCELLED', 'UNKNOWN', 'INVALID_ARGUMENT', 'DEADLINE_EXCEEDED', 'NOT_FOUND', 'ALREADY_EXISTS', 'PERMISSION_DENIED', 'RESOURCE_EXHAUSTED', 'FAILED_PRECONDITION', 'ABORTED', 'OUT_OF_RANGE', 'UNIMPLEMENTED', 'INTERNAL', 'UNAVAILABLE', 'DATA_LOSS', 'UNAUTHENTICATED', 'CANCELED'],
              [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 1],
              toUInt16(0))) AS GrpcCode,
        StatusCode IN ('Error', 'STATUS_CODE_ERROR') OR HttpStatus >= 500 OR GrpcCode IN (2, 4, 12, 13, 14, 15) AS IsError
      FROM coalmine_traces
      WHERE SpanKind IN ('Server', 'Consumer', 'SPAN_KIND_SERVER', 'SPAN_KIND_CONSUMER')
        OR ParentSpanId IN ('', '0000000000000000')
    )
    WHERE Service = {service:String}
      AND ({traffic:String} = 'all' OR {stableTests:Bool} OR {canaryTests:Bool} OR NOT Test)
      AND (empty({audience:Array(String)}) OR has({audience:Array(String)}, SpanAttributes['coalmine.audience']))
      AND Timestamp >= toDateTime64({since:UInt32}, 9) AND Timestamp < toDateTime64({to:UInt32}, 9)
      AND EndedAt >= toDateTime64({from:UInt32}, 9) AND EndedAt < toDateTime64({to:UInt32}, 9)
      AND sipHash64(TraceId) % {oneIn:UInt32} = 0
    GROUP BY TraceId
    HAVING cohort IN ('stable', 'canary')
  )
  SELECT
    Below.Service AS service,
    Below.Operation AS operation,
    cohort,
    count() AS requests,
    countIf(Below.IsError) AS errors,
    round(quantileExact(0.5)(Below.Duration) / 1e9, 9) AS p50,
    round(quantileExact(0.99)(Below.Duration) / 1e9, 9) AS p99
  FROM (
    SELECT Service, Operation, TraceId, Timestamp, Duration, IsError
    FROM coalmine_requests
    WHERE Service != {service:String} AND TraceId IN (SELECT TraceId FROM Requests)
      AND Timestamp >= toDateTime64({since:UInt32}, 9) AND Timestamp < toDateTime64({to:UInt32}, 9)
  ) AS Below
  INNER JOIN Requests USING TraceId
  WHERE Below.Timestamp >= Began
  GROUP BY service, operation, cohort
  ORDER BY sum(count()) OVER (PARTITION BY service, operation) DESC, service, operation, cohort
  LIMIT {mostRows:UInt32}
  SETTINGS max_execution_time = 10, max_memory_usage = 1000000000;

-- read/evaluations.ts: evaluationsIn
  SELECT
    LogAttributes['feature_flag.key'] AS flag,
    count() AS evaluations,
    groupUniqArrayIf(10)(LogAttributes['feature_flag.provider.name'],
      LogAttributes['feature_flag.provider.name'] != '') AS providers,
    groupUniqArrayIf(10)(LogAttributes['feature_flag.result.reason'],
      LogAttributes['feature_flag.result.reason'] != '') AS reasons,
    countIf(LogAttributes['error.type'] != '') AS errors,
    groupUniqArrayIf(10)(LogAttributes['error.type'], LogAttributes['error.type'] != '') AS errorTypes,
    toUnixTimestamp64Milli(min(Timestamp)) AS firstMs,
    toUnixTimestamp64Milli(max(Timestamp)) AS lastMs
  FROM <table>
  WHERE ServiceName = {service:String} AND LogAttributes['feature_flag.key'] != ''
    AND Timestamp >= if({sinceMs:Int64} > 0, fromUnixTimestamp64Milli({sinceMs:Int64}), (
      SELECT max(Timestamp) - INTERVAL 1 HOUR
      FROM <table>
      WHERE ServiceName = {service:String} AND LogAttributes['feature_flag.key'] != ''
        AND Timestamp >= fromUnixTimestamp64Milli({lookBackMs:Int64})))
  GROUP BY flag
  ORDER BY evaluations DESC, flag
  LIMIT 100;

-- read/facts.ts: tickFacts
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
    toUnixTimestamp64Milli(minIf(FirstEnd, Judged)) AS firstMs,
    toUnixTimestamp64Milli(maxIf(LastEnd, Judged)) AS lastMs
  FROM coalmine_ticks
  WHERE Service = {service:String} AND FlagKey = {flagKey:String}
    AND Tick >= fromUnixTimestamp({from:UInt32}) AND Tick < fromUnixTimestamp({to:UInt32})
    AND (Tick, Batch) IN (
      SELECT Tick, argMax(Batch, ClosedAt) FROM coalmine_closed
      WHERE Service = {service:String}
        AND Tick >= fromUnixTimestamp({from:UInt32}) AND Tick < fromUnixTimestamp({to:UInt32})
      GROUP BY Tick)
  GROUP BY cohort
  HAVING cohort != '';

-- read/facts.ts: lateSpans
  SELECT sum(Spans) AS late
  FROM coalmine_late
  WHERE Service = {service:String}
    AND Tick >= fromUnixTimestamp({from:UInt32}) AND Tick < fromUnixTimestamp({to:UInt32});

-- read/failures.ts: failedVerdicts
  SELECT Service AS service, Canary AS canary, toUnixTimestamp64Milli(min(At)) AS atMs
  FROM coalmine_verdicts
  WHERE Verdict = 'fail' AND ({service:String} = '' OR Service = {service:String})
    AND At >= fromUnixTimestamp64Milli({sinceMs:Int64})
  GROUP BY service, canary
  ORDER BY atMs DESC, service, canary
  LIMIT {limit:UInt32};

-- read/failures.ts: failedShares
  WITH Failures AS (
    SELECT row.1 AS Place, row.2 AS Service, row.3 AS Version, row.4 AS Second
    FROM (
      SELECT arrayJoin(arrayZip(
        {places:Array(UInt32)}, {services:Array(String)}, {versions:Array(String)}, {seconds:Array(UInt32)})) AS row)
  )
  SELECT
    Place AS place,
    sumIf(Own, Tick > Newest - INTERVAL 10 MINUTE) AS own,
    sumIf(AllRequests, Tick > Newest - INTERVAL 10 MINUTE) AS all
  FROM (
    SELECT Place, Tick, Own, AllRequests, max(Tick) OVER (PARTITION BY Place) AS Newest
    FROM (
      SELECT Place, Tick, sumIf(Requests, Build = Version) AS Own, sum(Requests) AS AllRequests
      FROM (
        SELECT toString(Service) AS Service, Tick, Build, Requests
        FROM coalmine_ticks
        WHERE FlagKey = '' AND NOT Test AND Service IN (SELECT Service FROM Failures)
          AND Tick >= fromUnixTimestamp(arrayMin({seconds:Array(UInt32)}) - 7200)
          AND (Service, intDiv(toUnixTimestamp(Tick), 3600)) IN (
            SELECT Service, arrayJoin([intDiv(Second, 3600), intDiv(Second, 3600) - 1, intDiv(Second, 3600) - 2])
            FROM Failures)
      ) AS Ticks
      INNER JOIN Failures USING (Service)
      WHERE toUnixTimestamp(Tick) <= Second AND toUnixTimestamp(Tick) > Second - 7200
      GROUP BY Place, Tick
    )
  )
  GROUP BY place;

-- read/failures.ts: lastServed
  WITH Failures AS (
    SELECT row.1 AS Place, row.2 AS Service, row.3 AS Version, row.4 AS Second
    FROM (
      SELECT arrayJoin(arrayZip(
        {places:Array(UInt32)}, {services:Array(String)}, {versions:Array(String)}, {seconds:Array(UInt32)})) AS row)
  )
  SELECT Place AS place, toUnixTimestamp(Last) AS last, toUnixTimestamp(End) AS end
  FROM (
    SELECT toString(Service) AS Service, Build AS Version, max(Tick) AS Last, max(Last) OVER (PARTITION BY Service) AS End
    FROM coalmine_ticks
    WHERE FlagKey = '' AND NOT Test AND Service IN (SELECT Service FROM Failures)
      AND Tick >= fromUnixTimestamp(arrayMin({seconds:Array(UInt32)}) - 86400)
    GROUP BY Service, Version
  ) AS Served
  INNER JOIN Failures USING (Service, Version);

-- read/flag-life.ts: flagSums
  SELECT
    Service AS service,
    Environment AS environment,
    Flag AS flag,
    Variant AS variant,
    Build AS build,
    OfBuild AS ofBuild,
    toUnixTimestamp(First) AS first,
    toUnixTimestamp(Last) AS last,
    arrayMap(
      wanted -> arraySum(arrayMap((age, n) -> if(age < wanted, n, 0), mapKeys(ByAge), mapValues(ByAge))),
      {days:Array(UInt16)}) AS requests
  FROM (
    SELECT
      Service,
      Environment,
      Flag,
      Variant,
      Build,
      grouping(Variant) AS OfBuild,
      min(DayFirst) AS First,
      max(DayLast) AS Last,
      sumMap(map(Age, DayRequests)) AS ByAge
    FROM (
      SELECT
        Service,
        Environment,
        Flag,
        Variant,
        Build,
        toUInt16(intDiv(greatest(0, toInt64({until:UInt32}) - toUnixTimestamp(LastTick) - 1), 86400)) AS Age,
        sum(Requests) AS DayRequests,
        min(FirstTick) AS DayFirst,
        max(LastTick) AS DayLast
      
      FROM (
        SELECT Service, Environment, Flag, Variant, Build, Requests, FirstTick, LastTick
        FROM coalmine_flag_days
        WHERE ({service:String} = '' OR Service = {service:String})
          AND ({flag:String} = '' OR Flag IN ('', {flag:String}))
          AND Day >= fromUnixTimestamp({from:UInt32})
          AND 
          Sum IN (SELECT Sum FROM coalmine_summed_flag_days)
          AND (Service, Day, Sum) NOT IN (
            SELECT Service, Day, arrayJoin(arrayFilter(sum -> sum != argMax(Sum, At), groupUniqArray(Sum)))
            FROM coalmine_summed_flag_days
            WHERE ({service:String} = '' OR Service = {service:String})
            GROUP BY Service, Day
            HAVING uniqExact(Sum) > 1)
        UNION ALL
        SELECT Service, Environment, Flag, Variant, Build, Requests, FirstTick, LastTick
        FROM coalmine_flag_hours
        WHERE ({service:String} = '' OR Service = {service:String})
          AND ({flag:String} = '' OR Flag IN ('', {flag:String}))
          AND Hour >= fromUnixTimestamp(greatest({from:UInt32}, {hours:UInt32}))
          AND (Service, toStartOfDay(Hour)) NOT IN (
            SELECT Service, Day FROM coalmine_summed_flag_days WHERE Day >= fromUnixTimestamp({hours:UInt32}))
          AND 
          Sum IN (SELECT Sum FROM coalmine_summed_flag_hours)
          AND (Service, Hour, Sum) NOT IN (
            SELECT Service, Hour, arrayJoin(arrayFilter(sum -> sum != argMax(Sum, At), groupUniqArray(Sum)))
            FROM coalmine_summed_flag_hours
            WHERE ({service:String} = '' OR Service = {service:String})
            GROUP BY Service, Hour
            HAVING uniqExact(Sum) > 1)
      )
      GROUP BY Service, Environment, Flag, Variant, Build, Age
    )
    GROUP BY GROUPING SETS ((Service, Environment, Flag, Variant), (Service, Environment, Flag, Build))
  )
  WHERE if(OfBuild = 1, Last >= fromUnixTimestamp(toUInt32(greatest(0, toInt64({until:UInt32}) - 2592000))), Flag != '')
  ORDER BY ofBuild, last DESC, service, environment, flag, variant, build
  LIMIT 5 BY service, environment, flag, variant, ofBuild;

-- read/flag-life.ts: flagsKnownSince
  SELECT Service AS service, toUnixTimestamp(min(Hour)) AS since
  FROM coalmine_summed_flag_hours
  WHERE ({service:String} = '' OR Service = {service:String})
  GROUP BY service;

-- read/flag-life.ts: flagTicks
  SELECT
    Service AS service,
    Build AS build,
    FlagKey AS flag,
    FlagVariant AS variant,
    toUnixTimestamp(First) AS first,
    toUnixTimestamp(Last) AS last,
    Met AS met,
    arrayMap(
      wanted -> arraySum(arrayMap((age, n) -> if(age < wanted, n, 0), mapKeys(ByAge), mapValues(ByAge))),
      {days:Array(UInt16)}) AS requests
  FROM (
    SELECT
      Service,
      Build,
      FlagKey,
      FlagVariant,
      min(DayFirst) AS First,
      max(DayLast) AS Last,
      sum(DayRequests) AS Met,
      sumMap(map(Age, DayRequests)) AS ByAge
    FROM (
      SELECT
        Service,
        Build,
        FlagKey,
        FlagVariant,
        toUInt16(intDiv(greatest(0, toInt64({until:UInt32}) - toUnixTimestamp(Tick) - 1), 86400)) AS Age,
        sum(Requests) AS DayRequests,
        min(Tick) AS DayFirst,
        max(Tick) AS DayLast
      FROM coalmine_ticks
      WHERE ({service:String} = '' OR Service = {service:String})
        AND ({flag:String} = '' OR FlagKey IN ('', {flag:String}))
        AND FlagKey != '(instance)' AND NOT Test
        AND Tick >= fromUnixTimestamp({ticks:UInt32})
        AND (Service, toStartOfHour(Tick)) NOT IN (
          SELECT Service, Hour FROM coalmine_summed_flag_hours WHERE Hour >= fromUnixTimestamp({ticks:UInt32}))
        AND Batch IN (SELECT Batch FROM coalmine_closed WHERE Tick >= fromUnixTimestamp({ticks:UInt32}))
        AND (Service, Tick, Batch) NOT IN (
          SELECT Service, Tick, arrayJoin(arrayFilter(batch -> batch != argMax(Batch, ClosedAt), groupUniqArray(Batch)))
          FROM coalmine_closed
          WHERE ({service:String} = '' OR Service = {service:String}) AND Tick >= fromUnixTimestamp({ticks:UInt32})
          GROUP BY Service, Tick
          HAVING uniqExact(Batch) > 1)
      GROUP BY Service, Build, FlagKey, FlagVariant, Age
    )
    GROUP BY Service, Build, FlagKey, FlagVariant
  );

-- read/flag-life.ts: environmentsOfBuild
  SELECT DISTINCT if(ResourceAttributes['deployment.environment.name'] != '',
    ResourceAttributes['deployment.environment.name'], ResourceAttributes['deployment.environment']) AS environment
  FROM (
    SELECT ResourceAttributes
    FROM coalmine_requests
    WHERE Service = {service:String} AND Build = {build:String}
      AND Timestamp >= toDateTime64({from:UInt32}, 9) - INTERVAL 60 SECOND
    LIMIT 1000
  );

-- read/flag-life.ts: flagSpans
  SELECT
    Service AS service,
    Environment AS environment,
    Build AS build,
    Flag AS flag,
    Variant AS variant,
    Requests AS requests,
    toUnixTimestamp(FirstTick) AS first,
    toUnixTimestamp(LastTick) AS last
  FROM (
    SELECT
      Service,
      Hour,
      Environment,
      Build,
      splitByChar('\0', OneFlag)[1] AS Flag,
      splitByChar('\0', OneFlag)[2] AS Variant,
      sum(Spans) AS Requests,
      min(SetFirst) AS FirstTick,
      max(SetLast) AS LastTick
    FROM (
      SELECT
        Service,
        toStartOfHour(Tick) AS Hour,
        if(ResourceAttributes['deployment.environment.name'] != '',
          ResourceAttributes['deployment.environment.name'], ResourceAttributes['deployment.environment']) AS Environment,
        Build,
        FlagSet,
        count() AS Spans,
        min(Tick) AS SetFirst,
        max(Tick) AS SetLast
      FROM coalmine_requests
      WHERE ({service:String} = '' OR Service = {service:String})
        AND Timestamp >= toDateTime64({since:UInt32}, 9) AND Timestamp < toDateTime64({to:UInt32}, 9)
        AND EndedAt >= toDateTime64({from:UInt32}, 9) AND EndedAt < toDateTime64({to:UInt32}, 9)
        AND NOT Test
      GROUP BY Service, Hour, Environment, Build, FlagSet
    )
    ARRAY JOIN arrayPushFront(
      arrayFilter(flag -> flag != '' AND NOT startsWith(flag, '\0'), splitByChar('\x01', FlagSet)), '') AS OneFlag
    GROUP BY Service, Hour, Environment, Build, Flag, Variant
  );

-- read/flag-minutes.ts: flagsByMinute
  SELECT
    Service AS service,
    FlagKey AS flag,
    FlagVariant AS variant,
    intDiv(toUnixTimestamp(Tick), {bin:UInt32}) * {bin:UInt32} AS minute,
    sum(Traces) AS requests
  FROM coalmine_ticks
  WHERE FlagKey NOT IN ('', '(instance)') AND NOT Test
    AND ({service:String} = '' OR Service = {service:String})
    AND ({flag:String} = '' OR FlagKey = {flag:String})
    AND Tick >= fromUnixTimestamp({from:UInt32}) AND Tick < fromUnixTimestamp({to:UInt32})
    AND (Service, Tick, Batch) IN (
      SELECT Service, Tick, argMax(Batch, ClosedAt)
      FROM coalmine_closed
      WHERE Tick >= fromUnixTimestamp({from:UInt32}) AND Tick < fromUnixTimestamp({to:UInt32})
      GROUP BY Service, Tick)
  GROUP BY service, flag, variant, minute
  ORDER BY service, flag, minute, variant;

-- read/flag-minutes.ts: toldFlagChanges
  SELECT
    ServiceName AS service,
    if(ResourceAttributes['deployment.environment.name'] != '',
      ResourceAttributes['deployment.environment.name'], ResourceAttributes['deployment.environment']) AS environment,
    SpanAttributes['feature_flag.key'] AS flag,
    toUnixTimestamp64Milli(min(Timestamp)) AS atMs
  FROM coalmine_traces
  WHERE SpanName = 'feature_flag.configuration_changed' AND flag != ''
    AND Timestamp >= toDateTime64({from:UInt32}, 9)
  GROUP BY service, environment, flag, toUnixTimestamp(Timestamp)
  ORDER BY atMs, service, flag
  LIMIT 10000;

-- read/flag-shares.ts: tickFlags
  WITH (
    SELECT (groupArray(200)(FlagKey), count())
    FROM (
      SELECT FlagKey
      
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
      GROUP BY FlagKey
      ORDER BY sum(Requests) DESC, FlagKey)
  ) AS Met
  SELECT
    if(Build = {stableBuild:String}, 'stable', 'canary') AS cohort,
    if({traffic:String} = 'all' AND Test, concat(Operation, ' (test)'), Operation) AS operation,
    FlagKey AS flag,
    FlagVariant AS variant,
    sum(Requests) AS requests,
    Met.2 AS flags
  
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
    AND has(Met.1, FlagKey)
  GROUP BY cohort, operation, flag, variant
  ORDER BY cohort, operation, flag, variant;

-- read/flag-shares.ts: rawFlags
  SELECT
    cohort,
    operation,
    substring(pair.1, 15) AS flag,
    pair.2 AS variant,
    count() AS requests
  FROM (
    SELECT
      if(SpanAttributes[{key1:String}] != '', SpanAttributes[{key1:String}], ResourceAttributes[{key1:String}]) = {stable1:String}
      AND (Test = {stableTests:Bool} OR (Test AND {traffic:String} = 'all')) AS IsStable,
      if(SpanAttributes[{key1:String}] != '', SpanAttributes[{key1:String}], ResourceAttributes[{key1:String}]) = {canary1:String}
      AND (Test = {canaryTests:Bool} OR (Test AND {traffic:String} = 'all')) AS IsCanary,
      if(IsStable, 'stable', 'canary') AS cohort,
      if({calls:Bool} OR (Service, Operation) IN (
        SELECT Service, Operation
        FROM coalmine_operation_hours
        WHERE Service = {service:String}
          AND Hour >= fromUnixTimestamp(toUInt32(greatest(0, toInt64({from:UInt32}) - 90000)))
          AND Hour < fromUnixTimestamp({to:UInt32})
        GROUP BY Service, Operation
        ORDER BY sum(Requests) DESC, Operation
        LIMIT 500 BY Service),
        Operation, '(other)') AS Name,
      if({traffic:String} = 'all' AND Test, concat(Name, ' (test)'), Name) AS operation,
      FlagAttributes
    FROM (
      SELECT
        ServiceName AS Service,
        Tick,
        Timestamp,
        EndedAt,
        SpanName,
        SpanAttributes,
        ResourceAttributes,
        multiIf(
          SpanAttributes['http.route'] != '',
            trimLeft(concat(
              if(SpanAttributes['http.request.method'] != '',
                SpanAttributes['http.request.method'], SpanAttributes['http.method']),
              ' ', SpanAttributes['http.route'])),
          SpanAttributes['rpc.method'] != '' AND SpanAttributes['rpc.service'] != '',
            concat(SpanAttributes['rpc.service'], '/', SpanAttributes['rpc.method']),
          SpanAttributes['rpc.method'] != '', SpanAttributes['rpc.method'],
          SpanAttributes['messaging.destination.template'] != '', SpanAttributes['messaging.destination.template'],
          if(position(SpanName, '/') = 0, SpanName, replaceRegexpAll(replaceRegexpAll(replaceRegexpOne(
            SpanName, '[?].*$', ''), '/(?:[0-9]+|[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|[0-9a-fA-F]{24,}|[0-9A-HJKMNP-TV-Z]{26})(/|$)', '/{id}\\1'), '/(?:[0-9]+|[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|[0-9a-fA-F]{24,}|[0-9A-HJKMNP-TV-Z]{26})(/|$)', '/{id}\\1'))) AS Operation,
        mapFilter((key, variant) -> startsWith(key, 'coalmine.flag.'), SpanAttributes) AS OwnFlags,
        if(SpanAttributes['coalmine.flags'] = '', OwnFlags, mapUpdate(
          CAST(arrayMap(
            pair -> (
              concat('coalmine.flag.', decodeURLComponent(splitByChar('=', pair)[1])),
              decodeURLComponent(splitByChar('=', pair)[2])),
            arrayFilter(pair -> position(pair, '=') > 1, splitByChar(';', SpanAttributes['coalmine.flags']))),
            'Map(LowCardinality(String), String)'),
          OwnFlags)) AS FlagAttributes,
        SpanAttributes['coalmine.test'] = 'true' AS Test
      FROM coalmine_traces
      WHERE SpanKind IN ('Server', 'Consumer', 'SPAN_KIND_SERVER', 'SPAN_KIND_CONSUMER')
        OR ParentSpanId IN ('', '0000000000000000')
    )
    WHERE Service = {service:String}
      AND Timestamp >= toDateTime64({since:UInt32}, 9) AND Timestamp < toDateTime64({to:UInt32}, 9)
      AND EndedAt >= toDateTime64({from:UInt32}, 9) AND EndedAt < toDateTime64({to:UInt32}, 9)
      AND Tick IN (SELECT Tick FROM coalmine_closed WHERE Service = {service:String})
      AND (empty({audience:Array(String)}) OR has({audience:Array(String)}, SpanAttributes['coalmine.audience']))
      AND IsStable != IsCanary
  )
  ARRAY JOIN arrayZip(mapKeys(FlagAttributes), mapValues(FlagAttributes)) AS pair
  GROUP BY cohort, operation, flag, variant
  ORDER BY cohort, operation, flag, variant
  SETTINGS max_execution_time = 10;

-- read/heaviest-users.ts: usersNamed
  SELECT kind, count() AS requests, countIf(User != '') AS named, uniqIf(User, User != '') AS users
  FROM (
    SELECT
          if(SpanAttributes[{key1:String}] != '', SpanAttributes[{key1:String}], ResourceAttributes[{key1:String}]) = {canary1:String}
          AND (Test = {canaryTests:Bool} OR (Test AND {traffic:String} = 'all')) AS IsCanary,
          if({calls:Bool} OR (Service, Operation) IN (
            SELECT Service, Operation
            FROM coalmine_operation_hours
            WHERE Service = {service:String}
              AND Hour >= fromUnixTimestamp(toUInt32(greatest(0, toInt64({from:UInt32}) - 90000)))
              AND Hour < fromUnixTimestamp({to:UInt32})
            GROUP BY Service, Operation
            ORDER BY sum(Requests) DESC, Operation
            LIMIT 500 BY Service),
            Operation, '(other)') AS Name,
          arrayFirst(name -> name != '', [
            SpanAttributes['user.id'], ResourceAttributes['user.id'],
            SpanAttributes['enduser.id'], ResourceAttributes['enduser.id'],
            SpanAttributes['session.id'], ResourceAttributes['session.id'],
            SpanAttributes['client.address'], ResourceAttributes['client.address']]) AS User,
          if({traffic:String} = 'all' AND Test, concat(Name, ' (test)'), Name) AS FullName,
          arrayFilter(
            (place, operation) -> operation = '' OR operation = FullName,
            arrayEnumerate({operations:Array(String)}), {operations:Array(String)}) AS Kinds,
          Duration, IsError, IsClientError
        FROM (
          SELECT
            ServiceName AS Service,
            Tick,
            Timestamp,
            EndedAt,
            SpanName,
            Duration,
            SpanAttributes,
            ResourceAttributes,
            multiIf(
              SpanAttributes['http.route'] != '',
                trimLeft(concat(
                  if(SpanAttributes['http.request.method'] != '',
                    SpanAttributes['http.request.method'], SpanAttributes['http.method']),
                  ' ', SpanAttributes['http.route'])),
              SpanAttributes['rpc.method'] != '' AND SpanAttributes['rpc.service'] != '',
                concat(SpanAttributes['rpc.service'], '/', SpanAttributes['rpc.method']),
              SpanAttributes['rpc.method'] != '', SpanAttributes['rpc.method'],
              SpanAttributes['messaging.destination.template'] != '', SpanAttributes['messaging.destination.template'],
              if(position(SpanName, '/') = 0, SpanName, replaceRegexpAll(replaceRegexpAll(replaceRegexpOne(
                SpanName, '[?].*$', ''), '/(?:[0-9]+|[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|[0-9a-fA-F]{24,}|[0-9A-HJKMNP-TV-Z]{26})(/|$)', '/{id}\\1'), '/(?:[0-9]+|[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|[0-9a-fA-F]{24,}|[0-9A-HJKMNP-TV-Z]{26})(/|$)', '/{id}\\1'))) AS Operation,
            SpanAttributes['coalmine.test'] = 'true' AS Test,
            toUInt16OrZero(if(SpanAttributes['http.response.status_code'] != '',
              SpanAttributes['http.response.status_code'], SpanAttributes['http.status_code'])) AS HttpStatus,
            if(SpanAttributes['rpc.response.status_code'] != '',
              SpanAttributes['rpc.response.status_code'], SpanAttributes['rpc.grpc.status_code']) AS RpcStatus,
            if(RpcStatus = '', toUInt16(0), transform(
                  upper(RpcStatus),
                  ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', '10', '11', '12', '13', '14', '15', '16',
                    'OK', 'CANCELLED', 'UNKNOWN', 'INVALID_ARGUMENT', 'DEADLINE_EXCEEDED', 'NOT_FOUND', 'ALREADY_EXISTS', 'PERMISSION_DENIED', 'RESOURCE_EXHAUSTED', 'FAILED_PRECONDITION', 'ABORTED', 'OUT_OF_RANGE', 'UNIMPLEMENTED', 'INTERNAL', 'UNAVAILABLE', 'DATA_LOSS', 'UNAUTHENTICATED', 'CANCELED'],
                  [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 1],
                  toUInt16(0))) AS GrpcCode,
            StatusCode IN ('Error', 'STATUS_CODE_ERROR') OR HttpStatus >= 500 OR GrpcCode IN (2, 4, 12, 13, 14, 15) AS IsError,
            multiIf(
              HttpStatus BETWEEN 400 AND 499, HttpStatus,
              GrpcCode IN (1, 3, 5, 6, 7, 8, 9, 10, 11, 16), GrpcCode,
              toUInt16(0)) AS ClientCode,
            ClientCode != 0 AS IsClientError
          FROM coalmine_traces
          WHERE SpanKind IN ('Server', 'Consumer', 'SPAN_KIND_SERVER', 'SPAN_KIND_CONSUMER')
            OR ParentSpanId IN ('', '0000000000000000')
        )
        WHERE Service = {service:String}
          AND Timestamp >= toDateTime64({since:UInt32}, 9) AND Timestamp < toDateTime64({to:UInt32}, 9)
          AND EndedAt >= toDateTime64({from:UInt32}, 9) AND EndedAt < toDateTime64({to:UInt32}, 9)
          AND Tick IN (SELECT Tick FROM coalmine_closed WHERE Service = {service:String})
          AND (empty({audience:Array(String)}) OR has({audience:Array(String)}, SpanAttributes['coalmine.audience']))
          AND IsCanary
          AND notEmpty(Kinds)
  )
  ARRAY JOIN Kinds AS kind
  GROUP BY kind
  SETTINGS max_execution_time = 10;

-- read/heaviest-users.ts: usersByBad
  SELECT
    kind,
    toString(sipHash64(User)) AS user,
    count() AS requests,
    countIf(multiIf(
      {bads:Array(String)}[kind] = 'slow', Duration > {slowFroms:Array(UInt64)}[kind],
      {bads:Array(String)}[kind] = 'failed', IsError,
      IsClientError)) AS bad
  FROM (
    SELECT
          if(SpanAttributes[{key1:String}] != '', SpanAttributes[{key1:String}], ResourceAttributes[{key1:String}]) = {canary1:String}
          AND (Test = {canaryTests:Bool} OR (Test AND {traffic:String} = 'all')) AS IsCanary,
          if({calls:Bool} OR (Service, Operation) IN (
            SELECT Service, Operation
            FROM coalmine_operation_hours
            WHERE Service = {service:String}
              AND Hour >= fromUnixTimestamp(toUInt32(greatest(0, toInt64({from:UInt32}) - 90000)))
              AND Hour < fromUnixTimestamp({to:UInt32})
            GROUP BY Service, Operation
            ORDER BY sum(Requests) DESC, Operation
            LIMIT 500 BY Service),
            Operation, '(other)') AS Name,
          arrayFirst(name -> name != '', [
            SpanAttributes['user.id'], ResourceAttributes['user.id'],
            SpanAttributes['enduser.id'], ResourceAttributes['enduser.id'],
            SpanAttributes['session.id'], ResourceAttributes['session.id'],
            SpanAttributes['client.address'], ResourceAttributes['client.address']]) AS User,
          if({traffic:String} = 'all' AND Test, concat(Name, ' (test)'), Name) AS FullName,
          arrayFilter(
            (place, operation) -> operation = '' OR operation = FullName,
            arrayEnumerate({operations:Array(String)}), {operations:Array(String)}) AS Kinds,
          Duration, IsError, IsClientError
        FROM (
          SELECT
            ServiceName AS Service,
            Tick,
            Timestamp,
            EndedAt,
            SpanName,
            Duration,
            SpanAttributes,
            ResourceAttributes,
            multiIf(
              SpanAttributes['http.route'] != '',
                trimLeft(concat(
                  if(SpanAttributes['http.request.method'] != '',
                    SpanAttributes['http.request.method'], SpanAttributes['http.method']),
                  ' ', SpanAttributes['http.route'])),
              SpanAttributes['rpc.method'] != '' AND SpanAttributes['rpc.service'] != '',
                concat(SpanAttributes['rpc.service'], '/', SpanAttributes['rpc.method']),
              SpanAttributes['rpc.method'] != '', SpanAttributes['rpc.method'],
              SpanAttributes['messaging.destination.template'] != '', SpanAttributes['messaging.destination.template'],
              if(position(SpanName, '/') = 0, SpanName, replaceRegexpAll(replaceRegexpAll(replaceRegexpOne(
                SpanName, '[?].*$', ''), '/(?:[0-9]+|[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|[0-9a-fA-F]{24,}|[0-9A-HJKMNP-TV-Z]{26})(/|$)', '/{id}\\1'), '/(?:[0-9]+|[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|[0-9a-fA-F]{24,}|[0-9A-HJKMNP-TV-Z]{26})(/|$)', '/{id}\\1'))) AS Operation,
            SpanAttributes['coalmine.test'] = 'true' AS Test,
            toUInt16OrZero(if(SpanAttributes['http.response.status_code'] != '',
              SpanAttributes['http.response.status_code'], SpanAttributes['http.status_code'])) AS HttpStatus,
            if(SpanAttributes['rpc.response.status_code'] != '',
              SpanAttributes['rpc.response.status_code'], SpanAttributes['rpc.grpc.status_code']) AS RpcStatus,
            if(RpcStatus = '', toUInt16(0), transform(
                  upper(RpcStatus),
                  ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', '10', '11', '12', '13', '14', '15', '16',
                    'OK', 'CANCELLED', 'UNKNOWN', 'INVALID_ARGUMENT', 'DEADLINE_EXCEEDED', 'NOT_FOUND', 'ALREADY_EXISTS', 'PERMISSION_DENIED', 'RESOURCE_EXHAUSTED', 'FAILED_PRECONDITION', 'ABORTED', 'OUT_OF_RANGE', 'UNIMPLEMENTED', 'INTERNAL', 'UNAVAILABLE', 'DATA_LOSS', 'UNAUTHENTICATED', 'CANCELED'],
                  [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 1],
                  toUInt16(0))) AS GrpcCode,
            StatusCode IN ('Error', 'STATUS_CODE_ERROR') OR HttpStatus >= 500 OR GrpcCode IN (2, 4, 12, 13, 14, 15) AS IsError,
            multiIf(
              HttpStatus BETWEEN 400 AND 499, HttpStatus,
              GrpcCode IN (1, 3, 5, 6, 7, 8, 9, 10, 11, 16), GrpcCode,
              toUInt16(0)) AS ClientCode,
            ClientCode != 0 AS IsClientError
          FROM coalmine_traces
          WHERE SpanKind IN ('Server', 'Consumer', 'SPAN_KIND_SERVER', 'SPAN_KIND_CONSUMER')
            OR ParentSpanId IN ('', '0000000000000000')
        )
        WHERE Service = {service:String}
          AND Timestamp >= toDateTime64({since:UInt32}, 9) AND Timestamp < toDateTime64({to:UInt32}, 9)
          AND EndedAt >= toDateTime64({from:UInt32}, 9) AND EndedAt < toDateTime64({to:UInt32}, 9)
          AND Tick IN (SELECT Tick FROM coalmine_closed WHERE Service = {service:String})
          AND (empty({audience:Array(String)}) OR has({audience:Array(String)}, SpanAttributes['coalmine.audience']))
          AND IsCanary
          AND notEmpty(Kinds)
  )
  ARRAY JOIN Kinds AS kind
  WHERE User != ''
  GROUP BY kind, user
  HAVING bad > 0
  ORDER BY kind, bad DESC, requests DESC, user
  LIMIT {most:UInt32} BY kind
  SETTINGS max_execution_time = 10;

-- read/heaviest-users.ts: rawUserTicks
  SELECT
    UnitUser AS user,
    toUnixTimestamp(Tick) AS tick,
    if({traffic:String} = 'all' AND UnitTest, concat(UnitOperation, ' (test)'), UnitOperation) AS operation,
    count() AS traces,
    countIf(UnitError) AS errors,
    countIf(UnitClientCode != 0) AS clientErrors,
    mapKeys(sumMap(map(UnitBucket, toUInt64(1))) AS Histogram) AS buckets,
    mapValues(Histogram) AS counts
  FROM (
    SELECT *, multiIf(
      IsStable AND IsCanary AND UnitTest AND {stableTests:Bool} != {canaryTests:Bool},
        if({stableTests:Bool}, 'stable', 'canary'),
      IsStable AND IsCanary, 'both', IsStable, 'stable', IsCanary, 'canary', 'mixed') AS cohort
    FROM (
      SELECT
          Tick,
          if({calls:Bool} OR (Service, Operation) IN (
            SELECT Service, Operation
            FROM coalmine_operation_hours
            WHERE Service = {service:String}
              AND Hour >= fromUnixTimestamp(toUInt32(greatest(0, toInt64({from:UInt32}) - 90000)))
              AND Hour < fromUnixTimestamp({to:UInt32})
            GROUP BY Service, Operation
            ORDER BY sum(Requests) DESC, Operation
            LIMIT 500 BY Service),
            Operation, '(other)')
            AS UnitOperation,
          uniqExact(sipHash64(SpanId)) AS Spans,
          max(Bucket) AS UnitBucket,
          max(IsError) AS UnitError,
          max(ClientCode) AS UnitClientCode,
          max(HasException OR arrayExists(
            one -> one.1 = Service AND one.2 >= Timestamp AND one.2 <= EndedAt, InnerErrors)) AS UnitInnerError,
          max(Test) AS UnitTest,
          groupUniqArrayIf(Instance, Instance != '') AS UnitInstances,
          max(toUnixTimestamp(Tick) < transform(concat(Build, '\0', Instance),
            arrayMap((build, instance) -> concat(build, '\0', instance), {builds:Array(String)}, {instances:Array(String)}),
            {until:Array(UInt32)}, toUInt32(0))) AS UnitWarmUp,
          min(EndedAt) AS UnitFirst,
          max(EndedAt) AS UnitLast,
          max(ErrorType) AS UnitErrorType,
          groupUniqArray(arrayStringConcat(SpanValues, '\x01')) AS Seen,
          if(length(Seen) = 1, splitByChar('\x01', Seen[1]), arrayMap(
            values -> multiIf(empty(values), '', length(values) = 1, values[1], '(mixed)'),
            arrayMap(
              place -> arrayDistinct(arrayFilter(value -> value != '',
                arrayMap(values -> splitByChar('\x01', values)[place], Seen))),
              arrayEnumerate({keys:Array(String)})))) AS Values,
          MayBeStable
          AND (UnitTest OR NOT {stableTests:Bool}) AS IsStable,
          MayBeCanary
          AND (UnitTest OR NOT {canaryTests:Bool}) AS IsCanary,
          max(User) AS UnitUser
        FROM (
          SELECT
            Service, Tick, Timestamp, EndedAt, Operation, TraceId, SpanId, Bucket, Test, IsError, ClientCode, ErrorType, HasException,
            Build, Instance,
            [if(SpanAttributes[{key1:String}] != '', SpanAttributes[{key1:String}], ResourceAttributes[{key1:String}])] AS SpanValues,
            SpanValues[1] = {stable1:String} AS MayBeStable,
            SpanValues[1] = {canary1:String} AS MayBeCanary,
            toString(sipHash64(arrayFirst(name -> name != '', [
              SpanAttributes['user.id'], ResourceAttributes['user.id'],
              SpanAttributes['enduser.id'], ResourceAttributes['enduser.id'],
              SpanAttributes['session.id'], ResourceAttributes['session.id'],
              SpanAttributes['client.address'], ResourceAttributes['client.address']]))) AS User
          FROM (
            SELECT
              ServiceName AS Service,
              Tick,
              Timestamp,
              EndedAt,
              TraceId,
              SpanId,
              SpanName,
              SpanKind,
              Duration,
              SpanAttributes,
              ResourceAttributes,
              multiIf(
                SpanAttributes['http.route'] != '',
                  trimLeft(concat(
                    if(SpanAttributes['http.request.method'] != '',
                      SpanAttributes['http.request.method'], SpanAttributes['http.method']),
                    ' ', SpanAttributes['http.route'])),
                SpanAttributes['rpc.method'] != '' AND SpanAttributes['rpc.service'] != '',
                  concat(SpanAttributes['rpc.service'], '/', SpanAttributes['rpc.method']),
                SpanAttributes['rpc.method'] != '', SpanAttributes['rpc.method'],
                SpanAttributes['messaging.destination.template'] != '', SpanAttributes['messaging.destination.template'],
                if(position(SpanName, '/') = 0, SpanName, replaceRegexpAll(replaceRegexpAll(replaceRegexpOne(
                  SpanName, '[?].*$', ''), '/(?:[0-9]+|[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|[0-9a-fA-F]{24,}|[0-9A-HJKMNP-TV-Z]{26})(/|$)', '/{id}\\1'), '/(?:[0-9]+|[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|[0-9a-fA-F]{24,}|[0-9A-HJKMNP-TV-Z]{26})(/|$)', '/{id}\\1'))) AS Operation,
              if(SpanAttributes['service.version'] != '',
                SpanAttributes['service.version'], ResourceAttributes['service.version']) AS Build,
              SpanAttributes['coalmine.test'] = 'true' AS Test,
              toUInt16OrZero(if(SpanAttributes['http.response.status_code'] != '',
                SpanAttributes['http.response.status_code'], SpanAttributes['http.status_code'])) AS HttpStatus,
              if(SpanAttributes['rpc.response.status_code'] != '',
                SpanAttributes['rpc.response.status_code'], SpanAttributes['rpc.grpc.status_code']) AS RpcStatus,
              if(RpcStatus = '', toUInt16(0), transform(
                    upper(RpcStatus),
                    ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', '10', '11', '12', '13', '14', '15', '16',
                      'OK', 'CANCELLED', 'UNKNOWN', 'INVALID_ARGUMENT', 'DEADLINE_EXCEEDED', 'NOT_FOUND', 'ALREADY_EXISTS', 'PERMISSION_DENIED', 'RESOURCE_EXHAUSTED', 'FAILED_PRECONDITION', 'ABORTED', 'OUT_OF_RANGE', 'UNIMPLEMENTED', 'INTERNAL', 'UNAVAILABLE', 'DATA_LOSS', 'UNAUTHENTICATED', 'CANCELED'],
                    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 1],
                    toUInt16(0))) AS GrpcCode,
              StatusCode IN ('Error', 'STATUS_CODE_ERROR') OR HttpStatus >= 500 OR GrpcCode IN (2, 4, 12, 13, 14, 15) AS IsError,
              multiIf(
                HttpStatus BETWEEN 400 AND 499, HttpStatus,
                GrpcCode IN (1, 3, 5, 6, 7, 8, 9, 10, 11, 16), GrpcCode,
                toUInt16(0)) AS ClientCode,
              has(Events.Name, 'exception') AS HasException,
              if(IsError, arrayFirst(attributes -> attributes['exception.type'] != '', Events.Attributes)['exception.type'], '')
                AS Exception,
              if(IsError, substringUTF8(multiIf(
                SpanAttributes['error.type'] NOT IN ('', toString(HttpStatus)), SpanAttributes['error.type'],
                Exception != '', Exception,
                HttpStatus >= 500, concat('HTTP ', toString(HttpStatus)),
                GrpcCode != 0, concat('gRPC ', arrayElement(['OK', 'CANCELLED', 'UNKNOWN', 'INVALID_ARGUMENT', 'DEADLINE_EXCEEDED', 'NOT_FOUND', 'ALREADY_EXISTS', 'PERMISSION_DENIED', 'RESOURCE_EXHAUSTED', 'FAILED_PRECONDITION', 'ABORTED', 'OUT_OF_RANGE', 'UNIMPLEMENTED', 'INTERNAL', 'UNAVAILABLE', 'DATA_LOSS', 'UNAUTHENTICATED'], GrpcCode + 1)),
                RpcStatus NOT IN ('', '0', 'OK'), concat('RPC ', RpcStatus),
                '(not said)'), 1, 100), '') AS ErrorType,
              if(Duration = 0, toInt16(-32768), toInt16(ceil(log2(Duration / 1e9) * 32) - 1)) AS Bucket,
              multiIf(
                ResourceAttributes['service.instance.id'] != '', ResourceAttributes['service.instance.id'],
                ResourceAttributes['k8s.pod.name'] != '', ResourceAttributes['k8s.pod.name'],
                ResourceAttributes['host.name']) AS Instance
            FROM coalmine_traces
            WHERE SpanKind IN ('Server', 'Consumer', 'SPAN_KIND_SERVER', 'SPAN_KIND_CONSUMER')
              OR ParentSpanId IN ('', '0000000000000000')
          )
          WHERE Service = {service:String}
            AND Timestamp >= toDateTime64({since:UInt32}, 9) AND Timestamp < toDateTime64({to:UInt32}, 9)
            AND EndedAt >= toDateTime64({from:UInt32}, 9) AND EndedAt < toDateTime64({to:UInt32}, 9)
            AND Tick IN (SELECT Tick FROM coalmine_closed WHERE Service = {service:String})
            AND (empty({audience:Array(String)}) OR has({audience:Array(String)}, SpanAttributes['coalmine.audience']))
            AND (MayBeStable OR MayBeCanary)
            AND has({users:Array(String)}, User)
        ) AS requests
        LEFT ANY JOIN (
          SELECT TraceId, groupUniqArray(1000)((ServiceName, Timestamp)) AS InnerErrors
          FROM coalmine_traces
          WHERE ServiceName = {service:String}
            AND Timestamp >= toDateTime64({since:UInt32}, 9) AND Timestamp < toDateTime64({to:UInt32}, 9)
            AND SpanKind NOT IN ('Server', 'Consumer', 'SPAN_KIND_SERVER', 'SPAN_KIND_CONSUMER')
            AND (StatusCode IN ('Error', 'STATUS_CODE_ERROR') OR has(Events.Name, 'exception'))
          GROUP BY TraceId
        ) AS below USING (TraceId)
        GROUP BY Service, Tick, UnitOperation, TraceId, MayBeStable, MayBeCanary
        HAVING IsStable OR IsCanary
    )
  )
  WHERE cohort = 'canary' AND (NOT UnitTest OR {traffic:String} = 'all' OR {canaryTests:Bool})
  GROUP BY user, tick, operation
  ORDER BY tick, operation;

-- read/instance-cells.ts: instanceCells
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
    AND toUnixTimestamp(Tick) >= transform(concat(Build, '\0', FlagVariant),
      arrayMap((build, instance) -> concat(build, '\0', instance), {builds:Array(String)}, {instances:Array(String)}),
      {until:Array(UInt32)}, toUInt32(4294967295))
  GROUP BY cohort, instance, operation, block
  ORDER BY cohort, instance, operation, block;

-- read/instance-cells.ts: rawInstanceCells
  SELECT
    cohort,
    UnitInstances[1] AS instance,
    UnitOperation AS operation,
    intDiv(toUnixTimestamp(Tick), {seconds:UInt32}) * {seconds:UInt32} AS block,
    sum(Spans) AS requests,
    count() AS traces,
    countIf(UnitError) AS errors,
    countIf(UnitClientCode != 0) AS clientErrors,
    mapKeys(sumMap(map(UnitBucket, toUInt64(1))) AS Histogram) AS buckets,
    mapValues(Histogram) AS counts
  FROM (
    SELECT *, multiIf(
      IsStable AND IsCanary AND UnitTest AND {stableTests:Bool} != {canaryTests:Bool},
        if({stableTests:Bool}, 'stable', 'canary'),
      IsStable AND IsCanary, 'both', IsStable, 'stable', IsCanary, 'canary', 'mixed') AS cohort
    FROM (
      SELECT
          Tick,
          if({calls:Bool} OR (Service, Operation) IN (
            SELECT Service, Operation
            FROM coalmine_operation_hours
            WHERE Service = {service:String}
              AND Hour >= fromUnixTimestamp(toUInt32(greatest(0, toInt64({from:UInt32}) - 90000)))
              AND Hour < fromUnixTimestamp({to:UInt32})
            GROUP BY Service, Operation
            ORDER BY sum(Requests) DESC, Operation
            LIMIT 500 BY Service),
            Operation, '(other)')
            AS UnitOperation,
          uniqExact(sipHash64(SpanId)) AS Spans,
          max(Bucket) AS UnitBucket,
          max(IsError) AS UnitError,
          max(ClientCode) AS UnitClientCode,
          max(HasException OR arrayExists(
            one -> one.1 = Service AND one.2 >= Timestamp AND one.2 <= EndedAt, InnerErrors)) AS UnitInnerError,
          max(Test) AS UnitTest,
          groupUniqArrayIf(Instance, Instance != '') AS UnitInstances,
          max(toUnixTimestamp(Tick) < transform(concat(Build, '\0', Instance),
            arrayMap((build, instance) -> concat(build, '\0', instance), {builds:Array(String)}, {instances:Array(String)}),
            {until:Array(UInt32)}, toUInt32(0))) AS UnitWarmUp,
          min(EndedAt) AS UnitFirst,
          max(EndedAt) AS UnitLast,
          max(ErrorType) AS UnitErrorType,
          groupUniqArray(arrayStringConcat(SpanValues, '\x01')) AS Seen,
          if(length(Seen) = 1, splitByChar('\x01', Seen[1]), arrayMap(
            values -> multiIf(empty(values), '', length(values) = 1, values[1], '(mixed)'),
            arrayMap(
              place -> arrayDistinct(arrayFilter(value -> value != '',
                arrayMap(values -> splitByChar('\x01', values)[place], Seen))),
              arrayEnumerate({keys:Array(String)})))) AS Values,
          MayBeStable
          AND (UnitTest OR NOT {stableTests:Bool}) AS IsStable,
          MayBeCanary
          AND (UnitTest OR NOT {canaryTests:Bool}) AS IsCanary
        FROM (
          SELECT
            Service, Tick, Timestamp, EndedAt, Operation, TraceId, SpanId, Bucket, Test, IsError, ClientCode, ErrorType, HasException,
            Build, Instance,
            [if(SpanAttributes[{key1:String}] != '', SpanAttributes[{key1:String}], ResourceAttributes[{key1:String}])] AS SpanValues,
            SpanValues[1] = {stable1:String} AS MayBeStable,
            SpanValues[1] = {canary1:String} AS MayBeCanary
          FROM (
            SELECT
              ServiceName AS Service,
              Tick,
              Timestamp,
              EndedAt,
              TraceId,
              SpanId,
              SpanName,
              SpanKind,
              Duration,
              SpanAttributes,
              ResourceAttributes,
              multiIf(
                SpanAttributes['http.route'] != '',
                  trimLeft(concat(
                    if(SpanAttributes['http.request.method'] != '',
                      SpanAttributes['http.request.method'], SpanAttributes['http.method']),
                    ' ', SpanAttributes['http.route'])),
                SpanAttributes['rpc.method'] != '' AND SpanAttributes['rpc.service'] != '',
                  concat(SpanAttributes['rpc.service'], '/', SpanAttributes['rpc.method']),
                SpanAttributes['rpc.method'] != '', SpanAttributes['rpc.method'],
                SpanAttributes['messaging.destination.template'] != '', SpanAttributes['messaging.destination.template'],
                if(position(SpanName, '/') = 0, SpanName, replaceRegexpAll(replaceRegexpAll(replaceRegexpOne(
                  SpanName, '[?].*$', ''), '/(?:[0-9]+|[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|[0-9a-fA-F]{24,}|[0-9A-HJKMNP-TV-Z]{26})(/|$)', '/{id}\\1'), '/(?:[0-9]+|[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|[0-9a-fA-F]{24,}|[0-9A-HJKMNP-TV-Z]{26})(/|$)', '/{id}\\1'))) AS Operation,
              if(SpanAttributes['service.version'] != '',
                SpanAttributes['service.version'], ResourceAttributes['service.version']) AS Build,
              SpanAttributes['coalmine.test'] = 'true' AS Test,
              toUInt16OrZero(if(SpanAttributes['http.response.status_code'] != '',
                SpanAttributes['http.response.status_code'], SpanAttributes['http.status_code'])) AS HttpStatus,
              if(SpanAttributes['rpc.response.status_code'] != '',
                SpanAttributes['rpc.response.status_code'], SpanAttributes['rpc.grpc.status_code']) AS RpcStatus,
              if(RpcStatus = '', toUInt16(0), transform(
                    upper(RpcStatus),
                    ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', '10', '11', '12', '13', '14', '15', '16',
                      'OK', 'CANCELLED', 'UNKNOWN', 'INVALID_ARGUMENT', 'DEADLINE_EXCEEDED', 'NOT_FOUND', 'ALREADY_EXISTS', 'PERMISSION_DENIED', 'RESOURCE_EXHAUSTED', 'FAILED_PRECONDITION', 'ABORTED', 'OUT_OF_RANGE', 'UNIMPLEMENTED', 'INTERNAL', 'UNAVAILABLE', 'DATA_LOSS', 'UNAUTHENTICATED', 'CANCELED'],
                    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 1],
                    toUInt16(0))) AS GrpcCode,
              StatusCode IN ('Error', 'STATUS_CODE_ERROR') OR HttpStatus >= 500 OR GrpcCode IN (2, 4, 12, 13, 14, 15) AS IsError,
              multiIf(
                HttpStatus BETWEEN 400 AND 499, HttpStatus,
                GrpcCode IN (1, 3, 5, 6, 7, 8, 9, 10, 11, 16), GrpcCode,
                toUInt16(0)) AS ClientCode,
              has(Events.Name, 'exception') AS HasException,
              if(IsError, arrayFirst(attributes -> attributes['exception.type'] != '', Events.Attributes)['exception.type'], '')
                AS Exception,
              if(IsError, substringUTF8(multiIf(
                SpanAttributes['error.type'] NOT IN ('', toString(HttpStatus)), SpanAttributes['error.type'],
                Exception != '', Exception,
                HttpStatus >= 500, concat('HTTP ', toString(HttpStatus)),
                GrpcCode != 0, concat('gRPC ', arrayElement(['OK', 'CANCELLED', 'UNKNOWN', 'INVALID_ARGUMENT', 'DEADLINE_EXCEEDED', 'NOT_FOUND', 'ALREADY_EXISTS', 'PERMISSION_DENIED', 'RESOURCE_EXHAUSTED', 'FAILED_PRECONDITION', 'ABORTED', 'OUT_OF_RANGE', 'UNIMPLEMENTED', 'INTERNAL', 'UNAVAILABLE', 'DATA_LOSS', 'UNAUTHENTICATED'], GrpcCode + 1)),
                RpcStatus NOT IN ('', '0', 'OK'), concat('RPC ', RpcStatus),
                '(not said)'), 1, 100), '') AS ErrorType,
              if(Duration = 0, toInt16(-32768), toInt16(ceil(log2(Duration / 1e9) * 32) - 1)) AS Bucket,
              multiIf(
                ResourceAttributes['service.instance.id'] != '', ResourceAttributes['service.instance.id'],
                ResourceAttributes['k8s.pod.name'] != '', ResourceAttributes['k8s.pod.name'],
                ResourceAttributes['host.name']) AS Instance
            FROM coalmine_traces
            WHERE SpanKind IN ('Server', 'Consumer', 'SPAN_KIND_SERVER', 'SPAN_KIND_CONSUMER')
              OR ParentSpanId IN ('', '0000000000000000')
          )
          WHERE Service = {service:String}
            AND Timestamp >= toDateTime64({since:UInt32}, 9) AND Timestamp < toDateTime64({to:UInt32}, 9)
            AND EndedAt >= toDateTime64({from:UInt32}, 9) AND EndedAt < toDateTime64({to:UInt32}, 9)
            AND Tick IN (SELECT Tick FROM coalmine_closed WHERE Service = {service:String})
            AND (empty({audience:Array(String)}) OR has({audience:Array(String)}, SpanAttributes['coalmine.audience']))
            AND (MayBeStable OR MayBeCanary)
        ) AS requests
        LEFT ANY JOIN (
          SELECT TraceId, groupUniqArray(1000)((ServiceName, Timestamp)) AS InnerErrors
          FROM coalmine_traces
          WHERE ServiceName = {service:String}
            AND Timestamp >= toDateTime64({since:UInt32}, 9) AND Timestamp < toDateTime64({to:UInt32}, 9)
            AND SpanKind NOT IN ('Server', 'Consumer', 'SPAN_KIND_SERVER', 'SPAN_KIND_CONSUMER')
            AND (StatusCode IN ('Error', 'STATUS_CODE_ERROR') OR has(Events.Name, 'exception'))
          GROUP BY TraceId
        ) AS below USING (TraceId)
        GROUP BY Service, Tick, UnitOperation, TraceId, MayBeStable, MayBeCanary
        HAVING IsStable OR IsCanary
    )
  )
  WHERE length(UnitInstances) = 1 AND has({instances:Array(String)}, UnitInstances[1]) AND NOT UnitWarmUp
    AND cohort IN ('stable', 'canary') AND UnitOperation IN {operations:Array(String)}
    AND (NOT UnitTest OR {traffic:String} = 'all' OR if(cohort = 'stable', {stableTests:Bool}, {canaryTests:Bool}))
  GROUP BY cohort, instance, operation, block
  ORDER BY cohort, instance, operation, block;

-- read/instance-ticks.ts: instanceTicks
  SELECT
    toUInt16(indexOf({names:Array(String)}, FlagVariant)) AS instance,
    toUInt16(indexOf({operations:Array(String)}, if({traffic:String} = 'all' AND Test, concat(Operation, ' (test)'), Operation))) AS operation,
    Build = {canaryBuild:String} AS ofCanary,
    toUnixTimestamp(Tick) AS tick,
    toFloat64(sum(Traces)) AS traces,
    toFloat64(sum(Errors)) AS errors,
    toFloat64(sum(ClientErrors)) AS clientErrors,
    toFloat64(sum(InnerErrors)) AS innerErrors,
    (sumMap(
      arrayMap(bucket -> if(bucket = -32768, bucket, toInt16(floor(bucket / {joined:UInt8}))), mapKeys(Latency)),
      mapValues(Latency)) AS Histogram).1 AS buckets,
    CAST(Histogram.2, 'Array(UInt32)') AS counts
  FROM coalmine_ticks
  WHERE Service = {service:String} AND FlagKey = '(instance)' AND FlagVariant IN {names:Array(String)}
    AND ({traffic:String} = 'all' OR Test = ({traffic:String} = 'test'))
    AND Tick >= fromUnixTimestamp({from:UInt32}) AND Tick < fromUnixTimestamp({to:UInt32})
    AND (Tick, Batch) IN (
      SELECT Tick, argMax(Batch, ClosedAt) FROM coalmine_closed
      WHERE Service = {service:String}
        AND Tick >= fromUnixTimestamp({from:UInt32}) AND Tick < fromUnixTimestamp({to:UInt32})
      GROUP BY Tick)
    AND (Build = {stableBuild:String} OR (Build = {canaryBuild:String} AND Tick >= fromUnixTimestamp({since:UInt32})))
  GROUP BY instance, operation, ofCanary, tick
  ORDER BY tick, ofCanary, instance, operation;

-- read/instance-ticks.ts: rawInstanceTicks
  SELECT
    toUInt16(indexOf({names:Array(String)}, UnitInstances[1])) AS instance,
    toUInt16(indexOf({operations:Array(String)}, if({traffic:String} = 'all' AND UnitTest, concat(UnitOperation, ' (test)'), UnitOperation))) AS operation,
    cohort = 'canary' AS ofCanary,
    toUnixTimestamp(Tick) AS tick,
    toFloat64(count()) AS traces,
    toFloat64(countIf(UnitError)) AS errors,
    toFloat64(countIf(UnitClientCode != 0)) AS clientErrors,
    toFloat64(countIf(UnitInnerError AND NOT UnitError AND UnitClientCode = 0)) AS innerErrors,
    (sumMap(
      [if(UnitBucket = -32768, UnitBucket, toInt16(floor(UnitBucket / {joined:UInt8})))], [toUInt64(1)]) AS Histogram).1
      AS buckets,
    CAST(Histogram.2, 'Array(UInt32)') AS counts
  FROM (
    SELECT *, multiIf(
      IsStable AND IsCanary AND UnitTest AND {stableTests:Bool} != {canaryTests:Bool},
        if({stableTests:Bool}, 'stable', 'canary'),
      IsStable AND IsCanary, 'both', IsStable, 'stable', IsCanary, 'canary', 'mixed') AS cohort
    FROM (
      SELECT
          Tick,
          if({calls:Bool} OR (Service, Operation) IN (
            SELECT Service, Operation
            FROM coalmine_operation_hours
            WHERE Service = {service:String}
              AND Hour >= fromUnixTimestamp(toUInt32(greatest(0, toInt64({from:UInt32}) - 90000)))
              AND Hour < fromUnixTimestamp({to:UInt32})
            GROUP BY Service, Operation
            ORDER BY sum(Requests) DESC, Operation
            LIMIT 500 BY Service),
            Operation, '(other)')
            AS UnitOperation,
          uniqExact(sipHash64(SpanId)) AS Spans,
          max(Bucket) AS UnitBucket,
          max(IsError) AS UnitError,
          max(ClientCode) AS UnitClientCode,
          max(HasException OR arrayExists(
            one -> one.1 = Service AND one.2 >= Timestamp AND one.2 <= EndedAt, InnerErrors)) AS UnitInnerError,
          max(Test) AS UnitTest,
          groupUniqArrayIf(Instance, Instance != '') AS UnitInstances,
          max(toUnixTimestamp(Tick) < transform(concat(Build, '\0', Instance),
            arrayMap((build, instance) -> concat(build, '\0', instance), {builds:Array(String)}, {instances:Array(String)}),
            {until:Array(UInt32)}, toUInt32(0))) AS UnitWarmUp,
          min(EndedAt) AS UnitFirst,
          max(EndedAt) AS UnitLast,
          max(ErrorType) AS UnitErrorType,
          groupUniqArray(arrayStringConcat(SpanValues, '\x01')) AS Seen,
          if(length(Seen) = 1, splitByChar('\x01', Seen[1]), arrayMap(
            values -> multiIf(empty(values), '', length(values) = 1, values[1], '(mixed)'),
            arrayMap(
              place -> arrayDistinct(arrayFilter(value -> value != '',
                arrayMap(values -> splitByChar('\x01', values)[place], Seen))),
              arrayEnumerate({keys:Array(String)})))) AS Values,
          MayBeStable
          AND (UnitTest OR NOT {stableTests:Bool}) AS IsStable,
          MayBeCanary
          AND (UnitTest OR NOT {canaryTests:Bool}) AS IsCanary
        FROM (
          SELECT
            Service, Tick, Timestamp, EndedAt, Operation, TraceId, SpanId, Bucket, Test, IsError, ClientCode, ErrorType, HasException,
            Build, Instance,
            [if(SpanAttributes[{key1:String}] != '', SpanAttributes[{key1:String}], ResourceAttributes[{key1:String}])] AS SpanValues,
            SpanValues[1] = {stable1:String} AS MayBeStable,
            SpanValues[1] = {canary1:String} AS MayBeCanary
          FROM (
            SELECT
              ServiceName AS Service,
              Tick,
              Timestamp,
              EndedAt,
              TraceId,
              SpanId,
              SpanName,
              SpanKind,
              Duration,
              SpanAttributes,
              ResourceAttributes,
              multiIf(
                SpanAttributes['http.route'] != '',
                  trimLeft(concat(
                    if(SpanAttributes['http.request.method'] != '',
                      SpanAttributes['http.request.method'], SpanAttributes['http.method']),
                    ' ', SpanAttributes['http.route'])),
                SpanAttributes['rpc.method'] != '' AND SpanAttributes['rpc.service'] != '',
                  concat(SpanAttributes['rpc.service'], '/', SpanAttributes['rpc.method']),
                SpanAttributes['rpc.method'] != '', SpanAttributes['rpc.method'],
                SpanAttributes['messaging.destination.template'] != '', SpanAttributes['messaging.destination.template'],
                if(position(SpanName, '/') = 0, SpanName, replaceRegexpAll(replaceRegexpAll(replaceRegexpOne(
                  SpanName, '[?].*$', ''), '/(?:[0-9]+|[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|[0-9a-fA-F]{24,}|[0-9A-HJKMNP-TV-Z]{26})(/|$)', '/{id}\\1'), '/(?:[0-9]+|[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|[0-9a-fA-F]{24,}|[0-9A-HJKMNP-TV-Z]{26})(/|$)', '/{id}\\1'))) AS Operation,
              if(SpanAttributes['service.version'] != '',
                SpanAttributes['service.version'], ResourceAttributes['service.version']) AS Build,
              SpanAttributes['coalmine.test'] = 'true' AS Test,
              toUInt16OrZero(if(SpanAttributes['http.response.status_code'] != '',
                SpanAttributes['http.response.status_code'], SpanAttributes['http.status_code'])) AS HttpStatus,
              if(SpanAttributes['rpc.response.status_code'] != '',
                SpanAttributes['rpc.response.status_code'], SpanAttributes['rpc.grpc.status_code']) AS RpcStatus,
              if(RpcStatus = '', toUInt16(0), transform(
                    upper(RpcStatus),
                    ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', '10', '11', '12', '13', '14', '15', '16',
                      'OK', 'CANCELLED', 'UNKNOWN', 'INVALID_ARGUMENT', 'DEADLINE_EXCEEDED', 'NOT_FOUND', 'ALREADY_EXISTS', 'PERMISSION_DENIED', 'RESOURCE_EXHAUSTED', 'FAILED_PRECONDITION', 'ABORTED', 'OUT_OF_RANGE', 'UNIMPLEMENTED', 'INTERNAL', 'UNAVAILABLE', 'DATA_LOSS', 'UNAUTHENTICATED', 'CANCELED'],
                    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 1],
                    toUInt16(0))) AS GrpcCode,
              StatusCode IN ('Error', 'STATUS_CODE_ERROR') OR HttpStatus >= 500 OR GrpcCode IN (2, 4, 12, 13, 14, 15) AS IsError,
              multiIf(
                HttpStatus BETWEEN 400 AND 499, HttpStatus,
                GrpcCode IN (1, 3, 5, 6, 7, 8, 9, 10, 11, 16), GrpcCode,
                toUInt16(0)) AS ClientCode,
              has(Events.Name, 'exception') AS HasException,
              if(IsError, arrayFirst(attributes -> attributes['exception.type'] != '', Events.Attributes)['exception.type'], '')
                AS Exception,
              if(IsError, substringUTF8(multiIf(
                SpanAttributes['error.type'] NOT IN ('', toString(HttpStatus)), SpanAttributes['error.type'],
                Exception != '', Exception,
                HttpStatus >= 500, concat('HTTP ', toString(HttpStatus)),
                GrpcCode != 0, concat('gRPC ', arrayElement(['OK', 'CANCELLED', 'UNKNOWN', 'INVALID_ARGUMENT', 'DEADLINE_EXCEEDED', 'NOT_FOUND', 'ALREADY_EXISTS', 'PERMISSION_DENIED', 'RESOURCE_EXHAUSTED', 'FAILED_PRECONDITION', 'ABORTED', 'OUT_OF_RANGE', 'UNIMPLEMENTED', 'INTERNAL', 'UNAVAILABLE', 'DATA_LOSS', 'UNAUTHENTICATED'], GrpcCode + 1)),
                RpcStatus NOT IN ('', '0', 'OK'), concat('RPC ', RpcStatus),
                '(not said)'), 1, 100), '') AS ErrorType,
              if(Duration = 0, toInt16(-32768), toInt16(ceil(log2(Duration / 1e9) * 32) - 1)) AS Bucket,
              multiIf(
                ResourceAttributes['service.instance.id'] != '', ResourceAttributes['service.instance.id'],
                ResourceAttributes['k8s.pod.name'] != '', ResourceAttributes['k8s.pod.name'],
                ResourceAttributes['host.name']) AS Instance
            FROM coalmine_traces
            WHERE SpanKind IN ('Server', 'Consumer', 'SPAN_KIND_SERVER', 'SPAN_KIND_CONSUMER')
              OR ParentSpanId IN ('', '0000000000000000')
          )
          WHERE Service = {service:String}
            AND Timestamp >= toDateTime64({since:UInt32}, 9) AND Timestamp < toDateTime64({to:UInt32}, 9)
            AND EndedAt >= toDateTime64({from:UInt32}, 9) AND EndedAt < toDateTime64({to:UInt32}, 9)
            AND Tick IN (SELECT Tick FROM coalmine_closed WHERE Service = {service:String})
            AND (empty({audience:Array(String)}) OR has({audience:Array(String)}, SpanAttributes['coalmine.audience']))
            AND (MayBeStable OR MayBeCanary)
        ) AS requests
        LEFT ANY JOIN (
          SELECT TraceId, groupUniqArray(1000)((ServiceName, Timestamp)) AS InnerErrors
          FROM coalmine_traces
          WHERE ServiceName = {service:String}
            AND Timestamp >= toDateTime64({since:UInt32}, 9) AND Timestamp < toDateTime64({to:UInt32}, 9)
            AND SpanKind NOT IN ('Server', 'Consumer', 'SPAN_KIND_SERVER', 'SPAN_KIND_CONSUMER')
            AND (StatusCode IN ('Error', 'STATUS_CODE_ERROR') OR has(Events.Name, 'exception'))
          GROUP BY TraceId
        ) AS below USING (TraceId)
        GROUP BY Service, Tick, UnitOperation, TraceId, MayBeStable, MayBeCanary
        HAVING IsStable OR IsCanary
    )
  )
  WHERE length(UnitInstances) = 1 AND has({names:Array(String)}, UnitInstances[1]) AND cohort IN ('stable', 'canary')
    AND (NOT UnitTest OR {traffic:String} = 'all' OR if(cohort = 'stable', {stableTests:Bool}, {canaryTests:Bool}))
  GROUP BY instance, operation, ofCanary, tick
  ORDER BY tick, ofCanary, instance, operation;

-- read/instances.ts: instanceLives
  SELECT
    Build AS build,
    FlagVariant AS instance,
    toUnixTimestamp64Milli(min(FirstEnd)) AS firstMs,
    toUnixTimestamp64Milli(max(LastEnd)) AS lastMs,
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
  ORDER BY build, instance;

-- read/instances.ts: rawLives
  SELECT
    Build AS build,
    Instance AS instance,
    toUnixTimestamp64Milli(min(EndedAt)) AS firstMs,
    toUnixTimestamp64Milli(max(EndedAt)) AS lastMs,
    uniqIf(SpanId, Tick >= fromUnixTimestamp({window:UInt32})) AS requests
  FROM coalmine_requests
  WHERE Service = {service:String}
    AND ({traffic:String} = 'all' OR Test = ({traffic:String} = 'test'))
    AND Timestamp >= toDateTime64({since:UInt32}, 9) AND Timestamp < toDateTime64({to:UInt32}, 9)
    AND EndedAt >= toDateTime64({from:UInt32}, 9) AND EndedAt < toDateTime64({to:UInt32}, 9)
    AND Tick IN (SELECT Tick FROM coalmine_closed WHERE Service = {service:String})
  GROUP BY build, instance
  ORDER BY build, instance;

-- read/known.ts: knownServices
  SELECT ServiceName AS service
  FROM coalmine_traces
  WHERE Timestamp >= toDateTime64({from:UInt32}, 9)
  GROUP BY service
  ORDER BY count() DESC, service
  LIMIT 100;

-- read/known.ts: openSpans
  SELECT
    uniqExact(Tick) AS ticks,
    count() AS spans,
    toUnixTimestamp64Milli(min(EndedAt)) AS firstMs
  FROM coalmine_traces
  WHERE ServiceName = {service:String} AND Timestamp >= toDateTime64({from:UInt32}, 9)
    AND Tick NOT IN
      (SELECT Tick FROM coalmine_closed WHERE Service = {service:String});

-- read/known.ts: servedTicks
  SELECT count() AS ticks, toUnixTimestamp(min(Tick)) AS first, toUnixTimestamp(max(Tick)) AS last
  FROM coalmine_ticks
  WHERE Service = {service:String};

-- read/known.ts: knownValues
  SELECT
    if(FlagKey = '', 'service.version', concat('coalmine.flag.', FlagKey)) AS key,
    if(FlagKey = '', Build, FlagVariant) AS value,
    sum(Requests) AS requests,
    toUnixTimestamp(min(Tick)) AS first
  FROM coalmine_ticks
  WHERE Service = {service:String} AND FlagKey != '(instance)' AND (Tick, Batch) IN (
    SELECT Tick, argMax(Batch, ClosedAt) FROM coalmine_closed WHERE Service = {service:String} GROUP BY Tick)
  GROUP BY key, value
  HAVING value != ''
  ORDER BY requests DESC, key, value
  LIMIT 100;

-- read/late-ticks.ts: lateAt
  SELECT toUnixTimestamp(Tick) AS tick, sum(Spans) AS spans
  FROM coalmine_late
  WHERE Service = {service:String}
    AND Tick >= fromUnixTimestamp({from:UInt32}) AND Tick < fromUnixTimestamp({to:UInt32})
  GROUP BY tick
  ORDER BY spans DESC, tick
  LIMIT {most:UInt32};

-- read/new-closings.ts: newClosings
  SELECT
    Service AS service,
    toString(groupBitXorIf(cityHash64(Tick, Batch), Second < Until)) AS known,
    toString(groupBitXor(cityHash64(Tick, Batch))) AS all,
    max(Second) AS last,
    arraySort(groupUniqArrayIf(Second, Second >= Until)) AS ticks
  FROM (
    SELECT
      Service,
      Tick,
      Batch,
      toUnixTimestamp(Tick) AS Second,
      transform(toString(Service), {services:Array(String)}, {sinces:Array(UInt32)}, toUInt32(0)) AS Since,
      transform(toString(Service), {services:Array(String)}, {untils:Array(UInt32)}, toUInt32(0)) AS Until
    FROM coalmine_closed
    WHERE Service IN {services:Array(String)} AND Tick >= fromUnixTimestamp({since:UInt32})
  )
  WHERE Second >= Since
  GROUP BY Service;

-- read/new-closings.ts: lateOfServices
  SELECT Service AS service, sum(Spans) AS late
  FROM coalmine_late
  WHERE Service IN {services:Array(String)} AND Tick >= fromUnixTimestamp({since:UInt32})
  GROUP BY Service;

-- read/new-rows.ts: newRows
  SELECT
    toUInt16(indexOf({services:Array(String)}, Service)) AS service,
    toString(FlagKey) AS flag,
    toString(Build) AS build,
    toString(FlagVariant) AS variant,
    Test AS test,
    toString(Operation) AS operation,
    toUnixTimestamp(Tick) AS tick,
    toFloat64(Requests) AS requests,
    toFloat64(Traces) AS traces,
    toFloat64(Errors) AS errors,
    toFloat64(ClientErrors) AS clientErrors,
    toFloat64(InnerErrors) AS innerErrors,
    mapKeys(Latency) AS buckets,
    CAST(mapValues(Latency), 'Array(UInt32)') AS counts,
    CAST(Instances, 'Array(String)') AS instances
  FROM coalmine_ticks
  WHERE Service IN {services:Array(String)} AND FlagKey IN {flags:Array(String)}
    AND Tick >= fromUnixTimestamp({from:UInt32}) AND Tick < fromUnixTimestamp({to:UInt32})
    AND (Service, Tick, Batch) IN (
      SELECT Service, Tick, argMax(Batch, ClosedAt)
      FROM coalmine_closed
      WHERE Service IN {services:Array(String)}
        AND Tick >= fromUnixTimestamp({from:UInt32}) AND Tick < fromUnixTimestamp({to:UInt32})
      GROUP BY Service, Tick)
  ORDER BY service, operation, tick;

-- read/raw-ticks.ts: rawTickSizes
  SELECT toUnixTimestamp(Tick) AS tick, count() AS spans, toUnixTimestamp(min(Timestamp)) AS since
  FROM coalmine_traces
  WHERE ServiceName = {service:String}
    AND Timestamp >= toDateTime64({since:UInt32}, 9) AND Timestamp < toDateTime64({to:UInt32}, 9)
    AND EndedAt >= toDateTime64({from:UInt32}, 9) AND EndedAt < toDateTime64({to:UInt32}, 9)
    AND Tick IN (SELECT Tick FROM coalmine_closed WHERE Service = {service:String})
  GROUP BY tick
  ORDER BY tick;

-- read/raw-ticks.ts: rawTicks
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
    countIf(UnitClientCode != 0) AS clientErrors,
    countIf(UnitInnerError AND NOT UnitError AND UnitClientCode = 0) AS innerErrors,
    countIf(UnitWarmUp) AS warmUp,
    mapKeys(sumMapIf(map(UnitBucket, toUInt64(1)), NOT UnitWarmUp) AS Histogram) AS buckets,
    mapValues(Histogram) AS counts,
    sumMapIf(map(UnitErrorType, toUInt64(1)), UnitErrorType != '') AS errorTypes,
    sumMapIf(map(UnitClientCode, toUInt64(1)), UnitClientCode != 0) AS clientCodes,
    groupUniqArrayArray(50)(UnitInstances) AS instances,
    toUnixTimestamp64Milli(min(UnitFirst)) AS firstMs,
    toUnixTimestamp64Milli(max(UnitLast)) AS lastMs
  FROM (
    SELECT
        Tick,
        if({calls:Bool} OR (Service, Operation) IN (
          SELECT Service, Operation
          FROM coalmine_operation_hours
          WHERE Service = {service:String}
            AND Hour >= fromUnixTimestamp(toUInt32(greatest(0, toInt64({from:UInt32}) - 90000)))
            AND Hour < fromUnixTimestamp({to:UInt32})
          GROUP BY Service, Operation
          ORDER BY sum(Requests) DESC, Operation
          LIMIT 500 BY Service),
          Operation, '(other)')
          AS UnitOperation,
        uniqExact(sipHash64(SpanId)) AS Spans,
        max(Bucket) AS UnitBucket,
        max(IsError) AS UnitError,
        max(ClientCode) AS UnitClientCode,
        max(HasException OR arrayExists(
          one -> one.1 = Service AND one.2 >= Timestamp AND one.2 <= EndedAt, InnerErrors)) AS UnitInnerError,
        max(Test) AS UnitTest,
        groupUniqArrayIf(Instance, Instance != '') AS UnitInstances,
        max(toUnixTimestamp(Tick) < transform(concat(Build, '\0', Instance),
          arrayMap((build, instance) -> concat(build, '\0', instance), {builds:Array(String)}, {instances:Array(String)}),
          {until:Array(UInt32)}, toUInt32(0))) AS UnitWarmUp,
        min(EndedAt) AS UnitFirst,
        max(EndedAt) AS UnitLast,
        max(ErrorType) AS UnitErrorType,
        groupUniqArray(arrayStringConcat(SpanValues, '\x01')) AS Seen,
        if(length(Seen) = 1, splitByChar('\x01', Seen[1]), arrayMap(
          values -> multiIf(empty(values), '', length(values) = 1, values[1], '(mixed)'),
          arrayMap(
            place -> arrayDistinct(arrayFilter(value -> value != '',
              arrayMap(values -> splitByChar('\x01', values)[place], Seen))),
            arrayEnumerate({keys:Array(String)})))) AS Values,
        MayBeStable
        AND (UnitTest OR NOT {stableTests:Bool}) AS IsStable,
        MayBeCanary
        AND (UnitTest OR NOT {canaryTests:Bool}) AS IsCanary
      FROM (
        SELECT
          Service, Tick, Timestamp, EndedAt, Operation, TraceId, SpanId, Bucket, Test, IsError, ClientCode, ErrorType, HasException,
          Build, Instance,
          [if(SpanAttributes[{key1:String}] != '', SpanAttributes[{key1:String}], ResourceAttributes[{key1:String}])] AS SpanValues,
          SpanValues[1] = {stable1:String} AS MayBeStable,
          SpanValues[1] = {canary1:String} AS MayBeCanary
        FROM (
          SELECT
            ServiceName AS Service,
            Tick,
            Timestamp,
            EndedAt,
            TraceId,
            SpanId,
            SpanName,
            SpanKind,
            Duration,
            SpanAttributes,
            ResourceAttributes,
            multiIf(
              SpanAttributes['http.route'] != '',
                trimLeft(concat(
                  if(SpanAttributes['http.request.method'] != '',
                    SpanAttributes['http.request.method'], SpanAttributes['http.method']),
                  ' ', SpanAttributes['http.route'])),
              SpanAttributes['rpc.method'] != '' AND SpanAttributes['rpc.service'] != '',
                concat(SpanAttributes['rpc.service'], '/', SpanAttributes['rpc.method']),
              SpanAttributes['rpc.method'] != '', SpanAttributes['rpc.method'],
              SpanAttributes['messaging.destination.template'] != '', SpanAttributes['messaging.destination.template'],
              if(position(SpanName, '/') = 0, SpanName, replaceRegexpAll(replaceRegexpAll(replaceRegexpOne(
                SpanName, '[?].*$', ''), '/(?:[0-9]+|[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|[0-9a-fA-F]{24,}|[0-9A-HJKMNP-TV-Z]{26})(/|$)', '/{id}\\1'), '/(?:[0-9]+|[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|[0-9a-fA-F]{24,}|[0-9A-HJKMNP-TV-Z]{26})(/|$)', '/{id}\\1'))) AS Operation,
            if(SpanAttributes['service.version'] != '',
              SpanAttributes['service.version'], ResourceAttributes['service.version']) AS Build,
            SpanAttributes['coalmine.test'] = 'true' AS Test,
            toUInt16OrZero(if(SpanAttributes['http.response.status_code'] != '',
              SpanAttributes['http.response.status_code'], SpanAttributes['http.status_code'])) AS HttpStatus,
            if(SpanAttributes['rpc.response.status_code'] != '',
              SpanAttributes['rpc.response.status_code'], SpanAttributes['rpc.grpc.status_code']) AS RpcStatus,
            if(RpcStatus = '', toUInt16(0), transform(
                  upper(RpcStatus),
                  ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', '10', '11', '12', '13', '14', '15', '16',
                    'OK', 'CANCELLED', 'UNKNOWN', 'INVALID_ARGUMENT', 'DEADLINE_EXCEEDED', 'NOT_FOUND', 'ALREADY_EXISTS', 'PERMISSION_DENIED', 'RESOURCE_EXHAUSTED', 'FAILED_PRECONDITION', 'ABORTED', 'OUT_OF_RANGE', 'UNIMPLEMENTED', 'INTERNAL', 'UNAVAILABLE', 'DATA_LOSS', 'UNAUTHENTICATED', 'CANCELED'],
                  [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 1],
                  toUInt16(0))) AS GrpcCode,
            StatusCode IN ('Error', 'STATUS_CODE_ERROR') OR HttpStatus >= 500 OR GrpcCode IN (2, 4, 12, 13, 14, 15) AS IsError,
            multiIf(
              HttpStatus BETWEEN 400 AND 499, HttpStatus,
              GrpcCode IN (1, 3, 5, 6, 7, 8, 9, 10, 11, 16), GrpcCode,
              toUInt16(0)) AS ClientCode,
            has(Events.Name, 'exception') AS HasException,
            if(IsError, arrayFirst(attributes -> attributes['exception.type'] != '', Events.Attributes)['exception.type'], '')
              AS Exception,
            if(IsError, substringUTF8(multiIf(
              SpanAttributes['error.type'] NOT IN ('', toString(HttpStatus)), SpanAttributes['error.type'],
              Exception != '', Exception,
              HttpStatus >= 500, concat('HTTP ', toString(HttpStatus)),
              GrpcCode != 0, concat('gRPC ', arrayElement(['OK', 'CANCELLED', 'UNKNOWN', 'INVALID_ARGUMENT', 'DEADLINE_EXCEEDED', 'NOT_FOUND', 'ALREADY_EXISTS', 'PERMISSION_DENIED', 'RESOURCE_EXHAUSTED', 'FAILED_PRECONDITION', 'ABORTED', 'OUT_OF_RANGE', 'UNIMPLEMENTED', 'INTERNAL', 'UNAVAILABLE', 'DATA_LOSS', 'UNAUTHENTICATED'], GrpcCode + 1)),
              RpcStatus NOT IN ('', '0', 'OK'), concat('RPC ', RpcStatus),
              '(not said)'), 1, 100), '') AS ErrorType,
            if(Duration = 0, toInt16(-32768), toInt16(ceil(log2(Duration / 1e9) * 32) - 1)) AS Bucket,
            multiIf(
              ResourceAttributes['service.instance.id'] != '', ResourceAttributes['service.instance.id'],
              ResourceAttributes['k8s.pod.name'] != '', ResourceAttributes['k8s.pod.name'],
              ResourceAttributes['host.name']) AS Instance
          FROM coalmine_traces
          WHERE SpanKind IN ('Server', 'Consumer', 'SPAN_KIND_SERVER', 'SPAN_KIND_CONSUMER')
            OR ParentSpanId IN ('', '0000000000000000')
        )
        WHERE Service = {service:String}
          AND Timestamp >= toDateTime64({since:UInt32}, 9) AND Timestamp < toDateTime64({to:UInt32}, 9)
          AND EndedAt >= toDateTime64({from:UInt32}, 9) AND EndedAt < toDateTime64({to:UInt32}, 9)
          AND Tick IN (SELECT Tick FROM coalmine_closed WHERE Service = {service:String})
          AND (empty({audience:Array(String)}) OR has({audience:Array(String)}, SpanAttributes['coalmine.audience']))
          AND (MayBeStable OR MayBeCanary)
      ) AS requests
      LEFT ANY JOIN (
        SELECT TraceId, groupUniqArray(1000)((ServiceName, Timestamp)) AS InnerErrors
        FROM coalmine_traces
        WHERE ServiceName = {service:String}
          AND Timestamp >= toDateTime64({since:UInt32}, 9) AND Timestamp < toDateTime64({to:UInt32}, 9)
          AND SpanKind NOT IN ('Server', 'Consumer', 'SPAN_KIND_SERVER', 'SPAN_KIND_CONSUMER')
          AND (StatusCode IN ('Error', 'STATUS_CODE_ERROR') OR has(Events.Name, 'exception'))
        GROUP BY TraceId
      ) AS below USING (TraceId)
      GROUP BY Service, Tick, UnitOperation, TraceId, MayBeStable, MayBeCanary
      HAVING IsStable OR IsCanary
  )
  GROUP BY tick, operation, cohort, test
  ORDER BY operation, tick;

-- read/read-measures.ts: rawMeasures
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
      if((Service, Operation) IN (
        SELECT Service, Operation
        FROM coalmine_operation_hours
        WHERE Service = {service:String}
          AND Hour >= fromUnixTimestamp(toUInt32(greatest(0, toInt64({from:UInt32}) - 90000)))
          AND Hour < fromUnixTimestamp({to:UInt32})
        GROUP BY Service, Operation
        ORDER BY sum(Requests) DESC, Operation
        LIMIT 500 BY Service), Operation, '(other)')
        AS UnitOperation,
      max(Test) AS UnitTest,
      arraySort(groupUniqArray((SpanId, SpanMeasured))) AS UnitSpans,
      arrayMap(
        place -> arrayFilter(value -> NOT isNaN(value), arrayMap(span -> span.2[place], UnitSpans)),
        arrayEnumerate({reduces:Array(String)})) AS UnitNumbers,
      arrayMap(
        (numbers, reduce) -> multiIf(empty(numbers), nan, reduce = 'sum', arraySum(numbers), arrayMax(numbers)),
        UnitNumbers, {reduces:Array(String)}) AS UnitMeasured,
      groupUniqArray(arrayStringConcat(SpanValues, '\x01')) AS Seen,
      if(length(Seen) = 1, splitByChar('\x01', Seen[1]), arrayMap(
        values -> multiIf(empty(values), '', length(values) = 1, values[1], '(mixed)'),
        arrayMap(
          place -> arrayDistinct(arrayFilter(value -> value != '',
            arrayMap(values -> splitByChar('\x01', values)[place], Seen))),
          arrayEnumerate({keys:Array(String)})))) AS Values,
      MayBeStable
      AND (UnitTest OR NOT {stableTests:Bool}) AS IsStable,
      MayBeCanary
      AND (UnitTest OR NOT {canaryTests:Bool}) AS IsCanary
    FROM (
      SELECT
        Service, Tick, Operation, TraceId, SpanId, Test,
        [if(SpanAttributes[{key1:String}] != '', SpanAttributes[{key1:String}], ResourceAttributes[{key1:String}])] AS SpanValues,
        SpanValues[1] = {stable1:String} AS MayBeStable,
        SpanValues[1] = {canary1:String} AS MayBeCanary,
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
        FROM (
          SELECT
            ServiceName AS Service,
            Tick,
            Timestamp,
            EndedAt,
            TraceId,
            SpanId,
            ParentSpanId,
            SpanName,
            SpanKind,
            Duration,
            SpanAttributes,
            ResourceAttributes,
            multiIf(
              SpanAttributes['http.route'] != '',
                trimLeft(concat(
                  if(SpanAttributes['http.request.method'] != '',
                    SpanAttributes['http.request.method'], SpanAttributes['http.method']),
                  ' ', SpanAttributes['http.route'])),
              SpanAttributes['rpc.method'] != '' AND SpanAttributes['rpc.service'] != '',
                concat(SpanAttributes['rpc.service'], '/', SpanAttributes['rpc.method']),
              SpanAttributes['rpc.method'] != '', SpanAttributes['rpc.method'],
              SpanAttributes['messaging.destination.template'] != '', SpanAttributes['messaging.destination.template'],
              if(position(SpanName, '/') = 0, SpanName, replaceRegexpAll(replaceRegexpAll(replaceRegexpOne(
                SpanName, '[?].*$', ''), '/(?:[0-9]+|[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|[0-9a-fA-F]{24,}|[0-9A-HJKMNP-TV-Z]{26})(/|$)', '/{id}\\1'), '/(?:[0-9]+|[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|[0-9a-fA-F]{24,}|[0-9A-HJKMNP-TV-Z]{26})(/|$)', '/{id}\\1'))) AS Operation,
            mapFilter((key, variant) -> startsWith(key, 'coalmine.flag.'), SpanAttributes) AS OwnFlags,
            if(SpanAttributes['coalmine.flags'] = '', OwnFlags, mapUpdate(
              CAST(arrayMap(
                pair -> (
                  concat('coalmine.flag.', decodeURLComponent(splitByChar('=', pair)[1])),
                  decodeURLComponent(splitByChar('=', pair)[2])),
                arrayFilter(pair -> position(pair, '=') > 1, splitByChar(';', SpanAttributes['coalmine.flags']))),
                'Map(LowCardinality(String), String)'),
              OwnFlags)) AS FlagAttributes,
            SpanAttributes['coalmine.test'] = 'true' AS Test
          FROM coalmine_traces
          WHERE SpanKind IN ('Server', 'Consumer', 'SPAN_KIND_SERVER', 'SPAN_KIND_CONSUMER')
            OR ParentSpanId IN ('', '0000000000000000')
        )
        WHERE Service = {service:String}
          AND Timestamp >= toDateTime64({since:UInt32}, 9) AND Timestamp < toDateTime64({to:UInt32}, 9)
          AND EndedAt >= toDateTime64({from:UInt32}, 9) AND EndedAt < toDateTime64({to:UInt32}, 9)
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
              AND Timestamp >= toDateTime64({since:UInt32}, 9)
              AND Timestamp < toDateTime64({to:UInt32}, 9)
          )
          GROUP BY TraceId
          HAVING notEmpty(Calls) AND (length(Entries) = 1 OR (notEmpty(Entries) AND length(Spans) <= 2000))
        )
        ARRAY JOIN Calls.6 AS Call, CallOwners AS Owner
        GROUP BY TraceId, Owner
      ) AS calls USING (TraceId, SpanId)
    )
    GROUP BY Service, Tick, UnitOperation, TraceId, MayBeStable, MayBeCanary
    HAVING IsStable OR IsCanary
  )
  GROUP BY tick, operation, cohort, test
  ORDER BY operation, tick;

-- read/read-ticks.ts: tickOperations
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
  ORDER BY Operation;

-- read/reductions.ts: closings
  SELECT toUnixTimestamp(Tick) AS tick, toString(argMax(Batch, ClosedAt)) AS batch
  FROM coalmine_closed
  WHERE Service = {service:String}
    AND Tick >= fromUnixTimestamp({from:UInt32}) AND Tick < fromUnixTimestamp({to:UInt32})
  GROUP BY Tick
  ORDER BY tick;

-- read/reductions.ts: reductions
  SELECT toUnixTimestamp(Tick) AS tick, toString(Batch) AS batch
  FROM coalmine_reductions
  WHERE Service = {service:String} AND Comparison = {comparison:UInt64}
    AND Tick >= fromUnixTimestamp({from:UInt32}) AND Tick < fromUnixTimestamp({to:UInt32});

-- read/reductions.ts: commitReduction
  INSERT INTO coalmine_reductions (Comparison, Service, Tick, Batch, Reduction)
  SELECT {comparison:UInt64}, {service:String}, fromUnixTimestamp(pair.1), toUInt64(pair.2), {reduction:UInt64}
  FROM (SELECT arrayJoin(arrayZip({ticks:Array(UInt32)}, {batches:Array(String)})) AS pair);

-- read/reductions.ts: reducedTicks
  SELECT
    toUnixTimestamp(Tick) AS tick,
    Operation AS operation,
    Cohort AS cohort,
    Test AS test,
    Requests AS requests,
    Traces AS traces,
    Errors AS errors,
    ClientErrors AS clientErrors,
    InnerErrors AS innerErrors,
    WarmUp AS warmUp,
    mapKeys(Latency) AS buckets,
    mapValues(Latency) AS counts,
    ErrorTypes AS errorTypes,
    ClientCodes AS clientCodes
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
  ORDER BY operation, tick;

-- read/reductions.ts: reducedFacts
  SELECT
    Cohort AS cohort,
    Test AS test,
    sum(Requests) AS requests,
    sum(Traces) AS traces,
    groupUniqArrayArray(Instances) AS instances,
    toUnixTimestamp64Milli(min(FirstEnd)) AS firstMs,
    toUnixTimestamp64Milli(max(LastEnd)) AS lastMs
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
  GROUP BY cohort, test;

-- read/sample.ts: sampleOfTicks
  SELECT
    cohort,
    Threshold AS threshold,
    Scope AS scope,
    count() AS requests,
    countIf(Failed) AS errors,
    countIf(Targeted) AS targeted,
    countIf(Named) AS named,
    countIf(Redirected) AS redirects,
    countIf(Timeless) AS timeless,
    countIf(Retried) AS retried,
    sum(Below.Spans) AS children
  FROM (
    SELECT
      TraceId,
      any(TraceState) AS State,
      extract(State, 'ot=[^,]*th:([0-9a-f]+)') AS Threshold,
      any(ScopeName) AS Scope,
      groupUniqArray([if(SpanAttributes[{key1:String}] != '', SpanAttributes[{key1:String}], ResourceAttributes[{key1:String}])]) AS Seen,
      multiIf(
        length(Seen) > 1, if(
          arrayExists(seen -> seen[1] = {stable1:String}, Seen)
            AND arrayExists(seen -> seen[1] = {canary1:String}, Seen),
          'both', ''),
        Seen[1][1] = {stable1:String}, 'stable',
        Seen[1][1] = {canary1:String}, 'canary',
        '') AS cohort,
      if(cohort = 'both', maxIf(IsError, if(SpanAttributes[{key1:String}] != '', SpanAttributes[{key1:String}], ResourceAttributes[{key1:String}]) = {canary1:String}
      AND (Test = {canaryTests:Bool} OR (Test AND {traffic:String} = 'all'))), max(IsError)) AS Failed,
      max(hasAny(splitByChar(';', SpanAttributes['coalmine.flags.targeted']), {flags:Array(String)})) AS Targeted,
      max(arrayFirst(name -> name != '', [
        SpanAttributes['user.id'], ResourceAttributes['user.id'],
        SpanAttributes['enduser.id'], ResourceAttributes['enduser.id'],
        SpanAttributes['session.id'], ResourceAttributes['session.id'],
        SpanAttributes['client.address'], ResourceAttributes['client.address']]) != '') AS Named,
      max(HttpStatus BETWEEN 300 AND 399 AND HttpStatus != 304) AS Redirected,
      max(Duration) = 0 AS Timeless,
      cohort = 'both' AND Failed
        AND maxIf(Timestamp, if(SpanAttributes[{key1:String}] != '', SpanAttributes[{key1:String}], ResourceAttributes[{key1:String}]) = {stable1:String}
        AND (Test = {stableTests:Bool} OR (Test AND {traffic:String} = 'all'))) >= minIf(EndedAt, IsError AND if(SpanAttributes[{key1:String}] != '', SpanAttributes[{key1:String}], ResourceAttributes[{key1:String}]) = {canary1:String}
        AND (Test = {canaryTests:Bool} OR (Test AND {traffic:String} = 'all'))) AS Retried
    FROM (
      SELECT
        ServiceName AS Service,
        Tick,
        Timestamp,
        EndedAt,
        TraceId,
        SpanId,
        ParentSpanId,
        TraceState,
        SpanKind,
        ScopeName,
        Duration,
        SpanAttributes,
        ResourceAttributes,
        SpanAttributes['coalmine.test'] = 'true' AS Test,
        toUInt16OrZero(if(SpanAttributes['http.response.status_code'] != '',
          SpanAttributes['http.response.status_code'], SpanAttributes['http.status_code'])) AS HttpStatus,
        if(SpanAttributes['rpc.response.status_code'] != '',
          SpanAttributes['rpc.response.status_code'], SpanAttributes['rpc.grpc.status_code']) AS RpcStatus,
        if(RpcStatus = '', toUInt16(0), transform(
              upper(RpcStatus),
              ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', '10', '11', '12', '13', '14', '15', '16',
                'OK', 'CANCELLED', 'UNKNOWN', 'INVALID_ARGUMENT', 'DEADLINE_EXCEEDED', 'NOT_FOUND', 'ALREADY_EXISTS', 'PERMISSION_DENIED', 'RESOURCE_EXHAUSTED', 'FAILED_PRECONDITION', 'ABORTED', 'OUT_OF_RANGE', 'UNIMPLEMENTED', 'INTERNAL', 'UNAVAILABLE', 'DATA_LOSS', 'UNAUTHENTICATED', 'CANCELED'],
              [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 1],
              toUInt16(0))) AS GrpcCode,
        StatusCode IN ('Error', 'STATUS_CODE_ERROR') OR HttpStatus >= 500 OR GrpcCode IN (2, 4, 12, 13, 14, 15) AS IsError
      FROM coalmine_traces
      WHERE SpanKind IN ('Server', 'Consumer', 'SPAN_KIND_SERVER', 'SPAN_KIND_CONSUMER')
        OR ParentSpanId IN ('', '0000000000000000')
    )
    WHERE Service = {service:String}
      AND ({traffic:String} = 'all' OR {stableTests:Bool} OR {canaryTests:Bool} OR NOT Test)
      AND (empty({audience:Array(String)}) OR has({audience:Array(String)}, SpanAttributes['coalmine.audience']))
      AND Timestamp >= toDateTime64({since:UInt32}, 9) AND Timestamp < toDateTime64({to:UInt32}, 9)
      AND EndedAt >= toDateTime64({from:UInt32}, 9) AND EndedAt < toDateTime64({to:UInt32}, 9)
      AND toUnixTimestamp(Tick) IN {ticks:Array(UInt32)}
      AND sipHash64(TraceId) % {oneIn:UInt32} = 0
    GROUP BY TraceId
    HAVING cohort != ''
  ) AS Requests
  LEFT JOIN (
    SELECT TraceId, uniqExact(sipHash64(SpanId)) AS Spans
    FROM coalmine_traces
    WHERE ServiceName = {service:String}
      AND Timestamp >= toDateTime64({since:UInt32}, 9) AND Timestamp < toDateTime64({to:UInt32}, 9)
      AND EndedAt >= toDateTime64({from:UInt32}, 9) AND EndedAt < toDateTime64({to:UInt32}, 9)
      AND toUnixTimestamp(Tick) IN {ticks:Array(UInt32)}
      AND sipHash64(TraceId) % {oneIn:UInt32} = 0
      AND SpanKind NOT IN ('Server', 'Consumer', 'SPAN_KIND_SERVER', 'SPAN_KIND_CONSUMER')
      AND ParentSpanId NOT IN ('', '0000000000000000')
    GROUP BY TraceId
  ) AS Below USING TraceId
  GROUP BY cohort, threshold, scope;

-- read/sample.ts: calledInTick
  SELECT
    [if(SpanAttributes[{key1:String}] != '', SpanAttributes[{key1:String}], ResourceAttributes[{key1:String}])] AS Seen,
    multiIf(
      Seen[1] = {stable1:String}, 'stable',
      Seen[1] = {canary1:String}, 'canary',
      '') AS cohort,
    TraceId AS traceId,
    ParentSpanId AS parentSpanId,
    toUnixTimestamp64Micro(Timestamp) AS startedAt
  FROM (
    SELECT
      ServiceName AS Service,
      Timestamp,
      EndedAt,
      TraceId,
      SpanId,
      ParentSpanId,
      SpanKind,
      SpanAttributes,
      ResourceAttributes
    FROM coalmine_traces
    WHERE SpanKind IN ('Server', 'Consumer', 'SPAN_KIND_SERVER', 'SPAN_KIND_CONSUMER')
      OR ParentSpanId IN ('', '0000000000000000')
  )
  WHERE Service = {service:String} AND ParentSpanId NOT IN ('', '0000000000000000')
    AND SpanKind NOT IN ('Consumer', 'SPAN_KIND_CONSUMER')
    AND Timestamp >= toDateTime64({since:UInt32}, 9) AND Timestamp < toDateTime64({to:UInt32}, 9)
    AND EndedAt >= toDateTime64({from:UInt32}, 9) AND EndedAt < toDateTime64({to:UInt32}, 9) AND cohort != ''
    AND sipHash64(TraceId) % {oneIn:UInt32} = 0
  ORDER BY TraceId, SpanId
  LIMIT 100 BY cohort;

-- read/sample.ts: callsOfTraces
  SELECT
    TraceId AS traceId,
    SpanId AS spanId,
    toUnixTimestamp64Micro(Timestamp) AS calledAt,
    if(SpanAttributes['server.address'] = '', '',
      concat(SpanAttributes['server.address'], ':', SpanAttributes['server.port'])) AS address
  FROM coalmine_traces
  WHERE ServiceName != {service:String} AND TraceId IN {traces:Array(String)} AND SpanId IN {spans:Array(String)}
    AND Timestamp >= toDateTime64({since:UInt32} - {reach:UInt32}, 9)
    AND Timestamp < toDateTime64({to:UInt32} + {reach:UInt32}, 9);

-- read/sizes.ts: tableSizes
  SELECT table, sum(rows) AS rows, sum(bytes_on_disk) AS bytes, sum(data_uncompressed_bytes) AS uncompressedBytes
  FROM system.parts
  WHERE active AND (
    (database = currentDatabase() AND startsWith(table, 'coalmine_') AND table != 'coalmine_schema')
    OR (database = if({database:String} = '', currentDatabase(), {database:String}) AND table = {table:String})
    OR (database = if({logsDatabase:String} = '', currentDatabase(), {logsDatabase:String}) AND table = {logs:String}))
  GROUP BY table
  ORDER BY bytes DESC, table;

-- read/sizes.ts: keptRange
  SELECT
    count() AS spans,
    toUnixTimestamp64Milli(min(Timestamp)) AS oldestMs,
    toUnixTimestamp64Milli(max(Timestamp)) AS newestMs
  FROM coalmine_traces;

-- read/still-served.ts: servedLately
  SELECT count() AS requests, countIf(if(SpanAttributes[{key1:String}] != '', SpanAttributes[{key1:String}], ResourceAttributes[{key1:String}]) = {canary1:String}
  AND (Test = {canaryTests:Bool} OR (Test AND {traffic:String} = 'all'))) AS canaryRequests
  FROM (
    SELECT
      ServiceName AS Service,
      Timestamp,
      SpanAttributes,
      ResourceAttributes,
      SpanAttributes['coalmine.test'] = 'true' AS Test
    FROM coalmine_traces
    WHERE SpanKind IN ('Server', 'Consumer', 'SPAN_KIND_SERVER', 'SPAN_KIND_CONSUMER')
      OR ParentSpanId IN ('', '0000000000000000')
  )
  WHERE Service = {service:String} AND Timestamp >= toDateTime64({from:UInt32}, 9)
    AND (empty({audience:Array(String)}) OR has({audience:Array(String)}, SpanAttributes['coalmine.audience']));

-- read/structure.ts: spansBelow
  WITH Requests AS (
    SELECT
      TraceId,
      min(toUnixTimestamp(Tick)) AS tick,
      groupUniqArray([if(SpanAttributes[{key1:String}] != '', SpanAttributes[{key1:String}], ResourceAttributes[{key1:String}])]) AS Seen,
      multiIf(
        length(Seen) > 1, if(
          arrayExists(seen -> seen[1] = {stable1:String}, Seen)
            AND arrayExists(seen -> seen[1] = {canary1:String}, Seen),
          'both', ''),
        Seen[1][1] = {stable1:String}, 'stable',
        Seen[1][1] = {canary1:String}, 'canary',
        '') AS cohort
    FROM (
      SELECT
        ServiceName AS Service,
        Tick,
        Timestamp,
        EndedAt,
        TraceId,
        ParentSpanId,
        SpanName,
        SpanKind,
        SpanAttributes,
        ResourceAttributes,
        SpanAttributes['coalmine.test'] = 'true' AS Test
      FROM coalmine_traces
      WHERE SpanKind IN ('Server', 'Consumer', 'SPAN_KIND_SERVER', 'SPAN_KIND_CONSUMER')
        OR ParentSpanId IN ('', '0000000000000000')
    )
    WHERE Service = {service:String}
      AND ({traffic:String} = 'all' OR {stableTests:Bool} OR {canaryTests:Bool} OR NOT Test)
      AND (empty({audience:Array(String)}) OR has({audience:Array(String)}, SpanAttributes['coalmine.audience']))
      AND Timestamp >= toDateTime64({since:UInt32}, 9) AND Timestamp < toDateTime64({to:UInt32}, 9)
      AND EndedAt >= toDateTime64({from:UInt32}, 9) AND EndedAt < toDateTime64({to:UInt32}, 9)
      AND toUnixTimestamp(Tick) IN {ticks:Array(UInt32)}
      AND sipHash64(TraceId) % {oneIn:UInt32} = 0
    GROUP BY TraceId
    HAVING cohort IN ('stable', 'canary')
  )
  SELECT tick, cohort, span.1 AS all, span.2 AS kind, span.3 AS name, count() AS traces
  FROM Requests
  LEFT JOIN (
    SELECT TraceId, groupUniqArray((false, lower(replaceOne(SpanKind, 'SPAN_KIND_', '')), SpanName)) AS Spans
    FROM coalmine_traces
    WHERE ServiceName = {service:String} AND TraceId IN (
        SELECT TraceId
        FROM coalmine_traces
        WHERE ServiceName = {service:String}
          AND Timestamp >= toDateTime64({since:UInt32}, 9) AND Timestamp < toDateTime64({to:UInt32}, 9)
          AND EndedAt >= toDateTime64({from:UInt32}, 9) AND EndedAt < toDateTime64({to:UInt32}, 9)
          AND toUnixTimestamp(Tick) IN {ticks:Array(UInt32)}
          AND sipHash64(TraceId) % {oneIn:UInt32} = 0
          AND (SpanKind IN ('Server', 'Consumer', 'SPAN_KIND_SERVER', 'SPAN_KIND_CONSUMER')
            OR ParentSpanId IN ('', '0000000000000000')))
      AND Timestamp >= toDateTime64({since:UInt32}, 9) AND Timestamp < toDateTime64({to:UInt32} + {onSeconds:UInt32}, 9)
      AND SpanKind NOT IN ('Server', 'Consumer', 'SPAN_KIND_SERVER', 'SPAN_KIND_CONSUMER')
      AND ParentSpanId NOT IN ('', '0000000000000000')
    GROUP BY TraceId
  ) AS Below USING TraceId
  ARRAY JOIN arrayPushFront(Spans, (true, '', '')) AS span
  GROUP BY tick, cohort, all, kind, name
  ORDER BY all DESC, kind, name
  LIMIT {mostRows:UInt32};

-- read/suspects.ts: slowFrom
  SELECT
    quantileExactIf(0.95)(Duration, IsStable) AS stable,
    quantileExactIf(0.95)(Duration, IsCanary) AS canary
  FROM (
    SELECT
      if(SpanAttributes[{key1:String}] != '', SpanAttributes[{key1:String}], ResourceAttributes[{key1:String}]) = {stable1:String}
      AND (Test = {stableTests:Bool} OR (Test AND {traffic:String} = 'all')) AS IsStable,
      if(SpanAttributes[{key1:String}] != '', SpanAttributes[{key1:String}], ResourceAttributes[{key1:String}]) = {canary1:String}
      AND (Test = {canaryTests:Bool} OR (Test AND {traffic:String} = 'all')) AS IsCanary,
      if({calls:Bool} OR (Service, Operation) IN (
        SELECT Service, Operation
        FROM coalmine_operation_hours
        WHERE Service = {service:String}
          AND Hour >= fromUnixTimestamp(toUInt32(greatest(0, toInt64({from:UInt32}) - 90000)))
          AND Hour < fromUnixTimestamp({to:UInt32})
        GROUP BY Service, Operation
        ORDER BY sum(Requests) DESC, Operation
        LIMIT 500 BY Service),
        Operation, '(other)') AS Name,
      Duration
    FROM (
      SELECT
        ServiceName AS Service,
        Tick,
        Timestamp,
        EndedAt,
        SpanName,
        Duration,
        SpanAttributes,
        ResourceAttributes,
        multiIf(
          SpanAttributes['http.route'] != '',
            trimLeft(concat(
              if(SpanAttributes['http.request.method'] != '',
                SpanAttributes['http.request.method'], SpanAttributes['http.method']),
              ' ', SpanAttributes['http.route'])),
          SpanAttributes['rpc.method'] != '' AND SpanAttributes['rpc.service'] != '',
            concat(SpanAttributes['rpc.service'], '/', SpanAttributes['rpc.method']),
          SpanAttributes['rpc.method'] != '', SpanAttributes['rpc.method'],
          SpanAttributes['messaging.destination.template'] != '', SpanAttributes['messaging.destination.template'],
          if(position(SpanName, '/') = 0, SpanName, replaceRegexpAll(replaceRegexpAll(replaceRegexpOne(
            SpanName, '[?].*$', ''), '/(?:[0-9]+|[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|[0-9a-fA-F]{24,}|[0-9A-HJKMNP-TV-Z]{26})(/|$)', '/{id}\\1'), '/(?:[0-9]+|[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|[0-9a-fA-F]{24,}|[0-9A-HJKMNP-TV-Z]{26})(/|$)', '/{id}\\1'))) AS Operation,
        SpanAttributes['coalmine.test'] = 'true' AS Test
      FROM coalmine_traces
      WHERE SpanKind IN ('Server', 'Consumer', 'SPAN_KIND_SERVER', 'SPAN_KIND_CONSUMER')
        OR ParentSpanId IN ('', '0000000000000000')
    )
    WHERE Service = {service:String}
      AND Timestamp >= toDateTime64({since:UInt32}, 9) AND Timestamp < toDateTime64({to:UInt32}, 9)
      AND EndedAt >= toDateTime64({from:UInt32}, 9) AND EndedAt < toDateTime64({to:UInt32}, 9)
      AND Tick IN (SELECT Tick FROM coalmine_closed WHERE Service = {service:String})
      AND (empty({audience:Array(String)}) OR has({audience:Array(String)}, SpanAttributes['coalmine.audience']))
      AND IsStable != IsCanary
      AND ({operation:String} = '' OR {operation:String} = if({traffic:String} = 'all' AND Test, concat(Name, ' (test)'), Name))
  )
  SETTINGS max_execution_time = 10, max_memory_usage = 1000000000;

-- read/suspects.ts: attributesMet
  SELECT pair.1 AS key, topK(20)(pair.2) AS values
  FROM (
    SELECT
      if(SpanAttributes[{key1:String}] != '', SpanAttributes[{key1:String}], ResourceAttributes[{key1:String}]) = {stable1:String}
      AND (Test = {stableTests:Bool} OR (Test AND {traffic:String} = 'all')) AS IsStable,
      if(SpanAttributes[{key1:String}] != '', SpanAttributes[{key1:String}], ResourceAttributes[{key1:String}]) = {canary1:String}
      AND (Test = {canaryTests:Bool} OR (Test AND {traffic:String} = 'all')) AS IsCanary,
      if({calls:Bool} OR (Service, Operation) IN (
        SELECT Service, Operation
        FROM coalmine_operation_hours
        WHERE Service = {service:String}
          AND Hour >= fromUnixTimestamp(toUInt32(greatest(0, toInt64({from:UInt32}) - 90000)))
          AND Hour < fromUnixTimestamp({to:UInt32})
        GROUP BY Service, Operation
        ORDER BY sum(Requests) DESC, Operation
        LIMIT 500 BY Service),
        Operation, '(other)') AS Name,
      mapUpdate(ResourceAttributes, mapUpdate(SpanAttributes, FlagAttributes)) AS Marks
    FROM (
      SELECT
        ServiceName AS Service,
        Tick,
        Timestamp,
        EndedAt,
        SpanName,
        SpanAttributes,
        ResourceAttributes,
        multiIf(
          SpanAttributes['http.route'] != '',
            trimLeft(concat(
              if(SpanAttributes['http.request.method'] != '',
                SpanAttributes['http.request.method'], SpanAttributes['http.method']),
              ' ', SpanAttributes['http.route'])),
          SpanAttributes['rpc.method'] != '' AND SpanAttributes['rpc.service'] != '',
            concat(SpanAttributes['rpc.service'], '/', SpanAttributes['rpc.method']),
          SpanAttributes['rpc.method'] != '', SpanAttributes['rpc.method'],
          SpanAttributes['messaging.destination.template'] != '', SpanAttributes['messaging.destination.template'],
          if(position(SpanName, '/') = 0, SpanName, replaceRegexpAll(replaceRegexpAll(replaceRegexpOne(
            SpanName, '[?].*$', ''), '/(?:[0-9]+|[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|[0-9a-fA-F]{24,}|[0-9A-HJKMNP-TV-Z]{26})(/|$)', '/{id}\\1'), '/(?:[0-9]+|[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|[0-9a-fA-F]{24,}|[0-9A-HJKMNP-TV-Z]{26})(/|$)', '/{id}\\1'))) AS Operation,
        mapFilter((key, variant) -> startsWith(key, 'coalmine.flag.'), SpanAttributes) AS OwnFlags,
        if(SpanAttributes['coalmine.flags'] = '', OwnFlags, mapUpdate(
          CAST(arrayMap(
            pair -> (
              concat('coalmine.flag.', decodeURLComponent(splitByChar('=', pair)[1])),
              decodeURLComponent(splitByChar('=', pair)[2])),
            arrayFilter(pair -> position(pair, '=') > 1, splitByChar(';', SpanAttributes['coalmine.flags']))),
            'Map(LowCardinality(String), String)'),
          OwnFlags)) AS FlagAttributes,
        SpanAttributes['coalmine.test'] = 'true' AS Test
      FROM coalmine_traces
      WHERE SpanKind IN ('Server', 'Consumer', 'SPAN_KIND_SERVER', 'SPAN_KIND_CONSUMER')
        OR ParentSpanId IN ('', '0000000000000000')
    )
    WHERE Service = {service:String}
      AND Timestamp >= toDateTime64({since:UInt32}, 9) AND Timestamp < toDateTime64({to:UInt32}, 9)
      AND EndedAt >= toDateTime64({from:UInt32}, 9) AND EndedAt < toDateTime64({to:UInt32}, 9)
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
  SETTINGS max_execution_time = 10, max_memory_usage = 1000000000;

-- read/suspects.ts: badByAttribute
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
        IsCanary AS InCanary,
        intDiv(toUnixTimestamp(Tick), {blockSeconds:UInt32}) AS Block,
        multiIf({bad:String} = 'slow', max(Duration) > {slowFrom:UInt64}, {bad:String} = 'failed', max(IsError),
          max(IsClientError)) AS Bad,
        argMax(Pairs, Duration) AS UnitPairs
      FROM (
        SELECT
          if(SpanAttributes[{key1:String}] != '', SpanAttributes[{key1:String}], ResourceAttributes[{key1:String}]) = {stable1:String}
          AND (Test = {stableTests:Bool} OR (Test AND {traffic:String} = 'all')) AS IsStable,
          if(SpanAttributes[{key1:String}] != '', SpanAttributes[{key1:String}], ResourceAttributes[{key1:String}]) = {canary1:String}
          AND (Test = {canaryTests:Bool} OR (Test AND {traffic:String} = 'all')) AS IsCanary,
          if({calls:Bool} OR (Service, Operation) IN (
            SELECT Service, Operation
            FROM coalmine_operation_hours
            WHERE Service = {service:String}
              AND Hour >= fromUnixTimestamp(toUInt32(greatest(0, toInt64({from:UInt32}) - 90000)))
              AND Hour < fromUnixTimestamp({to:UInt32})
            GROUP BY Service, Operation
            ORDER BY sum(Requests) DESC, Operation
            LIMIT 500 BY Service),
            Operation, '(other)') AS Name,
          Tick, TraceId, Duration, IsError, IsClientError,
          mapUpdate(ResourceAttributes, mapUpdate(SpanAttributes, FlagAttributes)) AS Marks,
          arrayFilter(pair -> pair IN arrayZip({pairKeys:Array(String)}, {pairValues:Array(String)}),
            arrayZip(mapKeys(Marks), mapValues(Marks))) AS Pairs
        FROM (
          SELECT
            ServiceName AS Service,
            Tick,
            Timestamp,
            EndedAt,
            TraceId,
            SpanName,
            Duration,
            SpanAttributes,
            ResourceAttributes,
            multiIf(
              SpanAttributes['http.route'] != '',
                trimLeft(concat(
                  if(SpanAttributes['http.request.method'] != '',
                    SpanAttributes['http.request.method'], SpanAttributes['http.method']),
                  ' ', SpanAttributes['http.route'])),
              SpanAttributes['rpc.method'] != '' AND SpanAttributes['rpc.service'] != '',
                concat(SpanAttributes['rpc.service'], '/', SpanAttributes['rpc.method']),
              SpanAttributes['rpc.method'] != '', SpanAttributes['rpc.method'],
              SpanAttributes['messaging.destination.template'] != '', SpanAttributes['messaging.destination.template'],
              if(position(SpanName, '/') = 0, SpanName, replaceRegexpAll(replaceRegexpAll(replaceRegexpOne(
                SpanName, '[?].*$', ''), '/(?:[0-9]+|[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|[0-9a-fA-F]{24,}|[0-9A-HJKMNP-TV-Z]{26})(/|$)', '/{id}\\1'), '/(?:[0-9]+|[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|[0-9a-fA-F]{24,}|[0-9A-HJKMNP-TV-Z]{26})(/|$)', '/{id}\\1'))) AS Operation,
            mapFilter((key, variant) -> startsWith(key, 'coalmine.flag.'), SpanAttributes) AS OwnFlags,
            if(SpanAttributes['coalmine.flags'] = '', OwnFlags, mapUpdate(
              CAST(arrayMap(
                pair -> (
                  concat('coalmine.flag.', decodeURLComponent(splitByChar('=', pair)[1])),
                  decodeURLComponent(splitByChar('=', pair)[2])),
                arrayFilter(pair -> position(pair, '=') > 1, splitByChar(';', SpanAttributes['coalmine.flags']))),
                'Map(LowCardinality(String), String)'),
              OwnFlags)) AS FlagAttributes,
            SpanAttributes['coalmine.test'] = 'true' AS Test,
            toUInt16OrZero(if(SpanAttributes['http.response.status_code'] != '',
              SpanAttributes['http.response.status_code'], SpanAttributes['http.status_code'])) AS HttpStatus,
            if(SpanAttributes['rpc.response.status_code'] != '',
              SpanAttributes['rpc.response.status_code'], SpanAttributes['rpc.grpc.status_code']) AS RpcStatus,
            if(RpcStatus = '', toUInt16(0), transform(
                  upper(RpcStatus),
                  ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', '10', '11', '12', '13', '14', '15', '16',
                    'OK', 'CANCELLED', 'UNKNOWN', 'INVALID_ARGUMENT', 'DEADLINE_EXCEEDED', 'NOT_FOUND', 'ALREADY_EXISTS', 'PERMISSION_DENIED', 'RESOURCE_EXHAUSTED', 'FAILED_PRECONDITION', 'ABORTED', 'OUT_OF_RANGE', 'UNIMPLEMENTED', 'INTERNAL', 'UNAVAILABLE', 'DATA_LOSS', 'UNAUTHENTICATED', 'CANCELED'],
                  [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 1],
                  toUInt16(0))) AS GrpcCode,
            StatusCode IN ('Error', 'STATUS_CODE_ERROR') OR HttpStatus >= 500 OR GrpcCode IN (2, 4, 12, 13, 14, 15) AS IsError,
            multiIf(
              HttpStatus BETWEEN 400 AND 499, HttpStatus,
              GrpcCode IN (1, 3, 5, 6, 7, 8, 9, 10, 11, 16), GrpcCode,
              toUInt16(0)) AS ClientCode,
            ClientCode != 0 AS IsClientError
          FROM coalmine_traces
          WHERE SpanKind IN ('Server', 'Consumer', 'SPAN_KIND_SERVER', 'SPAN_KIND_CONSUMER')
            OR ParentSpanId IN ('', '0000000000000000')
        )
        WHERE Service = {service:String}
          AND Timestamp >= toDateTime64({since:UInt32}, 9) AND Timestamp < toDateTime64({to:UInt32}, 9)
          AND EndedAt >= toDateTime64({from:UInt32}, 9) AND EndedAt < toDateTime64({to:UInt32}, 9)
          AND Tick IN (SELECT Tick FROM coalmine_closed WHERE Service = {service:String})
          AND (empty({audience:Array(String)}) OR has({audience:Array(String)}, SpanAttributes['coalmine.audience']))
          AND IsStable != IsCanary
          AND ({operation:String} = '' OR {operation:String} = if({traffic:String} = 'all' AND Test, concat(Name, ' (test)'), Name))
      )
      GROUP BY Tick, Name, TraceId, IsCanary
    )
    ARRAY JOIN arrayPushFront(UnitPairs, ('', '')) AS pair
    GROUP BY pair, InCanary, Block
  )
  GROUP BY key, value, cohort
  SETTINGS max_execution_time = 10, max_memory_usage = 1000000000;

-- read/suspects.ts: typicalTraces
  SELECT
    if(IsCanary, 'canary', 'stable') AS cohort,
    TraceId AS traceId,
    toUnixTimestamp64Milli(argMax(Timestamp, Duration)) AS startMs,
    max(Duration) / 1e9 AS seconds
  FROM (
    SELECT
      if(SpanAttributes[{key1:String}] != '', SpanAttributes[{key1:String}], ResourceAttributes[{key1:String}]) = {stable1:String}
      AND (Test = {stableTests:Bool} OR (Test AND {traffic:String} = 'all')) AS IsStable,
      if(SpanAttributes[{key1:String}] != '', SpanAttributes[{key1:String}], ResourceAttributes[{key1:String}]) = {canary1:String}
      AND (Test = {canaryTests:Bool} OR (Test AND {traffic:String} = 'all')) AS IsCanary,
      if({calls:Bool} OR (Service, Operation) IN (
        SELECT Service, Operation
        FROM coalmine_operation_hours
        WHERE Service = {service:String}
          AND Hour >= fromUnixTimestamp(toUInt32(greatest(0, toInt64({from:UInt32}) - 90000)))
          AND Hour < fromUnixTimestamp({to:UInt32})
        GROUP BY Service, Operation
        ORDER BY sum(Requests) DESC, Operation
        LIMIT 500 BY Service),
        Operation, '(other)') AS Name,
      TraceId, Timestamp, Duration, IsError, IsClientError
    FROM (
      SELECT
        ServiceName AS Service,
        Tick,
        Timestamp,
        EndedAt,
        TraceId,
        SpanName,
        Duration,
        SpanAttributes,
        ResourceAttributes,
        multiIf(
          SpanAttributes['http.route'] != '',
            trimLeft(concat(
              if(SpanAttributes['http.request.method'] != '',
                SpanAttributes['http.request.method'], SpanAttributes['http.method']),
              ' ', SpanAttributes['http.route'])),
          SpanAttributes['rpc.method'] != '' AND SpanAttributes['rpc.service'] != '',
            concat(SpanAttributes['rpc.service'], '/', SpanAttributes['rpc.method']),
          SpanAttributes['rpc.method'] != '', SpanAttributes['rpc.method'],
          SpanAttributes['messaging.destination.template'] != '', SpanAttributes['messaging.destination.template'],
          if(position(SpanName, '/') = 0, SpanName, replaceRegexpAll(replaceRegexpAll(replaceRegexpOne(
            SpanName, '[?].*$', ''), '/(?:[0-9]+|[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|[0-9a-fA-F]{24,}|[0-9A-HJKMNP-TV-Z]{26})(/|$)', '/{id}\\1'), '/(?:[0-9]+|[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|[0-9a-fA-F]{24,}|[0-9A-HJKMNP-TV-Z]{26})(/|$)', '/{id}\\1'))) AS Operation,
        SpanAttributes['coalmine.test'] = 'true' AS Test,
        toUInt16OrZero(if(SpanAttributes['http.response.status_code'] != '',
          SpanAttributes['http.response.status_code'], SpanAttributes['http.status_code'])) AS HttpStatus,
        if(SpanAttributes['rpc.response.status_code'] != '',
          SpanAttributes['rpc.response.status_code'], SpanAttributes['rpc.grpc.status_code']) AS RpcStatus,
        if(RpcStatus = '', toUInt16(0), transform(
              upper(RpcStatus),
              ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', '10', '11', '12', '13', '14', '15', '16',
                'OK', 'CANCELLED', 'UNKNOWN', 'INVALID_ARGUMENT', 'DEADLINE_EXCEEDED', 'NOT_FOUND', 'ALREADY_EXISTS', 'PERMISSION_DENIED', 'RESOURCE_EXHAUSTED', 'FAILED_PRECONDITION', 'ABORTED', 'OUT_OF_RANGE', 'UNIMPLEMENTED', 'INTERNAL', 'UNAVAILABLE', 'DATA_LOSS', 'UNAUTHENTICATED', 'CANCELED'],
              [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 1],
              toUInt16(0))) AS GrpcCode,
        StatusCode IN ('Error', 'STATUS_CODE_ERROR') OR HttpStatus >= 500 OR GrpcCode IN (2, 4, 12, 13, 14, 15) AS IsError,
        multiIf(
          HttpStatus BETWEEN 400 AND 499, HttpStatus,
          GrpcCode IN (1, 3, 5, 6, 7, 8, 9, 10, 11, 16), GrpcCode,
          toUInt16(0)) AS ClientCode,
        ClientCode != 0 AS IsClientError
      FROM coalmine_traces
      WHERE SpanKind IN ('Server', 'Consumer', 'SPAN_KIND_SERVER', 'SPAN_KIND_CONSUMER')
        OR ParentSpanId IN ('', '0000000000000000')
    )
    WHERE Service = {service:String}
      AND Timestamp >= toDateTime64({since:UInt32}, 9) AND Timestamp < toDateTime64({to:UInt32}, 9)
      AND EndedAt >= toDateTime64({from:UInt32}, 9) AND EndedAt < toDateTime64({to:UInt32}, 9)
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
  SETTINGS max_execution_time = 10, max_memory_usage = 1000000000;

-- read/test-traffic.ts: testedOperations
  SELECT
    Service AS service, Operation AS operation, sum(Requests) AS requests, sum(Errors) AS errors,
    toUnixTimestamp(min(Tick)) AS first, toUnixTimestamp(max(Tick)) + 5 AS last
  FROM coalmine_ticks
  WHERE Test AND FlagKey = '' AND Tick >= fromUnixTimestamp({since:UInt32}) AND Tick < fromUnixTimestamp({to:UInt32})
    AND (Service, Tick, Batch) IN (
      SELECT Service, Tick, argMax(Batch, ClosedAt)
      FROM coalmine_closed
      WHERE Tick >= fromUnixTimestamp({since:UInt32}) AND Tick < fromUnixTimestamp({to:UInt32})
      GROUP BY Service, Tick)
  GROUP BY service, operation
  ORDER BY requests DESC, service, operation
  LIMIT 100;

-- read/test-traffic.ts: testRuns
  SELECT
    substringUTF8(SpanAttributes['coalmine.test.run'], 1, 200) AS run,
    toUnixTimestamp64Milli(min(Timestamp)) AS firstMs,
    toUnixTimestamp64Milli(max(EndedAt)) AS lastMs,
    count() AS spans,
    countIf(SpanKind IN ('Server', 'Consumer', 'SPAN_KIND_SERVER', 'SPAN_KIND_CONSUMER')
      OR ParentSpanId IN ('', '0000000000000000')) AS requests,
    countIf((SpanKind IN ('Server', 'Consumer', 'SPAN_KIND_SERVER', 'SPAN_KIND_CONSUMER')
      OR ParentSpanId IN ('', '0000000000000000')) AND StatusCode IN ('Error', 'STATUS_CODE_ERROR')) AS errors,
    uniqExactArrayIf(
      splitByChar(',', SpanAttributes['coalmine.test.entity']),
      SpanAttributes['coalmine.test.entity'] != '') AS entities,
    arraySort(groupUniqArray(50)(ServiceName)) AS services,
    arraySort(groupUniqArrayArray(100)(arrayConcat(
      arrayMap(key -> substring(key, 15),
        arrayFilter(key -> startsWith(key, 'coalmine.flag.'), mapKeys(SpanAttributes))),
      arrayMap(pair -> decodeURLComponent(splitByChar('=', pair)[1]),
        arrayFilter(pair -> position(pair, '=') > 1, splitByChar(';', SpanAttributes['coalmine.flags'])))))) AS flags
  FROM coalmine_traces
  WHERE (empty({services:Array(String)}) OR ServiceName IN {services:Array(String)})
  AND Timestamp >= toDateTime64({since:UInt32}, 9) AND Timestamp < toDateTime64({to:UInt32}, 9)
  AND SpanAttributes['coalmine.test'] = 'true'
  GROUP BY run
  ORDER BY lastMs DESC, run
  LIMIT 100
  SETTINGS max_execution_time = 10, max_memory_usage = 1000000000;

-- read/test-traffic.ts: testEntities
  SELECT
    substringUTF8(arrayJoin(splitByChar(',', SpanAttributes['coalmine.test.entity'])), 1, 200) AS entity,
    countIf(SpanKind IN ('Server', 'Consumer', 'SPAN_KIND_SERVER', 'SPAN_KIND_CONSUMER')
      OR ParentSpanId IN ('', '0000000000000000')) AS requests,
    toUnixTimestamp64Milli(max(EndedAt)) AS lastMs
  FROM coalmine_traces
  WHERE (empty({services:Array(String)}) OR ServiceName IN {services:Array(String)})
  AND Timestamp >= toDateTime64({since:UInt32}, 9) AND Timestamp < toDateTime64({to:UInt32}, 9)
  AND SpanAttributes['coalmine.test'] = 'true'
    AND SpanAttributes['coalmine.test.entity'] != ''
  GROUP BY entity
  ORDER BY requests DESC, entity
  LIMIT 100
  SETTINGS max_execution_time = 10, max_memory_usage = 1000000000;

-- read/tick-rows.ts: ticksOfOperations
  SELECT
    toUInt16(indexOf({operations:Array(String)}, Operation)) AS operation,
    {traffic:String} = 'all' AND Test AS ofTests,
    toUnixTimestamp(Tick) AS tick,
    ({byBuild:Bool} = false OR Build = {stableBuild:String}) AND FlagVariant = {stableVariant:String} AS ofStable,
    toFloat64(Requests) AS requests,
    toFloat64(Traces) AS traces,
    toFloat64(Errors) AS errors,
    toFloat64(ClientErrors) AS clientErrors,
    toFloat64(InnerErrors) AS innerErrors,
    mapKeys(Latency) AS buckets,
    CAST(mapValues(Latency), 'Array(UInt32)') AS counts,
    CAST(mapKeys(ErrorTypes), 'Array(String)') AS types,
    CAST(mapValues(ErrorTypes), 'Array(UInt32)') AS countsOfTypes,
    CAST(mapKeys(ClientCodes), 'Array(Int16)') AS codes,
    CAST(mapValues(ClientCodes), 'Array(UInt32)') AS countsOfCodes
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
  ORDER BY operation, ofTests, tick, ofStable;

-- read/traces.ts: tracesWhole
  SELECT
    TraceId AS traceId,
    SpanId AS spanId,
    if(ParentSpanId = '0000000000000000', '', ParentSpanId) AS parentSpanId,
    ServiceName AS service,
    substringUTF8(SpanName, 1, 200) AS name,
    lower(replaceOne(SpanKind, 'SPAN_KIND_', '')) AS kind,
    toUnixTimestamp64Micro(CAST(Timestamp AS DateTime64(6))) / 1000 AS startMs,
    Duration / 1000000 AS ms,
    StatusCode IN ('Error', 'STATUS_CODE_ERROR') AS failed
  FROM coalmine_traces
  WHERE TraceId IN {traces:Array(String)}
    AND Timestamp >= toDateTime64({since:UInt32}, 9) AND Timestamp < toDateTime64({to:UInt32}, 9)
  ORDER BY TraceId, Timestamp, Duration DESC
  LIMIT {mostSpans:UInt32} BY TraceId
  SETTINGS max_execution_time = 10, max_memory_usage = 1000000000;

-- read/warm-up.ts: warmUpOfOperations
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
    AND tick < transform(concat(Build, '\0', FlagVariant),
      arrayMap((build, instance) -> concat(build, '\0', instance), {builds:Array(String)}, {instances:Array(String)}),
      {until:Array(UInt32)}, toUInt32(0))
  GROUP BY operation, tick, cohort;

-- retention.ts: tickTable
  SELECT engine_full AS made FROM system.tables WHERE database = currentDatabase() AND name = 'coalmine_ticks';

-- retention.ts: keepTraces
  ALTER TABLE otel_traces MODIFY TTL toDateTime(Timestamp) + toIntervalDay({retentionDays:UInt32})
  SETTINGS alter_sync = 0;

-- retention.ts: keepLogs
  ALTER TABLE otel_logs MODIFY TTL toDateTime(Timestamp) + toIntervalDay({retentionDays:UInt32})
  SETTINGS alter_sync = 0;

-- retention.ts: keepTicks
  ALTER TABLE coalmine_ticks MODIFY TTL Tick + toIntervalDay({retentionDays:UInt32})
  SETTINGS alter_sync = 0;

-- retention.ts: keepClosed
  ALTER TABLE coalmine_closed MODIFY TTL Tick + toIntervalDay({retentionDays:UInt32})
  SETTINGS alter_sync = 0;

-- retention.ts: keepLate
  ALTER TABLE coalmine_late MODIFY TTL Tick + toIntervalDay({retentionDays:UInt32})
  SETTINGS alter_sync = 0;

-- retention.ts: keepReduced
  ALTER TABLE coalmine_reduced MODIFY TTL Tick + toIntervalDay({retentionDays:UInt32})
  SETTINGS alter_sync = 0;

-- retention.ts: keepReductions
  ALTER TABLE coalmine_reductions MODIFY TTL Tick + toIntervalDay({retentionDays:UInt32})
  SETTINGS alter_sync = 0;

-- retention.ts: keepRuns
  ALTER TABLE coalmine_runs MODIFY TTL Quarter + toIntervalDay({retentionDays:UInt32})
  SETTINGS alter_sync = 0;

-- retention.ts: keepRunTicks
  ALTER TABLE coalmine_run_ticks MODIFY TTL Tick + toIntervalDay({retentionDays:UInt32})
  SETTINGS alter_sync = 0;

-- retention.ts: expiredDays
  SELECT DISTINCT table, partition AS day
  FROM system.parts
  WHERE active AND database = currentDatabase() AND table IN ('otel_traces', 'otel_logs')
    AND toDate(partition) < toDate({now:UInt32}) - {retentionDays:UInt32};

-- retention.ts: forgetSpans
ALTER TABLE otel_traces DROP PARTITION {day:String};

-- retention.ts: forgetLogs
ALTER TABLE otel_logs DROP PARTITION {day:String};

-- rollout-events.ts: keepRolloutEvent
  INSERT INTO coalmine_rollouts
  SELECT {rollout:String}, {number:UInt32}, fromUnixTimestamp64Milli({atMs:Int64}), {kind:String}, {event:String};

-- rollout-events.ts: knownRollouts
  SELECT
    Rollout AS rollout, Number AS number, toUnixTimestamp64Milli(At) AS atMs, Kind AS kind, Event AS event
  FROM coalmine_rollouts
  WHERE Rollout IN (
    SELECT Rollout
    FROM coalmine_rollouts
    WHERE At >= fromUnixTimestamp64Milli({sinceMs:Int64}))
  ORDER BY Rollout, Number
  LIMIT 1 BY Rollout, Number;

-- schema/statements.ts: databaseHere
SELECT currentDatabase() AS name;

-- schema/statements.ts: printsThere
  SELECT name, engine = 'View' AS isView, comment AS print FROM system.tables WHERE database = currentDatabase();

-- schema/statements.ts: tablesThere
  SELECT name FROM system.tables WHERE database = currentDatabase() AND startsWith(name, 'coalmine_');

-- schema/statements.ts: columnsOf
  SELECT name, type
  FROM system.columns
  WHERE database = if({database:String} = '', currentDatabase(), {database:String}) AND table = {table:String};

-- schema/statements.ts: schemaThere
  SELECT max(Version) AS version, argMax(Traces, (Version, At)) AS traces FROM coalmine_schema;

-- schema/tables.ts: createTraces
  CREATE TABLE IF NOT EXISTS otel_traces (
    Timestamp DateTime64(9) CODEC(Delta(8), ZSTD(1)),
    TraceId String CODEC(ZSTD(1)),
    SpanId String CODEC(ZSTD(1)),
    ParentSpanId String CODEC(ZSTD(1)),
    TraceState String CODEC(ZSTD(1)),
    SpanName LowCardinality(String) CODEC(ZSTD(1)),
    SpanKind LowCardinality(String) CODEC(ZSTD(1)),
    ServiceName LowCardinality(String) CODEC(ZSTD(1)),
    ResourceAttributes Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    ScopeName String CODEC(ZSTD(1)),
    ScopeVersion String CODEC(ZSTD(1)),
    SpanAttributes Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    Duration UInt64 CODEC(T64, ZSTD(1)),
    StatusCode LowCardinality(String) CODEC(ZSTD(1)),
    StatusMessage String CODEC(ZSTD(1)),
    Events Nested (
      Timestamp DateTime64(9),
      Name LowCardinality(String),
      Attributes Map(LowCardinality(String), String)
    ) CODEC(ZSTD(1)),
    Links Nested (
      TraceId String,
      SpanId String,
      TraceState String,
      Attributes Map(LowCardinality(String), String)
    ) CODEC(ZSTD(1)),
    INDEX idx_trace_id TraceId TYPE bloom_filter(0.001) GRANULARITY 1
  )
  ENGINE = MergeTree
  PARTITION BY toDate(Timestamp)
  ORDER BY (ServiceName, toDateTime(Timestamp), SpanName)
  TTL toDateTime(Timestamp) + toIntervalDay({retentionDays:UInt32})
  SETTINGS ttl_only_drop_parts = 1;

-- schema/tables.ts: createLogs
  CREATE TABLE IF NOT EXISTS otel_logs (
    Timestamp DateTime64(9) CODEC(Delta(8), ZSTD(1)),
    TimestampTime DateTime DEFAULT toDateTime(Timestamp),
    TraceId String CODEC(ZSTD(1)),
    SpanId String CODEC(ZSTD(1)),
    TraceFlags UInt8,
    SeverityText LowCardinality(String) CODEC(ZSTD(1)),
    SeverityNumber UInt8,
    ServiceName LowCardinality(String) CODEC(ZSTD(1)),
    Body String CODEC(ZSTD(1)),
    ResourceSchemaUrl LowCardinality(String) CODEC(ZSTD(1)),
    ResourceAttributes Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    ScopeSchemaUrl LowCardinality(String) CODEC(ZSTD(1)),
    ScopeName String CODEC(ZSTD(1)),
    ScopeVersion LowCardinality(String) CODEC(ZSTD(1)),
    ScopeAttributes Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    LogAttributes Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    EventName String CODEC(ZSTD(1))
  )
  ENGINE = MergeTree
  PARTITION BY toDate(Timestamp)
  ORDER BY (ServiceName, LogAttributes['feature_flag.key'], toDateTime(Timestamp))
  TTL toDateTime(Timestamp) + toIntervalDay({retentionDays:UInt32})
  SETTINGS ttl_only_drop_parts = 1, non_replicated_deduplication_window = 1000;

-- schema/tables.ts: createTicks
  CREATE TABLE IF NOT EXISTS coalmine_ticks (
    Batch UInt64,
    Service LowCardinality(String),
    Tick DateTime('UTC') CODEC(Delta, ZSTD(1)),
    Operation LowCardinality(String),
    Build LowCardinality(String),
    FlagKey LowCardinality(String),
    FlagVariant LowCardinality(String),
    Test Bool,
    Requests UInt64,
    Traces UInt64,
    Errors UInt64,
    ClientErrors UInt64,
    Latency Map(Int16, UInt64),
    Instances Array(LowCardinality(String)),
    FirstEnd DateTime64(9),
    LastEnd DateTime64(9),
    ErrorTypes Map(LowCardinality(String), UInt64),
    ClientCodes Map(UInt16, UInt64),
    InnerErrors UInt64,
    ErrorLatency Map(Int16, UInt64)
  )
  ENGINE = MergeTree
  PARTITION BY toDate(Tick)
  ORDER BY (Service, FlagKey, Operation, Tick)
  TTL Tick + toIntervalDay({retentionDays:UInt32});

-- schema/tables.ts: createClosed
  CREATE TABLE IF NOT EXISTS coalmine_closed (
    Service LowCardinality(String),
    Tick DateTime('UTC'),
    Batch UInt64,
    ClosedAt DateTime64(9) DEFAULT now64(9)
  )
  ENGINE = MergeTree
  ORDER BY (Service, Tick)
  TTL Tick + toIntervalDay({retentionDays:UInt32});

-- schema/tables.ts: createLate
  CREATE TABLE IF NOT EXISTS coalmine_late (Service LowCardinality(String), Tick DateTime('UTC'), Spans UInt64)
  ENGINE = SummingMergeTree
  ORDER BY (Service, Tick)
  TTL Tick + toIntervalDay({retentionDays:UInt32});

-- schema/tables.ts: createOperationHours
  CREATE TABLE IF NOT EXISTS coalmine_operation_hours (
    Service LowCardinality(String),
    Operation String,
    Hour DateTime('UTC'),
    Requests UInt64
  )
  ENGINE = SummingMergeTree
  ORDER BY (Service, Hour, Operation)
  TTL Hour + toIntervalDay({retentionDays:UInt32});

-- schema/tables.ts: createComparisons
  CREATE TABLE IF NOT EXISTS coalmine_comparisons (
    Service LowCardinality(String),
    Stable String,
    Canary String,
    Start DateTime('UTC'),
    FirstLook DateTime64(3)
  )
  ENGINE = MergeTree
  ORDER BY (Service, Stable, Canary, FirstLook);

-- schema/tables.ts: createLooks
  CREATE TABLE IF NOT EXISTS coalmine_looks (
    Service LowCardinality(String),
    Stable String,
    Canary String,
    DataEnd DateTime('UTC'),
    At DateTime64(3)
  )
  ENGINE = MergeTree
  ORDER BY (Service, Stable, Canary, At);

-- schema/tables.ts: createVerdicts
  CREATE TABLE IF NOT EXISTS coalmine_verdicts (
    Service LowCardinality(String),
    Stable String,
    Canary String,
    Verdict LowCardinality(String),
    At DateTime64(3)
  )
  ENGINE = MergeTree
  ORDER BY (Service, Canary, At);

-- schema/tables.ts: createComparisonEvents
  CREATE TABLE IF NOT EXISTS coalmine_comparison_events (
    Comparison String,
    Number UInt32,
    At DateTime64(3),
    Kind LowCardinality(String),
    Told String CODEC(ZSTD(1)),
    Verdict String CODEC(ZSTD(1))
  )
  ENGINE = MergeTree
  ORDER BY (Comparison, Number);

-- schema/tables.ts: createComparisonViews
  CREATE TABLE IF NOT EXISTS coalmine_comparison_views (
    Comparison String,
    At DateTime64(3),
    View String CODEC(ZSTD(1))
  )
  ENGINE = ReplacingMergeTree(At)
  ORDER BY Comparison;

-- schema/tables.ts: createNotifications
  CREATE TABLE IF NOT EXISTS coalmine_notifications (
    Id String,
    Target LowCardinality(String),
    Number UInt64,
    At DateTime64(3),
    State LowCardinality(String),
    Message String CODEC(ZSTD(1)),
    Note String
  )
  ENGINE = MergeTree
  ORDER BY (Target, Number)
  TTL toDateTime(At) + toIntervalDay(90);

-- schema/tables.ts: createChanges
  CREATE TABLE IF NOT EXISTS coalmine_changes (
    Id String,
    Kind LowCardinality(String),
    Service LowCardinality(String),
    Version String,
    Flag String,
    What String,
    Author String,
    MergedBy String,
    Commit String,
    Url String,
    Environment LowCardinality(String),
    Changes UInt32,
    CommittedAt DateTime64(3),
    At DateTime64(3),
    Source LowCardinality(String),
    Kept DateTime64(6) DEFAULT now64(6)
  )
  ENGINE = ReplacingMergeTree(Kept)
  ORDER BY (Service, Id);

-- schema/tables.ts: createRollouts
  CREATE TABLE IF NOT EXISTS coalmine_rollouts (
    Rollout String,
    Number UInt32,
    At DateTime64(3),
    Kind LowCardinality(String),
    Event String CODEC(ZSTD(1))
  )
  ENGINE = MergeTree
  ORDER BY (Rollout, Number);

-- schema/tables.ts: createSchema
  CREATE TABLE IF NOT EXISTS coalmine_schema (
    Version UInt32,
    Traces String,
    At DateTime64(3)
  )
  ENGINE = MergeTree
  ORDER BY (Version, At);

-- schema/tables.ts: createImports
  CREATE TABLE IF NOT EXISTS coalmine_imports (
    File String,
    Line UInt64,
    Bytes UInt64,
    Finished Bool,
    Totals String,
    At DateTime64(6) DEFAULT now64(6)
  )
  ENGINE = ReplacingMergeTree
  ORDER BY File;

-- schema/tables.ts: createReopened
  CREATE TABLE IF NOT EXISTS coalmine_reopened (
    Service LowCardinality(String),
    Tick DateTime('UTC'),
    At DateTime64(9) DEFAULT now64(9)
  )
  ENGINE = ReplacingMergeTree
  ORDER BY (Service, Tick)
  TTL Tick + toIntervalDay({retentionDays:UInt32});

-- schema/tables.ts: createReduced
  CREATE TABLE IF NOT EXISTS coalmine_reduced (
    Comparison UInt64,
    Reduction UInt64,
    Service LowCardinality(String),
    Tick DateTime('UTC') CODEC(Delta, ZSTD(1)),
    Operation LowCardinality(String),
    Cohort LowCardinality(String),
    Test Bool,
    Requests UInt64,
    Traces UInt64,
    Errors UInt64,
    ClientErrors UInt64,
    WarmUp UInt64,
    Latency Map(Int16, UInt64),
    ErrorTypes Map(LowCardinality(String), UInt64),
    Instances Array(LowCardinality(String)),
    FirstEnd DateTime64(3),
    LastEnd DateTime64(3),
    ClientCodes Map(UInt16, UInt64),
    InnerErrors UInt64
  )
  ENGINE = MergeTree
  PARTITION BY toDate(Tick)
  ORDER BY (Service, Comparison, Operation, Tick)
  TTL Tick + toIntervalDay({retentionDays:UInt32});

-- schema/tables.ts: createReductions
  CREATE TABLE IF NOT EXISTS coalmine_reductions (
    Comparison UInt64,
    Service LowCardinality(String),
    Tick DateTime('UTC'),
    Batch UInt64,
    Reduction UInt64,
    At DateTime64(9) DEFAULT now64(9)
  )
  ENGINE = MergeTree
  ORDER BY (Service, Comparison, Tick)
  TTL Tick + toIntervalDay({retentionDays:UInt32});

-- schema/tables.ts: createHours
  CREATE TABLE IF NOT EXISTS coalmine_hours (
    Sum UInt64,
    Service LowCardinality(String),
    Hour DateTime('UTC') CODEC(Delta, ZSTD(1)),
    Operation LowCardinality(String),
    Build LowCardinality(String),
    Bucket Int16,
    Traces UInt64 CODEC(T64, ZSTD(1)),
    Errors UInt64 CODEC(T64, ZSTD(1))
  )
  ENGINE = MergeTree
  PARTITION BY toYYYYMM(Hour)
  ORDER BY (Service, Operation, Hour, Build, Bucket)
  TTL Hour + toIntervalDay(100);

-- schema/tables.ts: createSummedHours
  CREATE TABLE IF NOT EXISTS coalmine_summed_hours (
    Service LowCardinality(String),
    Hour DateTime('UTC'),
    Sum UInt64,
    Closings UInt64,
    At DateTime64(9) DEFAULT now64(9)
  )
  ENGINE = MergeTree
  ORDER BY (Service, Hour)
  TTL Hour + toIntervalDay(100);

-- schema/tables.ts: createFlagHours
  CREATE TABLE IF NOT EXISTS coalmine_flag_hours (
    Sum UInt64,
    Service LowCardinality(String),
    Hour DateTime('UTC') CODEC(Delta, ZSTD(1)),
    Environment LowCardinality(String),
    Build LowCardinality(String),
    Flag LowCardinality(String),
    Variant LowCardinality(String),
    Requests UInt64 CODEC(T64, ZSTD(1)),
    FirstTick DateTime('UTC'),
    LastTick DateTime('UTC')
  )
  ENGINE = MergeTree
  PARTITION BY toDate(Hour)
  ORDER BY (Service, Flag, Hour)
  TTL Hour + toIntervalDay(100);

-- schema/tables.ts: createSummedFlagHours
  CREATE TABLE IF NOT EXISTS coalmine_summed_flag_hours (
    Service LowCardinality(String),
    Hour DateTime('UTC'),
    Sum UInt64,
    Closings UInt64,
    At DateTime64(9) DEFAULT now64(9)
  )
  ENGINE = MergeTree
  ORDER BY (Service, Hour)
  TTL Hour + toIntervalDay(100);

-- schema/tables.ts: createFlagDays
  CREATE TABLE IF NOT EXISTS coalmine_flag_days (
    Sum UInt64,
    Service LowCardinality(String),
    Day DateTime('UTC') CODEC(Delta, ZSTD(1)),
    Environment LowCardinality(String),
    Build LowCardinality(String),
    Flag LowCardinality(String),
    Variant LowCardinality(String),
    Requests UInt64 CODEC(T64, ZSTD(1)),
    FirstTick DateTime('UTC'),
    LastTick DateTime('UTC')
  )
  ENGINE = MergeTree
  PARTITION BY toYYYYMM(Day)
  ORDER BY (Service, Flag, Day)
  TTL Day + toIntervalDay(100);

-- schema/tables.ts: createSummedFlagDays
  CREATE TABLE IF NOT EXISTS coalmine_summed_flag_days (
    Service LowCardinality(String),
    Day DateTime('UTC'),
    Sum UInt64,
    Hours UInt64,
    At DateTime64(9) DEFAULT now64(9)
  )
  ENGINE = MergeTree
  ORDER BY (Service, Day)
  TTL Day + toIntervalDay(100);

-- schema/tables.ts: createRuns
  CREATE TABLE IF NOT EXISTS coalmine_runs (
    Test Bool,
    Run LowCardinality(String),
    Service LowCardinality(String),
    Quarter DateTime('UTC'),
    Operation LowCardinality(String),
    Requests SimpleAggregateFunction(sum, UInt64),
    Errors SimpleAggregateFunction(sum, UInt64),
    Spans SimpleAggregateFunction(sum, UInt64),
    Owner SimpleAggregateFunction(max, String),
    Expires SimpleAggregateFunction(max, String),
    FirstStart SimpleAggregateFunction(min, DateTime64(3)),
    LastEnd SimpleAggregateFunction(max, DateTime64(3)),
    Entities SimpleAggregateFunction(groupUniqArrayArray, Array(String)),
    Flags SimpleAggregateFunction(groupUniqArrayArray, Array(String)),
    Writes SimpleAggregateFunction(sumMap, Map(String, UInt64))
  )
  ENGINE = AggregatingMergeTree
  PARTITION BY toYYYYMM(Quarter)
  ORDER BY (Test, Run, Service, Quarter, Operation)
  TTL Quarter + toIntervalDay({retentionDays:UInt32});

-- schema/tables.ts: createRunTicks
  CREATE TABLE IF NOT EXISTS coalmine_run_ticks (
    Service LowCardinality(String),
    Tick DateTime('UTC')
  )
  ENGINE = MergeTree
  ORDER BY (Service, Tick)
  TTL Tick + toIntervalDay({retentionDays:UInt32});

-- schema/tables.ts: createRunEvents
  CREATE TABLE IF NOT EXISTS coalmine_run_events (
    Run String,
    Began DateTime64(3),
    Kind LowCardinality(String),
    At DateTime64(3),
    Told String CODEC(ZSTD(1))
  )
  ENGINE = MergeTree
  ORDER BY (Run, Began, Kind, At)
  TTL toDateTime(At) + toIntervalDay(400);

-- schema/views.ts: createTraces
  CREATE OR REPLACE VIEW coalmine_traces AS
  SELECT
    *,
    addNanoseconds(Timestamp, least(Duration, 900000000000)) AS EndedAt,
    toDateTime(intDiv(toUnixTimestamp(EndedAt), 5) * 5, 'UTC') AS Tick
  FROM otel_traces;

-- schema/views.ts: createSpans
  CREATE OR REPLACE VIEW coalmine_spans AS
  SELECT
    ServiceName AS Service,
    Tick,
    Timestamp,
    EndedAt,
    TraceId,
    SpanId,
    ParentSpanId,
    TraceState,
    SpanName,
    SpanKind,
    ScopeName,
    Duration,
    SpanAttributes,
    ResourceAttributes,
    multiIf(
      SpanAttributes['http.route'] != '',
        trimLeft(concat(
          if(SpanAttributes['http.request.method'] != '',
            SpanAttributes['http.request.method'], SpanAttributes['http.method']),
          ' ', SpanAttributes['http.route'])),
      SpanAttributes['rpc.method'] != '' AND SpanAttributes['rpc.service'] != '',
        concat(SpanAttributes['rpc.service'], '/', SpanAttributes['rpc.method']),
      SpanAttributes['rpc.method'] != '', SpanAttributes['rpc.method'],
      SpanAttributes['messaging.destination.template'] != '', SpanAttributes['messaging.destination.template'],
      if(position(SpanName, '/') = 0, SpanName, replaceRegexpAll(replaceRegexpAll(replaceRegexpOne(
        SpanName, '[?].*$', ''), '/(?:[0-9]+|[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|[0-9a-fA-F]{24,}|[0-9A-HJKMNP-TV-Z]{26})(/|$)', '/{id}\\1'), '/(?:[0-9]+|[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|[0-9a-fA-F]{24,}|[0-9A-HJKMNP-TV-Z]{26})(/|$)', '/{id}\\1'))) AS Operation,
    if(SpanAttributes['service.version'] != '',
      SpanAttributes['service.version'], ResourceAttributes['service.version']) AS Build,
    mapFilter((key, variant) -> startsWith(key, 'coalmine.flag.'), SpanAttributes) AS OwnFlags,
    if(SpanAttributes['coalmine.flags'] = '', OwnFlags, mapUpdate(
      CAST(arrayMap(
        pair -> (
          concat('coalmine.flag.', decodeURLComponent(splitByChar('=', pair)[1])),
          decodeURLComponent(splitByChar('=', pair)[2])),
        arrayFilter(pair -> position(pair, '=') > 1, splitByChar(';', SpanAttributes['coalmine.flags']))),
        'Map(LowCardinality(String), String)'),
      OwnFlags)) AS FlagAttributes,
    arrayStringConcat(arraySort(arrayMap(
      (key, variant) -> concat(substring(key, 15), '\0', variant),
      mapKeys(FlagAttributes), mapValues(FlagAttributes)
    )), '\x01') AS FlagSet,
    SpanAttributes['coalmine.test'] = 'true' AS Test,
    toUInt16OrZero(if(SpanAttributes['http.response.status_code'] != '',
      SpanAttributes['http.response.status_code'], SpanAttributes['http.status_code'])) AS HttpStatus,
    if(SpanAttributes['rpc.response.status_code'] != '',
      SpanAttributes['rpc.response.status_code'], SpanAttributes['rpc.grpc.status_code']) AS RpcStatus,
    if(RpcStatus = '', toUInt16(0), transform(
          upper(RpcStatus),
          ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', '10', '11', '12', '13', '14', '15', '16',
            'OK', 'CANCELLED', 'UNKNOWN', 'INVALID_ARGUMENT', 'DEADLINE_EXCEEDED', 'NOT_FOUND', 'ALREADY_EXISTS', 'PERMISSION_DENIED', 'RESOURCE_EXHAUSTED', 'FAILED_PRECONDITION', 'ABORTED', 'OUT_OF_RANGE', 'UNIMPLEMENTED', 'INTERNAL', 'UNAVAILABLE', 'DATA_LOSS', 'UNAUTHENTICATED', 'CANCELED'],
          [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 1],
          toUInt16(0))) AS GrpcCode,
    StatusCode IN ('Error', 'STATUS_CODE_ERROR') OR HttpStatus >= 500 OR GrpcCode IN (2, 4, 12, 13, 14, 15) AS IsError,
    multiIf(
      HttpStatus BETWEEN 400 AND 499, HttpStatus,
      GrpcCode IN (1, 3, 5, 6, 7, 8, 9, 10, 11, 16), GrpcCode,
      toUInt16(0)) AS ClientCode,
    ClientCode != 0 AS IsClientError,
    has(Events.Name, 'exception') AS HasException,
    if(IsError, arrayFirst(attributes -> attributes['exception.type'] != '', Events.Attributes)['exception.type'], '')
      AS Exception,
    if(IsError, substringUTF8(multiIf(
      SpanAttributes['error.type'] NOT IN ('', toString(HttpStatus)), SpanAttributes['error.type'],
      Exception != '', Exception,
      HttpStatus >= 500, concat('HTTP ', toString(HttpStatus)),
      GrpcCode != 0, concat('gRPC ', arrayElement(['OK', 'CANCELLED', 'UNKNOWN', 'INVALID_ARGUMENT', 'DEADLINE_EXCEEDED', 'NOT_FOUND', 'ALREADY_EXISTS', 'PERMISSION_DENIED', 'RESOURCE_EXHAUSTED', 'FAILED_PRECONDITION', 'ABORTED', 'OUT_OF_RANGE', 'UNIMPLEMENTED', 'INTERNAL', 'UNAVAILABLE', 'DATA_LOSS', 'UNAUTHENTICATED'], GrpcCode + 1)),
      RpcStatus NOT IN ('', '0', 'OK'), concat('RPC ', RpcStatus),
      '(not said)'), 1, 100), '') AS ErrorType,
    if(Duration = 0, toInt16(-32768), toInt16(ceil(log2(Duration / 1e9) * 32) - 1)) AS Bucket,
    multiIf(
      ResourceAttributes['service.instance.id'] != '', ResourceAttributes['service.instance.id'],
      ResourceAttributes['k8s.pod.name'] != '', ResourceAttributes['k8s.pod.name'],
      ResourceAttributes['host.name']) AS Instance
  FROM coalmine_traces;

-- schema/views.ts: createRequests
  CREATE OR REPLACE VIEW coalmine_requests AS
  SELECT * FROM coalmine_spans
  WHERE SpanKind IN ('Server', 'Consumer', 'SPAN_KIND_SERVER', 'SPAN_KIND_CONSUMER')
    OR ParentSpanId IN ('', '0000000000000000');

-- schema/views.ts: createCalls
  CREATE OR REPLACE VIEW coalmine_calls AS
  SELECT
    * EXCEPT (Operation),
    if(SpanAttributes['http.request.method'] != '',
      SpanAttributes['http.request.method'], SpanAttributes['http.method']) AS Method,
    multiIf(
      SpanAttributes['db.query.summary'] != '', SpanAttributes['db.query.summary'],
      SpanAttributes['db.operation.name'] != '',
        trimRight(concat(SpanAttributes['db.operation.name'], ' ', SpanAttributes['db.collection.name'])),
      SpanAttributes['db.operation'] != '',
        trimRight(concat(SpanAttributes['db.operation'], ' ', SpanAttributes['db.sql.table'])),
      Method != '' AND SpanAttributes['server.address'] != '',
        concat(Method, ' ', SpanAttributes['server.address'], SpanAttributes['url.template']),
      Operation) AS Operation
  FROM coalmine_spans
  WHERE SpanKind IN ('Client', 'Producer', 'SPAN_KIND_CLIENT', 'SPAN_KIND_PRODUCER');

-- test-runs.ts: listRuns
  SELECT
    Run AS run,
    Time AS time,
    toUnixTimestamp64Milli(min(First)) AS startMs,
    toUnixTimestamp64Milli(max(Last)) AS lastMs,
    max(RunOwner) AS owner,
    max(RunExpires) AS expires,
    sum(Asked) AS requests,
    sum(Failed) AS errors,
    sum(AllSpans) AS spans,
    length(groupUniqArrayArray(1000)(AllEntities)) AS entities,
    arraySort(groupUniqArrayArray(200)(AllFlags)) AS flags,
    arraySlice(arraySort(one -> (-toInt64(one.3), one.1, one.2),
      groupArrayIf((Service, Operation, Asked, Failed), Asked > 0)), 1, 200) AS operations
  FROM (
    SELECT
      Run, Time, Service, Operation,
      min(FirstStart) AS First, max(LastEnd) AS Last, max(Owner) AS RunOwner, max(Expires) AS RunExpires,
      sum(Requests) AS Asked, sum(Errors) AS Failed, sum(Spans) AS AllSpans,
      groupUniqArrayArrayIf(1000)(Entities, notEmpty(Entities)) AS AllEntities,
      groupUniqArrayArrayIf(200)(Flags, notEmpty(Flags)) AS AllFlags
    FROM (SELECT * FROM coalmine_runs WHERE Test AND Quarter >= toStartOfFifteenMinutes(fromUnixTimestamp({since:UInt32}))
    AND (NOT {isNamed:Bool} OR Run = {run:String})) AS runs
    INNER JOIN (
      SELECT
        Run,
        Quarter,
        sum(IsFirst) OVER (PARTITION BY Run ORDER BY Quarter ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS Time
      FROM (
        SELECT
          Run,
          Quarter,
          toUnixTimestamp64Milli(First) - lagInFrame(toUnixTimestamp64Milli(Last), 1, toInt64(0))
            OVER (PARTITION BY Run ORDER BY Quarter ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) > 1800000 AS IsFirst
        FROM (
          SELECT Run, Quarter, min(FirstStart) AS First, max(LastEnd) AS Last
          FROM coalmine_runs
          WHERE Test AND Quarter >= toStartOfFifteenMinutes(fromUnixTimestamp({since:UInt32}))
          AND (NOT {isNamed:Bool} OR Run = {run:String})
          GROUP BY Run, Quarter
        )
      )
    ) AS quarters USING (Run, Quarter)
    GROUP BY Run, Time, Service, Operation
  )
  GROUP BY Run, Time
  ORDER BY startMs DESC, run
  LIMIT 200;

-- test-runs.ts: writesOfRuns
  SELECT Run AS run, Time AS time, Service AS service, Target AS target, sum(OfTest) AS writes, sum(OfUsers) AS usersWrites
  FROM (
    WITH tested AS (
      SELECT Run, Time, Service, Quarter, Target, N
      FROM (
        SELECT Run, Service, Quarter, Target, N
        FROM coalmine_runs
        ARRAY JOIN mapKeys(Writes) AS Target, mapValues(Writes) AS N
        WHERE Test AND Quarter >= toStartOfFifteenMinutes(fromUnixTimestamp({since:UInt32}))
        AND (NOT {isNamed:Bool} OR Run = {run:String})
      ) AS runs
      INNER JOIN (
        SELECT
          Run,
          Quarter,
          sum(IsFirst) OVER (PARTITION BY Run ORDER BY Quarter ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS Time
        FROM (
          SELECT
            Run,
            Quarter,
            toUnixTimestamp64Milli(First) - lagInFrame(toUnixTimestamp64Milli(Last), 1, toInt64(0))
              OVER (PARTITION BY Run ORDER BY Quarter ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) > 1800000 AS IsFirst
          FROM (
            SELECT Run, Quarter, min(FirstStart) AS First, max(LastEnd) AS Last
            FROM coalmine_runs
            WHERE Test AND Quarter >= toStartOfFifteenMinutes(fromUnixTimestamp({since:UInt32}))
            AND (NOT {isNamed:Bool} OR Run = {run:String})
            GROUP BY Run, Quarter
          )
        )
      ) AS quarters USING (Run, Quarter)
    )
    SELECT Run, Time, Service, Target, sum(N) AS OfTest, toUInt64(0) AS OfUsers
    FROM tested
    GROUP BY Run, Time, Service, Target
    UNION ALL
    SELECT Run, Time, Service, Target, toUInt64(0) AS OfTest, sum(N) AS OfUsers
    FROM (SELECT DISTINCT Run, Time, Service, Quarter FROM tested) AS quarters
    INNER JOIN (
      SELECT Service, Quarter, Target, N
      FROM coalmine_runs
      ARRAY JOIN mapKeys(Writes) AS Target, mapValues(Writes) AS N
      WHERE NOT Test AND Quarter >= toStartOfFifteenMinutes(fromUnixTimestamp({since:UInt32}))
    ) AS users USING (Service, Quarter)
    GROUP BY Run, Time, Service, Target
  )
  GROUP BY run, time, service, target
  HAVING writes > 0
  ORDER BY writes DESC, service, target
  LIMIT 1000;

-- test-runs.ts: usersBlocks
  SELECT
    Service AS service,
    Operation AS operation,
    {from:UInt32} + intDiv(toUnixTimestamp(Tick) - {from:UInt32}, {blockSeconds:UInt32}) * {blockSeconds:UInt32} AS from,
    sum(Traces) AS traces,
    sum(Errors) AS errors,
    sum(ClientErrors) AS clientErrors,
    mapKeys(sumMap(Latency) AS latencies) AS buckets,
    mapValues(latencies) AS counts
  FROM coalmine_ticks
  WHERE Service IN {services:Array(String)} AND FlagKey = '' AND NOT Test
    AND Tick >= fromUnixTimestamp({from:UInt32}) AND Tick < fromUnixTimestamp({to:UInt32})
    AND (Service, Tick, Batch) IN (
      SELECT Service, Tick, argMax(Batch, ClosedAt)
      FROM coalmine_closed
      WHERE Service IN {services:Array(String)}
        AND Tick >= fromUnixTimestamp({from:UInt32}) AND Tick < fromUnixTimestamp({to:UInt32})
      GROUP BY Service, Tick)
  GROUP BY service, operation, from
  ORDER BY service, operation, from;

-- test-runs.ts: closedUntil
  SELECT Service AS service, toUnixTimestamp(max(Tick)) + 5 AS until
  FROM coalmine_closed
  WHERE Service IN {services:Array(String)} AND Tick >= fromUnixTimestamp({since:UInt32})
  GROUP BY service;

-- test-runs.ts: keepRunEvent
  INSERT INTO coalmine_run_events
  SELECT
    {run:String}, fromUnixTimestamp64Milli({beganMs:Int64}), {kind:String}, fromUnixTimestamp64Milli({atMs:Int64}), {told:String};

-- test-runs.ts: runEvents
  SELECT
    Run AS run, toUnixTimestamp64Milli(Began) AS beganMs, Kind AS kind, toUnixTimestamp64Milli(At) AS atMs, Told AS told
  FROM coalmine_run_events
  WHERE Began >= fromUnixTimestamp64Milli({sinceMs:Int64})
  ORDER BY Run, Began, At
  LIMIT 10000;
