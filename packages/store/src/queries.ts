/**
 * Every statement there is, whole, with bound parameters. A "unit" is one trace at one operation in one tick: traces are
 * independent of each other, the spans of one trace are not, so a unit gives one value.
 *
 * Timestamp is compared with DateTime64 only: against a DateTime the engine (26.7) skips parts that begin within the last
 * second before the bound.
 */

/** What a query may take before it fails, which is better than the process that ingests running out of memory. */
export const limitReads = `SET max_memory_usage = 2000000000, max_execution_time = 120`

/** Closing a tick of millions of spans goes through the disk rather than through all memory. */
export const limitWrites = `SET max_bytes_before_external_group_by = 1000000000`

/** The Collector ClickHouse exporter's columns; ordered by time within a service, which is how ticks are closed. */
export const createTraces = `
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
  SETTINGS ttl_only_drop_parts = 1`

/**
 * The file that rows pass through on their way into the embedded engine, which parses no binary text of a statement. Its
 * texts are plain: measured, LowCardinality ones are parsed 3.5 times slower than they are converted on insert.
 */
export const createIncoming = `
  CREATE OR REPLACE TABLE coalmine_incoming (
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
  ENGINE = File(RowBinary)`

export const incomingPath = `
  SELECT data_paths[1] AS file FROM system.tables WHERE database = currentDatabase() AND name = 'coalmine_incoming'`

export const insertIncoming = `
  INSERT INTO otel_traces (
    Timestamp, TraceId, SpanId, ParentSpanId, TraceState, SpanName, SpanKind, ServiceName, ResourceAttributes, ScopeName,
    ScopeVersion, SpanAttributes, Duration, StatusCode, StatusMessage, Events.Timestamp, Events.Name, Events.Attributes,
    Links.TraceId, Links.SpanId, Links.TraceState, Links.Attributes
  )
  SELECT * FROM coalmine_incoming`

/** For an engine that is reached over HTTP: the rows are the body of the request. */
export const insertRowBinary = `
  INSERT INTO otel_traces (
    Timestamp, TraceId, SpanId, ParentSpanId, TraceState, SpanName, SpanKind, ServiceName, ResourceAttributes, ScopeName,
    ScopeVersion, SpanAttributes, Duration, StatusCode, StatusMessage, Events.Timestamp, Events.Name, Events.Attributes,
    Links.TraceId, Links.SpanId, Links.TraceState, Links.Attributes
  ) FORMAT RowBinary`

/**
 * What closed ticks say. FlagKey and FlagVariant are empty in the row that has no flag condition; where FlagKey is
 * '(instance)', FlagVariant is the instance that served. Closed rows never change.
 */
export const createTicks = `
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
    FirstStart DateTime64(9),
    LastStart DateTime64(9),
    ErrorTypes Map(LowCardinality(String), UInt64)
  )
  ENGINE = MergeTree
  PARTITION BY toDate(Tick)
  ORDER BY (Service, FlagKey, Operation, Tick)
  TTL Tick + toIntervalDay({retentionDays:UInt32})`

/** Of ticks that closed before their errors' types were counted, none is known. */
export const addErrorTypes = `
  ALTER TABLE coalmine_ticks ADD COLUMN IF NOT EXISTS ErrorTypes Map(LowCardinality(String), UInt64)`

/**
 * A (service, tick) is closed when it has a row here. Rows of coalmine_ticks count only when their batch is the newest of
 * their tick: an import of more spans closes its ticks anew.
 */
export const createClosed = `
  CREATE TABLE IF NOT EXISTS coalmine_closed (
    Service LowCardinality(String),
    Tick DateTime('UTC'),
    Batch UInt64,
    ClosedAt DateTime64(9) DEFAULT now64(9)
  )
  ENGINE = MergeTree
  ORDER BY (Service, Tick)
  TTL Tick + toIntervalDay({retentionDays:UInt32})`

/** Spans that arrived after their tick had closed. */
export const createLate = `
  CREATE TABLE IF NOT EXISTS coalmine_late (Service LowCardinality(String), Tick DateTime('UTC'), Spans UInt64)
  ENGINE = SummingMergeTree
  ORDER BY (Service, Tick)
  TTL Tick + toIntervalDay({retentionDays:UInt32})`

/** The operations of each service that have rows of their own; all others are counted as '(other)'. */
export const createOperations = `
  CREATE TABLE IF NOT EXISTS coalmine_operations (Service LowCardinality(String), Operation String)
  ENGINE = ReplacingMergeTree
  ORDER BY (Service, Operation)`

/** When each comparison starts: set at its first look, never moved. */
export const createComparisons = `
  CREATE TABLE IF NOT EXISTS coalmine_comparisons (
    Service LowCardinality(String),
    Stable String,
    Canary String,
    Start DateTime('UTC'),
    FirstLook DateTime64(3)
  )
  ENGINE = MergeTree
  ORDER BY (Service, Stable, Canary, FirstLook)`

/** Looks at comparisons whose tests may not look as often as one likes: how far the data went, and when it was looked at. */
export const createLooks = `
  CREATE TABLE IF NOT EXISTS coalmine_looks (
    Service LowCardinality(String),
    Stable String,
    Canary String,
    DataEnd DateTime('UTC'),
    At DateTime64(3)
  )
  ENGINE = MergeTree
  ORDER BY (Service, Stable, Canary, At)`

/** How comparisons ended: a build that failed is not what a later one is compared with. */
export const createVerdicts = `
  CREATE TABLE IF NOT EXISTS coalmine_verdicts (
    Service LowCardinality(String),
    Stable String,
    Canary String,
    Verdict LowCardinality(String),
    At DateTime64(3)
  )
  ENGINE = MergeTree
  ORDER BY (Service, Canary, At)`

/**
 * Spans in the words of the product: operation, build, flags, test, errors.
 * gRPC codes 2, 4, 12, 13, 14, 15 are the server's fault: opentelemetry.io/docs/specs/semconv/rpc/grpc. The bucket is
 * that of an exponential histogram of seconds, scale 5; -32768 holds durations of zero. FlagAttributes are the span's
 * flags, one attribute each, also where it has them packed in one; an attribute of a flag's own counts before that. The
 * type of an error is what the span says beyond its status, else its exception's, else the status.
 */
export const createSpans = `
  CREATE OR REPLACE VIEW coalmine_spans AS
  SELECT
    ServiceName AS Service,
    toDateTime(intDiv(toUnixTimestamp(Timestamp), 5) * 5, 'UTC') AS Tick,
    Timestamp,
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
      SpanName) AS Operation,
    if(SpanAttributes['service.version'] != '',
      SpanAttributes['service.version'], ResourceAttributes['service.version']) AS Build,
    mapUpdate(
      CAST(arrayMap(
        pair -> (
          concat('coalmine.flag.', decodeURLComponent(splitByChar('=', pair)[1])),
          decodeURLComponent(splitByChar('=', pair)[2])),
        arrayFilter(pair -> position(pair, '=') > 1, splitByChar(';', SpanAttributes['coalmine.flags']))),
        'Map(LowCardinality(String), String)'),
      mapFilter((key, variant) -> startsWith(key, 'coalmine.flag.'), SpanAttributes)) AS FlagAttributes,
    arrayStringConcat(arraySort(arrayMap(
      (key, variant) -> concat(substring(key, 15), '\\0', variant),
      mapKeys(FlagAttributes), mapValues(FlagAttributes)
    )), '\\x01') AS FlagSet,
    SpanAttributes['coalmine.test'] = 'true' AS Test,
    toUInt16OrZero(if(SpanAttributes['http.response.status_code'] != '',
      SpanAttributes['http.response.status_code'], SpanAttributes['http.status_code'])) AS HttpStatus,
    StatusCode IN ('Error', 'STATUS_CODE_ERROR')
      OR HttpStatus >= 500
      OR SpanAttributes['rpc.grpc.status_code'] IN ('2', '4', '12', '13', '14', '15')
      OR SpanAttributes['rpc.response.status_code'] IN
        ('UNKNOWN', 'DEADLINE_EXCEEDED', 'UNIMPLEMENTED', 'INTERNAL', 'UNAVAILABLE', 'DATA_LOSS') AS IsError,
    HttpStatus BETWEEN 400 AND 499 AS IsClientError,
    arrayFirst(attributes -> attributes['exception.type'] != '', Events.Attributes)['exception.type'] AS Exception,
    if(IsError, substringUTF8(multiIf(
      SpanAttributes['error.type'] NOT IN ('', toString(HttpStatus)), SpanAttributes['error.type'],
      Exception != '', Exception,
      HttpStatus >= 500, concat('HTTP ', toString(HttpStatus)),
      SpanAttributes['rpc.grpc.status_code'] != '', concat('gRPC ', SpanAttributes['rpc.grpc.status_code']),
      SpanAttributes['rpc.response.status_code'] != '', concat('gRPC ', SpanAttributes['rpc.response.status_code']),
      '(not said)'), 1, 100), '') AS ErrorType,
    if(Duration = 0, toInt16(-32768), toInt16(ceil(log2(Duration / 1e9) * 32) - 1)) AS Bucket,
    multiIf(
      ResourceAttributes['service.instance.id'] != '', ResourceAttributes['service.instance.id'],
      ResourceAttributes['k8s.pod.name'] != '', ResourceAttributes['k8s.pod.name'],
      ResourceAttributes['host.name']) AS Instance
  FROM otel_traces`

/** Entry spans: requests that the service answered. */
export const createRequests = `
  CREATE OR REPLACE VIEW coalmine_requests AS
  SELECT * FROM coalmine_spans
  WHERE SpanKind IN ('Server', 'Consumer', 'SPAN_KIND_SERVER', 'SPAN_KIND_CONSUMER')
    OR ParentSpanId IN ('', '0000000000000000')`

/** Calls that the service made, to a database or to another service: the operation says what it asked of whom. */
export const createCalls = `
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
  WHERE SpanKind IN ('Client', 'Producer', 'SPAN_KIND_CLIENT', 'SPAN_KIND_PRODUCER')`

/** Before ticks close: their operations that are not known yet get rows of their own, while the service has fewer than 500. */
export const registerOperations = `
  INSERT INTO coalmine_operations
  SELECT Service, Operation
  FROM (
    SELECT Service, Operation, row_number() OVER (PARTITION BY Service ORDER BY count() DESC, Operation) AS Place
    FROM coalmine_requests
    WHERE Service IN {services:Array(String)}
      AND Timestamp >= toDateTime64({from:UInt32}, 9) AND Timestamp < toDateTime64({to:UInt32}, 9)
      AND (Service, toUnixTimestamp(Tick)) IN arrayZip({services:Array(String)}, {ticks:Array(UInt32)})
      AND (Service, Operation) NOT IN (SELECT Service, Operation FROM coalmine_operations)
    GROUP BY Service, Operation
  ) AS fresh
  LEFT JOIN (
    SELECT Service, uniqExact(Operation) AS Known FROM coalmine_operations GROUP BY Service
  ) AS known USING Service
  WHERE Place + Known <= 500`

/**
 * Closes ticks: raw spans -> units -> one row per tick, operation, build and flag. Repeated spans drop out, since a unit
 * counts distinct span ids and everything else of it is a maximum or a set. A unit whose spans disagree on the build or on
 * a flag is '(mixed)'. Flags come as one text, key and variant parted by NUL and flags by 0x01, and are taken apart when
 * the units with the same ones have been summed up: there are many fewer of these. Each instance has a row of its own too;
 * a unit that several instances served is in none of these.
 */
export const closeTicks = `
  INSERT INTO coalmine_ticks
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
    min(SetFirst) AS FirstStart,
    max(SetLast) AS LastStart,
    mapFromArrays(arraySlice(mapKeys(sumMap(SetErrorTypes) AS AllTypes), 1, 100), arraySlice(mapValues(AllTypes), 1, 100))
      AS ErrorTypes
  FROM (
    SELECT
      Service,
      Tick,
      UnitOperation AS Operation,
      multiIf(LastBuild = '', '', FirstBuild = LastBuild, LastBuild, '(mixed)') AS Build,
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
      countIf(UnitClientError) AS ClientErrorUnits,
      sumMap(map(UnitBucket, toUInt64(1))) AS Histogram,
      if(length(UnitInstances) = 1, UnitInstances[1], '') AS Instance,
      grouping(Flags) AS OfInstance,
      groupUniqArrayArray(50)(UnitInstances) AS SetInstances,
      min(UnitFirst) AS SetFirst,
      max(UnitLast) AS SetLast,
      sumMapIf(map(UnitErrorType, toUInt64(1)), UnitErrorType != '') AS SetErrorTypes
    FROM (
      SELECT
        Service,
        Tick,
        if((Service, Operation) IN (SELECT Service, Operation FROM coalmine_operations), Operation, '(other)')
          AS UnitOperation,
        uniqExact(SpanId) AS UnitSpans,
        max(Bucket) AS UnitBucket,
        max(IsError) AS UnitError,
        max(IsClientError) AS UnitClientError,
        max(Test) AS UnitTest,
        minIf(Build, Build != '') AS FirstBuild,
        max(Build) AS LastBuild,
        groupUniqArray(FlagSet) AS FlagSets,
        groupUniqArrayIf(Instance, Instance != '') AS UnitInstances,
        min(Timestamp) AS UnitFirst,
        max(Timestamp) AS UnitLast,
        max(ErrorType) AS UnitErrorType
      FROM coalmine_requests
      WHERE Service IN {services:Array(String)}
        AND Timestamp >= toDateTime64({from:UInt32}, 9) AND Timestamp < toDateTime64({to:UInt32}, 9)
        AND (Service, toUnixTimestamp(Tick)) IN arrayZip({services:Array(String)}, {ticks:Array(UInt32)})
      GROUP BY Service, Tick, UnitOperation, TraceId
    )
    GROUP BY GROUPING SETS ((Service, Tick, Operation, Build, Test, Flags), (Service, Tick, Operation, Build, Test, Instance))
  )
  ARRAY JOIN if(OfInstance = 1,
    if(Instance = '', [], [concat('(instance)\\0', Instance)]),
    arrayPushFront(arrayFilter(flag -> flag != '' AND NOT startsWith(flag, '(instance)\\0'), splitByChar('\\x01', Flags)), ''))
    AS Flag
  GROUP BY Service, Tick, Operation, Build, FlagKey, FlagVariant, Test`

/** The commit of a closing: one block, so all of its ticks are closed or none. */
export const commitTicks = `
  INSERT INTO coalmine_closed (Service, Tick, Batch)
  SELECT pair.1 AS Service, fromUnixTimestamp(pair.2) AS Tick, {batch:UInt64} AS Batch
  FROM (SELECT arrayJoin(arrayZip({services:Array(String)}, {ticks:Array(UInt32)})) AS pair)`

export const countLate = `
  INSERT INTO coalmine_late
  SELECT row.1 AS Service, fromUnixTimestamp(row.2) AS Tick, row.3 AS Spans
  FROM (
    SELECT arrayJoin(arrayZip({services:Array(String)}, {ticks:Array(UInt32)}, {spans:Array(UInt64)})) AS row
  )`

export const closedTicks = `
  SELECT Service AS service, groupUniqArray(toUnixTimestamp(Tick)) AS ticks FROM coalmine_closed GROUP BY Service`

/** Raw (service, tick) pairs that no closing has committed: what a crash left behind. */
export const unclosedTicks = `
  SELECT ServiceName AS service, intDiv(toUnixTimestamp(Timestamp), 5) * 5 AS tick, count() AS spans
  FROM otel_traces
  WHERE (ServiceName, intDiv(toUnixTimestamp(Timestamp), 5) * 5) NOT IN
    (SELECT Service, toUnixTimestamp(Tick) FROM coalmine_closed)
  GROUP BY service, tick`

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

/** The ticks of some operations, one row per operation, tick and cohort. */
export const ticksOfOperations = `
  SELECT
    if({traffic:String} = 'all' AND Test, concat(Operation, ' (test)'), Operation) AS operation,
    toUnixTimestamp(Tick) AS tick,
    if(({byBuild:Bool} = false OR Build = {stableBuild:String}) AND FlagVariant = {stableVariant:String},
      'stable', 'canary') AS cohort,
    sum(Requests) AS requests,
    sum(Traces) AS traces,
    sum(Errors) AS errors,
    sum(ClientErrors) AS clientErrors,
    mapKeys(sumMap(Latency) AS Histogram) AS buckets,
    mapValues(Histogram) AS counts,
    sumMap(ErrorTypes) AS errorTypes
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
  GROUP BY operation, tick, cohort
  ORDER BY operation, tick`

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
    AND (Build, FlagVariant) IN arrayZip({builds:Array(String)}, {instances:Array(String)})
    AND tick < transform(concat(Build, '\\0', FlagVariant),
      arrayMap((build, instance) -> concat(build, '\\0', instance), {builds:Array(String)}, {instances:Array(String)}),
      {until:Array(UInt32)}, toUInt32(0))
  GROUP BY operation, tick, cohort`

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

/**
 * How the requests of some ticks were measured, by cohort: the spans below them, who made their spans, how they were
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
    GROUP BY TraceId
    HAVING cohort != ''
  ) AS Requests
  LEFT JOIN (
    SELECT TraceId, uniqExact(SpanId) AS Spans
    FROM otel_traces
    WHERE ServiceName = {service:String}
      AND Timestamp >= toDateTime64({from:UInt32}, 9) AND Timestamp < toDateTime64({to:UInt32}, 9)
      AND intDiv(toUnixTimestamp(Timestamp), 5) * 5 IN {ticks:Array(UInt32)}
      AND SpanKind NOT IN ('Server', 'Consumer', 'SPAN_KIND_SERVER', 'SPAN_KIND_CONSUMER')
      AND ParentSpanId NOT IN ('', '0000000000000000')
    GROUP BY TraceId
  ) AS Below USING TraceId
  GROUP BY cohort, threshold, scope`

/**
 * In how many traces of each cohort a span of the service, by its kind and name, lies below the requests of some ticks; and
 * how many traces there are at all. Spans are looked for a minute on. At most `mostNames` names, those in most traces.
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
    GROUP BY TraceId
    HAVING cohort != ''
  ),
  Below AS (
    SELECT TraceId, lower(replaceOne(SpanKind, 'SPAN_KIND_', '')) AS kind, SpanName AS name
    FROM otel_traces
    WHERE ServiceName = {service:String} AND TraceId IN (SELECT TraceId FROM Requests)
      AND Timestamp >= toDateTime64({from:UInt32}, 9) AND Timestamp < toDateTime64({to:UInt32} + 60, 9)
      AND SpanKind NOT IN ('Server', 'Consumer', 'SPAN_KIND_SERVER', 'SPAN_KIND_CONSUMER')
      AND ParentSpanId NOT IN ('', '0000000000000000')
    GROUP BY TraceId, kind, name
  )
  SELECT tick, cohort, kind, name, false AS all, count() AS traces
  FROM Requests INNER JOIN Below USING TraceId
  WHERE (kind, name) IN (SELECT kind, name FROM Below GROUP BY kind, name ORDER BY count() DESC, kind, name LIMIT {mostNames:UInt32})
  GROUP BY tick, cohort, kind, name
  UNION ALL
  SELECT tick, cohort, '' AS kind, '' AS name, true AS all, count() AS traces
  FROM Requests
  GROUP BY tick, cohort`

/**
 * The calls, spans of other services, that up to 100 requests of each cohort in one tick answered: at which address, and how
 * much later the requests start, in milliseconds, which is what a network takes unless clocks differ. Calls are looked for a
 * minute around the tick.
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
      AND Timestamp >= toDateTime64({tick:UInt32}, 9) AND Timestamp < toDateTime64({tick:UInt32} + 5, 9) AND cohort != ''
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
    FROM otel_traces
    WHERE ServiceName != {service:String} AND TraceId IN (SELECT TraceId FROM Requests)
      AND Timestamp >= toDateTime64({tick:UInt32} - 60, 9) AND Timestamp < toDateTime64({tick:UInt32} + 65, 9)
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
  FROM otel_traces
  WHERE ServiceName != {service:String} AND SpanKind IN ('Client', 'SPAN_KIND_CLIENT')
    AND Timestamp >= toDateTime64({from:UInt32}, 9) AND Timestamp < toDateTime64({to:UInt32}, 9)
    AND has(arrayConcat({stable:Array(String)}, {canary:Array(String)}),
      concat(SpanAttributes['server.address'], ':', SpanAttributes['server.port']))
    AND tick IN (SELECT toUnixTimestamp(Tick) FROM coalmine_closed WHERE Service = {service:String})
  GROUP BY tick, cohort
  ORDER BY tick, cohort`

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

/** How many raw spans each closed tick of a service has: raw spans are reduced a portion of ticks at a time. */
export const rawTickSizes = `
  SELECT intDiv(toUnixTimestamp(Timestamp), 5) * 5 AS tick, count() AS spans
  FROM otel_traces
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
      uniqExact(SpanId) AS Spans,
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
            FROM otel_traces
            WHERE notEmpty({calls:Array(Array(Tuple(String, String)))}) AND ServiceName = {service:String}
              AND Timestamp >= toDateTime64({from:UInt32}, 9)
              AND Timestamp <= (
                SELECT max(addNanoseconds(Timestamp, least(Duration, 60000000000)))
                FROM otel_traces
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

export const lateSpans = `
  SELECT sum(Spans) AS late
  FROM coalmine_late
  WHERE Service = {service:String}
    AND Tick >= fromUnixTimestamp({from:UInt32}) AND Tick < fromUnixTimestamp({to:UInt32})`

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

/** The same for cohorts by any attributes, from raw spans. */
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

/** When the canary of a comparison first served, by closed ticks. */
export const tickFirst = `
  SELECT count() AS found, toUnixTimestamp(min(Tick)) AS tick
  FROM coalmine_ticks
  WHERE Service = {service:String} AND FlagKey = {flagKey:String}
    AND ({traffic:String} = 'all' OR Test = ({traffic:String} = 'test'))
    AND (Tick, Batch) IN (
      SELECT Tick, argMax(Batch, ClosedAt) FROM coalmine_closed WHERE Service = {service:String} GROUP BY Tick)
    AND ({byBuild:Bool} = false OR Build = {canaryBuild:String}) AND FlagVariant = {canaryVariant:String}`

/** The same from raw spans. */
export const rawFirst = `
  SELECT count() AS found, toUnixTimestamp(min(Tick)) AS tick
  FROM coalmine_requests
  WHERE Service = {service:String}
    AND (Test = {canaryTests:Bool} OR (Test AND {traffic:String} = 'all'))
    AND (empty({audience:Array(String)}) OR has({audience:Array(String)}, SpanAttributes['coalmine.audience']))
    AND Tick IN (SELECT Tick FROM coalmine_closed WHERE Service = {service:String})
    AND arrayAll(
      (key, fromResource, wanted, negated) -> wanted = '' OR (negated = 0) = (wanted = multiIf(
        fromResource = 0 AND SpanAttributes[key] != '', SpanAttributes[key],
        fromResource = 0 AND FlagAttributes[key] != '', FlagAttributes[key],
        ResourceAttributes[key])),
      {keys:Array(String)}, {fromResource:Array(UInt8)}, {canaryValues:Array(String)}, {canaryNegated:Array(UInt8)})`

export const comparisonStart = `
  SELECT toUnixTimestamp(argMin(Start, FirstLook)) AS start, count() AS looks
  FROM coalmine_comparisons
  WHERE Service = {service:String} AND Stable = {stable:String} AND Canary = {canary:String}`

export const rememberComparison = `
  INSERT INTO coalmine_comparisons
  SELECT {service:String}, {stable:String}, {canary:String}, fromUnixTimestamp({start:UInt32}), now64(3)`

export const rememberLook = `
  INSERT INTO coalmine_looks
  SELECT {service:String}, {stable:String}, {canary:String}, fromUnixTimestamp({end:UInt32}), now64(3)`

/** Which look it is that saw the data up to this end: how many ends were seen before it, and itself. */
export const looksSoFar = `
  SELECT countIf(first <= this) AS look
  FROM (
    SELECT DataEnd, min(At) AS first, anyIf(first, DataEnd = fromUnixTimestamp({end:UInt32})) OVER () AS this
    FROM coalmine_looks
    WHERE Service = {service:String} AND Stable = {stable:String} AND Canary = {canary:String}
    GROUP BY DataEnd)`

/** One row for each change: looking again at what is settled adds nothing. */
export const rememberVerdict = `
  INSERT INTO coalmine_verdicts
  SELECT {service:String}, {stable:String}, {canary:String}, {verdict:String}, now64(3)
  WHERE (
    SELECT argMax(Verdict, At) FROM coalmine_verdicts WHERE Service = {service:String} AND Canary = {canary:String}
  ) != {verdict:String}`

export const failedCanaries = `
  SELECT Canary AS canary
  FROM coalmine_verdicts
  WHERE Service = {service:String}
  GROUP BY Canary
  HAVING argMax(Verdict, At) = 'fail'
  ORDER BY max(At) DESC, Canary
  LIMIT 20`

export const knownServices = `
  SELECT ServiceName AS service FROM otel_traces GROUP BY service ORDER BY count() DESC, service LIMIT 100`

/** Builds and flag variants that closed ticks of a service have, most requests first. */
export const knownValues = `
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
  LIMIT 100`

/** What arrived from a service in the hour before its last span. */
export const doctor = `
  SELECT
    count() AS spans,
    toUnixTimestamp64Milli(min(Timestamp)) AS firstMs,
    toUnixTimestamp64Milli(max(Timestamp)) AS lastMs,
    countIf(SpanKind IN ('Server', 'Consumer', 'SPAN_KIND_SERVER', 'SPAN_KIND_CONSUMER')
      OR ParentSpanId IN ('', '0000000000000000')) AS requests,
    countIf(SpanAttributes['service.version'] != '' OR ResourceAttributes['service.version'] != '') AS withBuild,
    countIf(SpanAttributes['coalmine.flags'] != ''
      OR arrayExists(key -> startsWith(key, 'coalmine.flag.'), mapKeys(SpanAttributes))) AS withFlags,
    countIf(SpanAttributes['coalmine.test'] = 'true') AS test,
    countIf(SpanKind IN ('Server', 'SPAN_KIND_SERVER')
      AND (SpanAttributes['http.request.method'] != '' OR SpanAttributes['http.method'] != '')
      AND SpanAttributes['http.route'] = '') AS withoutRoute,
    groupUniqArray(20)(if(SpanAttributes['service.version'] != '',
      SpanAttributes['service.version'], ResourceAttributes['service.version'])) AS builds,
    groupUniqArrayArray(100)(arrayConcat(
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
  FROM otel_traces
  WHERE ServiceName = {service:String} AND Timestamp >= (
    SELECT max(Timestamp) - INTERVAL 1 HOUR FROM otel_traces WHERE ServiceName = {service:String})`

/** The operations of closed ticks, most requests first. */
export const knownOperations = `
  SELECT Operation AS operation, sum(Requests) AS requests
  FROM coalmine_ticks
  WHERE Service = {service:String} AND FlagKey = ''
    AND (Tick, Batch) IN (
      SELECT Tick, argMax(Batch, ClosedAt) FROM coalmine_closed WHERE Service = {service:String} GROUP BY Tick)
  GROUP BY operation
  ORDER BY requests DESC, operation
  LIMIT 501`

/** How many days spans are kept; 0 in a table without a TTL. */
export const keptDays = `
  SELECT toUInt32OrZero(extract(engine_full, 'toIntervalDay[^0-9]*([0-9]+)')) AS days
  FROM system.tables
  WHERE database = currentDatabase() AND name = 'otel_traces'`

export const keepTraces = `
  ALTER TABLE otel_traces MODIFY TTL toDateTime(Timestamp) + toIntervalDay({retentionDays:UInt32})`

export const keepTicks = `
  ALTER TABLE coalmine_ticks MODIFY TTL Tick + toIntervalDay({retentionDays:UInt32})`

export const keepClosed = `
  ALTER TABLE coalmine_closed MODIFY TTL Tick + toIntervalDay({retentionDays:UInt32})`

export const keepLate = `
  ALTER TABLE coalmine_late MODIFY TTL Tick + toIntervalDay({retentionDays:UInt32})`

export const tableSizes = `
  SELECT table, sum(rows) AS rows, sum(bytes_on_disk) AS bytes, sum(data_uncompressed_bytes) AS uncompressedBytes
  FROM system.parts
  WHERE active AND database = currentDatabase() AND (table = 'otel_traces' OR startsWith(table, 'coalmine_'))
  GROUP BY table
  ORDER BY bytes DESC, table`

export const keptRange = `
  SELECT
    count() AS spans,
    toUnixTimestamp64Milli(min(Timestamp)) AS oldestMs,
    toUnixTimestamp64Milli(max(Timestamp)) AS newestMs
  FROM otel_traces`

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
