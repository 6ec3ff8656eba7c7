-- A store as the release before schema versions left it: its tables, its views, and one closed tick.

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
TTL toDateTime(Timestamp) + toIntervalDay(3650)
SETTINGS ttl_only_drop_parts = 1;

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
TTL Tick + toIntervalDay(3650);

CREATE TABLE IF NOT EXISTS coalmine_closed (
  Service LowCardinality(String),
  Tick DateTime('UTC'),
  Batch UInt64,
  ClosedAt DateTime64(9) DEFAULT now64(9)
)
ENGINE = MergeTree
ORDER BY (Service, Tick)
TTL Tick + toIntervalDay(3650);

CREATE TABLE IF NOT EXISTS coalmine_late (Service LowCardinality(String), Tick DateTime('UTC'), Spans UInt64)
ENGINE = SummingMergeTree
ORDER BY (Service, Tick)
TTL Tick + toIntervalDay(3650);

CREATE TABLE IF NOT EXISTS coalmine_operations (Service LowCardinality(String), Operation String)
ENGINE = ReplacingMergeTree
ORDER BY (Service, Operation);

CREATE TABLE IF NOT EXISTS coalmine_comparisons (
  Service LowCardinality(String),
  Stable String,
  Canary String,
  Start DateTime('UTC'),
  FirstLook DateTime64(3)
)
ENGINE = MergeTree
ORDER BY (Service, Stable, Canary, FirstLook);

CREATE TABLE IF NOT EXISTS coalmine_looks (
  Service LowCardinality(String),
  Stable String,
  Canary String,
  DataEnd DateTime('UTC'),
  At DateTime64(3)
)
ENGINE = MergeTree
ORDER BY (Service, Stable, Canary, At);

CREATE TABLE IF NOT EXISTS coalmine_verdicts (
  Service LowCardinality(String),
  Stable String,
  Canary String,
  Verdict LowCardinality(String),
  At DateTime64(3)
)
ENGINE = MergeTree
ORDER BY (Service, Canary, At);

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
    (key, variant) -> concat(substring(key, 15), '\0', variant),
    mapKeys(FlagAttributes), mapValues(FlagAttributes)
  )), '\x01') AS FlagSet,
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
FROM otel_traces;

CREATE OR REPLACE VIEW coalmine_requests AS
SELECT * FROM coalmine_spans
WHERE SpanKind IN ('Server', 'Consumer', 'SPAN_KIND_SERVER', 'SPAN_KIND_CONSUMER')
  OR ParentSpanId IN ('', '0000000000000000');

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

INSERT INTO otel_traces (Timestamp, TraceId, SpanId, ParentSpanId, TraceState, SpanName, SpanKind, ServiceName, ResourceAttributes, ScopeName, ScopeVersion, SpanAttributes, Duration, StatusCode, StatusMessage, Events.Timestamp, Events.Name, Events.Attributes, Links.TraceId, Links.SpanId, Links.TraceState, Links.Attributes) VALUES ('2026-11-20 10:00:00.000000000', '00000000000000000000000000000000', '0000000000000000', '', '', 'GET /cart', 'Server', 'storefront', {'service.instance.id':'pod-1.0.0'}, '', '', {'service.version':'1.0.0','http.route':'/cart','http.request.method':'GET','coalmine.flag.fast':'on'}, 20000000, 'Unset', '', [], [], [], [], [], [], []), ('2026-11-20 10:00:00.001000000', '11111111111111111111111111111111', '1111111111111111', '', '', 'GET /cart', 'Server', 'storefront', {'service.instance.id':'pod-1.0.0'}, '', '', {'service.version':'1.0.0','http.route':'/cart','http.request.method':'GET','coalmine.flag.fast':'on','error.type':'Timeout'}, 21000000, 'Error', '', [], [], [], [], [], [], []), ('2026-11-20 10:00:00.002000000', '22222222222222222222222222222222', '2222222222222222', '', '', 'GET /cart', 'Server', 'storefront', {'service.instance.id':'pod-2.0.0'}, '', '', {'service.version':'2.0.0','http.route':'/cart','http.request.method':'GET','coalmine.flag.fast':'on'}, 22000000, 'Unset', '', [], [], [], [], [], [], []), ('2026-11-20 10:00:00.003000000', '33333333333333333333333333333333', '3333333333333333', '', '', 'GET /cart', 'Server', 'storefront', {'service.instance.id':'pod-2.0.0'}, '', '', {'service.version':'2.0.0','http.route':'/cart','http.request.method':'GET','coalmine.flag.fast':'on','error.type':'Timeout'}, 23000000, 'Error', '', [], [], [], [], [], [], []), ('2026-11-20 10:00:00.004000000', '44444444444444444444444444444444', '4444444444444444', '', '', 'GET /cart', 'Server', 'storefront', {'service.instance.id':'pod-2.0.0'}, '', '', {'service.version':'2.0.0','http.route':'/cart','http.request.method':'GET','coalmine.flag.fast':'on','error.type':'Timeout'}, 24000000, 'Error', '', [], [], [], [], [], [], []);

INSERT INTO coalmine_ticks (Batch, Service, Tick, Operation, Build, FlagKey, FlagVariant, Test, Requests, Traces, Errors, ClientErrors, Latency, Instances, FirstStart, LastStart, ErrorTypes) VALUES (15204499306519339001, 'storefront', '2026-11-20 10:00:00', 'GET /cart', '1.0.0', '', '', false, 2, 2, 1, 0, {-181:1,-179:1}, ['pod-1.0.0'], '2026-11-20 10:00:00.000000000', '2026-11-20 10:00:00.001000000', {'Timeout':1}), (15204499306519339001, 'storefront', '2026-11-20 10:00:00', 'GET /cart', '1.0.0', '(instance)', 'pod-1.0.0', false, 2, 2, 1, 0, {-181:1,-179:1}, ['pod-1.0.0'], '2026-11-20 10:00:00.000000000', '2026-11-20 10:00:00.001000000', {'Timeout':1}), (15204499306519339001, 'storefront', '2026-11-20 10:00:00', 'GET /cart', '1.0.0', 'fast', 'on', false, 2, 2, 1, 0, {-181:1,-179:1}, ['pod-1.0.0'], '2026-11-20 10:00:00.000000000', '2026-11-20 10:00:00.001000000', {'Timeout':1}), (15204499306519339001, 'storefront', '2026-11-20 10:00:00', 'GET /cart', '2.0.0', '', '', false, 3, 3, 2, 0, {-177:1,-175:1,-173:1}, ['pod-2.0.0'], '2026-11-20 10:00:00.002000000', '2026-11-20 10:00:00.004000000', {'Timeout':2}), (15204499306519339001, 'storefront', '2026-11-20 10:00:00', 'GET /cart', '2.0.0', '(instance)', 'pod-2.0.0', false, 3, 3, 2, 0, {-177:1,-175:1,-173:1}, ['pod-2.0.0'], '2026-11-20 10:00:00.002000000', '2026-11-20 10:00:00.004000000', {'Timeout':2}), (15204499306519339001, 'storefront', '2026-11-20 10:00:00', 'GET /cart', '2.0.0', 'fast', 'on', false, 3, 3, 2, 0, {-177:1,-175:1,-173:1}, ['pod-2.0.0'], '2026-11-20 10:00:00.002000000', '2026-11-20 10:00:00.004000000', {'Timeout':2});

INSERT INTO coalmine_closed (Service, Tick, Batch, ClosedAt) VALUES ('storefront', '2026-11-20 10:00:00', 15204499306519339001, '2026-11-27 16:07:02.428796233');

INSERT INTO coalmine_operations (Service, Operation) VALUES ('storefront', 'GET /cart');

INSERT INTO coalmine_comparisons (Service, Stable, Canary, Start, FirstLook) VALUES ('storefront', 'service.version=1.0.0', 'service.version=2.0.0', '2026-11-20 10:00:00', '2026-11-27 16:07:02.449');

INSERT INTO coalmine_looks (Service, Stable, Canary, DataEnd, At) VALUES ('storefront', 'service.version=1.0.0', 'service.version=2.0.0', '2026-11-20 10:00:30', '2026-11-27 16:07:02.460');

INSERT INTO coalmine_verdicts (Service, Stable, Canary, Verdict, At) VALUES ('storefront', 'service.version=1.0.0', 'service.version=2.0.0', 'fail', '2026-11-27 16:07:02.455');
