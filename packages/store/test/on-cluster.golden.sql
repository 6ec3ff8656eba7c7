CREATE TABLE IF NOT EXISTS otel_traces_local ON CLUSTER main (
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
ENGINE = ReplicatedMergeTree('/clickhouse/tables/coalmine/main/{shard}/{database}/{table}', '{replica}')
PARTITION BY toDate(Timestamp)
ORDER BY (ServiceName, toDateTime(Timestamp), SpanName)
TTL toDateTime(Timestamp) + toIntervalDay(30)
SETTINGS ttl_only_drop_parts = 1

CREATE TABLE IF NOT EXISTS otel_traces ON CLUSTER main AS otel_traces_local
ENGINE = Distributed(main, currentDatabase(), otel_traces_local, cityHash64(TraceId))

CREATE TABLE IF NOT EXISTS otel_logs_local ON CLUSTER main (
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
ENGINE = ReplicatedMergeTree('/clickhouse/tables/coalmine/main/{shard}/{database}/{table}', '{replica}')
PARTITION BY toDate(Timestamp)
ORDER BY (ServiceName, LogAttributes['feature_flag.key'], toDateTime(Timestamp))
TTL toDateTime(Timestamp) + toIntervalDay(30)
SETTINGS ttl_only_drop_parts = 1, non_replicated_deduplication_window = 1000

CREATE TABLE IF NOT EXISTS otel_logs ON CLUSTER main AS otel_logs_local
ENGINE = Distributed(main, currentDatabase(), otel_logs_local, cityHash64(TraceId))

CREATE TABLE IF NOT EXISTS coalmine_ticks ON CLUSTER main (
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
ENGINE = ReplicatedMergeTree('/clickhouse/tables/coalmine/main/{database}/{table}', '{shard}_{replica}')
PARTITION BY toDate(Tick)
ORDER BY (Service, FlagKey, Operation, Tick)
TTL Tick + toIntervalDay(30)

CREATE TABLE IF NOT EXISTS coalmine_closed ON CLUSTER main (
  Service LowCardinality(String),
  Tick DateTime('UTC'),
  Batch UInt64,
  ClosedAt DateTime64(9) DEFAULT now64(9)
)
ENGINE = ReplicatedMergeTree('/clickhouse/tables/coalmine/main/{database}/{table}', '{shard}_{replica}')
ORDER BY (Service, Tick)
TTL Tick + toIntervalDay(30)

CREATE TABLE IF NOT EXISTS coalmine_late ON CLUSTER main (Service LowCardinality(String), Tick DateTime('UTC'), Spans UInt64)
ENGINE = ReplicatedSummingMergeTree('/clickhouse/tables/coalmine/main/{database}/{table}', '{shard}_{replica}')
ORDER BY (Service, Tick)
TTL Tick + toIntervalDay(30)
SETTINGS replicated_deduplication_window = 0

CREATE TABLE IF NOT EXISTS coalmine_operation_hours ON CLUSTER main (
  Service LowCardinality(String),
  Operation String,
  Hour DateTime('UTC'),
  Requests UInt64
)
ENGINE = ReplicatedSummingMergeTree('/clickhouse/tables/coalmine/main/{database}/{table}', '{shard}_{replica}')
ORDER BY (Service, Hour, Operation)
TTL Hour + toIntervalDay(30)
SETTINGS replicated_deduplication_window = 0

CREATE TABLE IF NOT EXISTS coalmine_comparisons ON CLUSTER main (
  Service LowCardinality(String),
  Stable String,
  Canary String,
  Start DateTime('UTC'),
  FirstLook DateTime64(3)
)
ENGINE = ReplicatedMergeTree('/clickhouse/tables/coalmine/main/{database}/{table}', '{shard}_{replica}')
ORDER BY (Service, Stable, Canary, FirstLook)

CREATE TABLE IF NOT EXISTS coalmine_looks ON CLUSTER main (
  Service LowCardinality(String),
  Stable String,
  Canary String,
  DataEnd DateTime('UTC'),
  At DateTime64(3)
)
ENGINE = ReplicatedMergeTree('/clickhouse/tables/coalmine/main/{database}/{table}', '{shard}_{replica}')
ORDER BY (Service, Stable, Canary, At)

CREATE TABLE IF NOT EXISTS coalmine_verdicts ON CLUSTER main (
  Service LowCardinality(String),
  Stable String,
  Canary String,
  Verdict LowCardinality(String),
  At DateTime64(3)
)
ENGINE = ReplicatedMergeTree('/clickhouse/tables/coalmine/main/{database}/{table}', '{shard}_{replica}')
ORDER BY (Service, Canary, At)

CREATE TABLE IF NOT EXISTS coalmine_comparison_events ON CLUSTER main (
  Comparison String,
  Number UInt32,
  At DateTime64(3),
  Kind LowCardinality(String),
  Told String CODEC(ZSTD(1)),
  Verdict String CODEC(ZSTD(1))
)
ENGINE = ReplicatedMergeTree('/clickhouse/tables/coalmine/main/{database}/{table}', '{shard}_{replica}')
ORDER BY (Comparison, Number)

CREATE TABLE IF NOT EXISTS coalmine_comparison_views ON CLUSTER main (
  Comparison String,
  At DateTime64(3),
  View String CODEC(ZSTD(1))
)
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/coalmine/main/{database}/{table}', '{shard}_{replica}')(At)
ORDER BY Comparison

CREATE TABLE IF NOT EXISTS coalmine_changes ON CLUSTER main (
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
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/coalmine/main/{database}/{table}', '{shard}_{replica}')(Kept)
ORDER BY (Service, Id)

CREATE TABLE IF NOT EXISTS coalmine_notifications ON CLUSTER main (
  Id String,
  Target LowCardinality(String),
  Number UInt64,
  At DateTime64(3),
  State LowCardinality(String),
  Message String CODEC(ZSTD(1)),
  Note String
)
ENGINE = ReplicatedMergeTree('/clickhouse/tables/coalmine/main/{database}/{table}', '{shard}_{replica}')
ORDER BY (Target, Number)
TTL toDateTime(At) + toIntervalDay(90)

CREATE TABLE IF NOT EXISTS coalmine_rollouts ON CLUSTER main (
  Rollout String,
  Number UInt32,
  At DateTime64(3),
  Kind LowCardinality(String),
  Event String CODEC(ZSTD(1))
)
ENGINE = ReplicatedMergeTree('/clickhouse/tables/coalmine/main/{database}/{table}', '{shard}_{replica}')
ORDER BY (Rollout, Number)

CREATE TABLE IF NOT EXISTS coalmine_runs ON CLUSTER main (
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
ENGINE = ReplicatedAggregatingMergeTree('/clickhouse/tables/coalmine/main/{database}/{table}', '{shard}_{replica}')
PARTITION BY toYYYYMM(Quarter)
ORDER BY (Test, Run, Service, Quarter, Operation)
TTL Quarter + toIntervalDay(30)

CREATE TABLE IF NOT EXISTS coalmine_run_ticks ON CLUSTER main (
  Service LowCardinality(String),
  Tick DateTime('UTC')
)
ENGINE = ReplicatedMergeTree('/clickhouse/tables/coalmine/main/{database}/{table}', '{shard}_{replica}')
ORDER BY (Service, Tick)
TTL Tick + toIntervalDay(30)

CREATE TABLE IF NOT EXISTS coalmine_run_events ON CLUSTER main (
  Run String,
  Began DateTime64(3),
  Kind LowCardinality(String),
  At DateTime64(3),
  Told String CODEC(ZSTD(1))
)
ENGINE = ReplicatedMergeTree('/clickhouse/tables/coalmine/main/{database}/{table}', '{shard}_{replica}')
ORDER BY (Run, Began, Kind, At)
TTL toDateTime(At) + toIntervalDay(400)

CREATE TABLE IF NOT EXISTS coalmine_schema ON CLUSTER main (
  Version UInt32,
  Traces String,
  At DateTime64(3)
)
ENGINE = ReplicatedMergeTree('/clickhouse/tables/coalmine/main/{database}/{table}', '{shard}_{replica}')
ORDER BY (Version, At)

CREATE TABLE IF NOT EXISTS coalmine_imports ON CLUSTER main (
  File String,
  Line UInt64,
  Bytes UInt64,
  Finished Bool,
  Totals String,
  At DateTime64(6) DEFAULT now64(6)
)
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/coalmine/main/{database}/{table}', '{shard}_{replica}')
ORDER BY File

CREATE TABLE IF NOT EXISTS coalmine_reopened ON CLUSTER main (
  Service LowCardinality(String),
  Tick DateTime('UTC'),
  At DateTime64(9) DEFAULT now64(9)
)
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/coalmine/main/{database}/{table}', '{shard}_{replica}')
ORDER BY (Service, Tick)
TTL Tick + toIntervalDay(30)

CREATE TABLE IF NOT EXISTS coalmine_reduced ON CLUSTER main (
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
ENGINE = ReplicatedMergeTree('/clickhouse/tables/coalmine/main/{database}/{table}', '{shard}_{replica}')
PARTITION BY toDate(Tick)
ORDER BY (Service, Comparison, Operation, Tick)
TTL Tick + toIntervalDay(30)

CREATE TABLE IF NOT EXISTS coalmine_reductions ON CLUSTER main (
  Comparison UInt64,
  Service LowCardinality(String),
  Tick DateTime('UTC'),
  Batch UInt64,
  Reduction UInt64,
  At DateTime64(9) DEFAULT now64(9)
)
ENGINE = ReplicatedMergeTree('/clickhouse/tables/coalmine/main/{database}/{table}', '{shard}_{replica}')
ORDER BY (Service, Comparison, Tick)
TTL Tick + toIntervalDay(30)

CREATE TABLE IF NOT EXISTS coalmine_hours ON CLUSTER main (
  Sum UInt64,
  Service LowCardinality(String),
  Hour DateTime('UTC') CODEC(Delta, ZSTD(1)),
  Operation LowCardinality(String),
  Build LowCardinality(String),
  Bucket Int16,
  Traces UInt64 CODEC(T64, ZSTD(1)),
  Errors UInt64 CODEC(T64, ZSTD(1))
)
ENGINE = ReplicatedMergeTree('/clickhouse/tables/coalmine/main/{database}/{table}', '{shard}_{replica}')
PARTITION BY toYYYYMM(Hour)
ORDER BY (Service, Operation, Hour, Build, Bucket)
TTL Hour + toIntervalDay(100)

CREATE TABLE IF NOT EXISTS coalmine_summed_hours ON CLUSTER main (
  Service LowCardinality(String),
  Hour DateTime('UTC'),
  Sum UInt64,
  Closings UInt64,
  At DateTime64(9) DEFAULT now64(9)
)
ENGINE = ReplicatedMergeTree('/clickhouse/tables/coalmine/main/{database}/{table}', '{shard}_{replica}')
ORDER BY (Service, Hour)
TTL Hour + toIntervalDay(100)

CREATE TABLE IF NOT EXISTS coalmine_flag_hours ON CLUSTER main (
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
ENGINE = ReplicatedMergeTree('/clickhouse/tables/coalmine/main/{database}/{table}', '{shard}_{replica}')
PARTITION BY toDate(Hour)
ORDER BY (Service, Flag, Hour)
TTL Hour + toIntervalDay(100)

CREATE TABLE IF NOT EXISTS coalmine_summed_flag_hours ON CLUSTER main (
  Service LowCardinality(String),
  Hour DateTime('UTC'),
  Sum UInt64,
  Closings UInt64,
  At DateTime64(9) DEFAULT now64(9)
)
ENGINE = ReplicatedMergeTree('/clickhouse/tables/coalmine/main/{database}/{table}', '{shard}_{replica}')
ORDER BY (Service, Hour)
TTL Hour + toIntervalDay(100)

CREATE TABLE IF NOT EXISTS coalmine_flag_days ON CLUSTER main (
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
ENGINE = ReplicatedMergeTree('/clickhouse/tables/coalmine/main/{database}/{table}', '{shard}_{replica}')
PARTITION BY toYYYYMM(Day)
ORDER BY (Service, Flag, Day)
TTL Day + toIntervalDay(100)

CREATE TABLE IF NOT EXISTS coalmine_summed_flag_days ON CLUSTER main (
  Service LowCardinality(String),
  Day DateTime('UTC'),
  Sum UInt64,
  Hours UInt64,
  At DateTime64(9) DEFAULT now64(9)
)
ENGINE = ReplicatedMergeTree('/clickhouse/tables/coalmine/main/{database}/{table}', '{shard}_{replica}')
ORDER BY (Service, Day)
TTL Day + toIntervalDay(100)