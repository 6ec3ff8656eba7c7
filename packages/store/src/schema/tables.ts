/**
 * Every statement there is stands in this folder, whole, with bound parameters. A "unit" is one trace at one operation in
 * one tick: traces are independent of each other, the spans of one trace are not, so a unit gives one value.
 *
 * Timestamp is compared with DateTime64 only: against a DateTime the engine (26.7) skips parts that begin within the last
 * second before the bound.
 */

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
 * The Collector ClickHouse exporter's columns of log records, of which events of flags are here; ordered by flag within a
 * service. An insert that is repeated, because its answer was lost, is dropped.
 */
export const createLogs = `
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
  SETTINGS ttl_only_drop_parts = 1, non_replicated_deduplication_window = 1000`

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
  TTL Tick + toIntervalDay({retentionDays:UInt32})`

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

/**
 * How often the operations of each service were asked for, by hour. The 500 of a service that were asked for most within
 * a day have rows of their own; all others are counted as '(other)', until they are among them.
 */
export const createOperationHours = `
  CREATE TABLE IF NOT EXISTS coalmine_operation_hours (
    Service LowCardinality(String),
    Operation String,
    Hour DateTime('UTC'),
    Requests UInt64
  )
  ENGINE = SummingMergeTree
  ORDER BY (Service, Hour, Operation)
  TTL Hour + toIntervalDay({retentionDays:UInt32})`

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

/** Looks at comparisons whose tests have a limited number of looks: the end of the data, and the time of the look. */
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

/** Verdicts of comparisons: a failed build is not used as the baseline of a later one. */
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

/** Events of running comparisons, from which their state is derived. */
export const createComparisonEvents = `
  CREATE TABLE IF NOT EXISTS coalmine_comparison_events (
    Comparison String,
    Number UInt32,
    At DateTime64(3),
    Kind LowCardinality(String),
    Told String CODEC(ZSTD(1)),
    Verdict String CODEC(ZSTD(1))
  )
  ENGINE = MergeTree
  ORDER BY (Comparison, Number)`

/** Details shown next to the last verdict of a comparison, as JSON. The newest row counts. */
export const createComparisonViews = `
  CREATE TABLE IF NOT EXISTS coalmine_comparison_views (
    Comparison String,
    At DateTime64(3),
    View String CODEC(ZSTD(1))
  )
  ENGINE = ReplacingMergeTree(At)
  ORDER BY Comparison`

/** Messages to people: the text of each (in a row without a target), and its states at each target. */
export const createNotifications = `
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
  TTL toDateTime(At) + toIntervalDay(90)`

/** Changes: deploys, flags and other events. Of rows with the same id, the newest counts. */
export const createChanges = `
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
  ORDER BY (Service, Id)`

/** Events of rollouts, from which their state is derived. */
export const createRollouts = `
  CREATE TABLE IF NOT EXISTS coalmine_rollouts (
    Rollout String,
    Number UInt32,
    At DateTime64(3),
    Kind LowCardinality(String),
    Event String CODEC(ZSTD(1))
  )
  ENGINE = MergeTree
  ORDER BY (Rollout, Number)`

/** The schema's history: a row for each version, with the name of the span table. */
export const createSchema = `
  CREATE TABLE IF NOT EXISTS coalmine_schema (
    Version UInt32,
    Traces String,
    At DateTime64(3)
  )
  ENGINE = MergeTree
  ORDER BY (Version, At)`

/** Progress of file imports, so that they resume after an interruption. The newest row of a file counts. */
export const createImports = `
  CREATE TABLE IF NOT EXISTS coalmine_imports (
    File String,
    Line UInt64,
    Bytes UInt64,
    Finished Bool,
    Totals String,
    At DateTime64(6) DEFAULT now64(6)
  )
  ENGINE = ReplacingMergeTree
  ORDER BY File`

/** Closed ticks reopened by an import: those not closed since are still open after a crash. */
export const createReopened = `
  CREATE TABLE IF NOT EXISTS coalmine_reopened (
    Service LowCardinality(String),
    Tick DateTime('UTC'),
    At DateTime64(9) DEFAULT now64(9)
  )
  ENGINE = ReplacingMergeTree
  ORDER BY (Service, Tick)
  TTL Tick + toIntervalDay({retentionDays:UInt32})`

/** Results of comparisons reduced from raw spans because closed ticks cannot answer them, so that each tick is read only once. */
export const createReduced = `
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
  TTL Tick + toIntervalDay({retentionDays:UInt32})`

/** A tick is reduced for a comparison if it has a row here, and the row's closing is still the newest. */
export const createReductions = `
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
  TTL Tick + toIntervalDay({retentionDays:UInt32})`

/**
 * Users' requests in whole hours, from which monthly budgets are counted: by latency bucket, the number of requests
 * and how many failed. Errors in bucket -32767 come from ticks that did not record the latency of errors;
 * their requests are in the other buckets. Rows count when their sum is the newest of their hour in coalmine_summed_hours.
 */
export const createHours = `
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
  TTL Hour + toIntervalDay(100)`

/** An hour is summed up if it has a row here; `Closings` identifies the closed ticks it was summed from. */
export const createSummedHours = `
  CREATE TABLE IF NOT EXISTS coalmine_summed_hours (
    Service LowCardinality(String),
    Hour DateTime('UTC'),
    Sum UInt64,
    Closings UInt64,
    At DateTime64(9) DEFAULT now64(9)
  )
  ENGINE = MergeTree
  ORDER BY (Service, Hour)
  TTL Hour + toIntervalDay(100)`

/**
 * Flag variants met by users' requests in each hour, by environment and build; the row without a flag counts all requests.
 * Rows count when their sum is the newest of their hour in coalmine_summed_flag_hours.
 */
export const createFlagHours = `
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
  TTL Hour + toIntervalDay(100)`

/** An hour of flags is summed up if it has a row here; `Closings` identifies its closed ticks at that time. */
export const createSummedFlagHours = `
  CREATE TABLE IF NOT EXISTS coalmine_summed_flag_hours (
    Service LowCardinality(String),
    Hour DateTime('UTC'),
    Sum UInt64,
    Closings UInt64,
    At DateTime64(9) DEFAULT now64(9)
  )
  ENGINE = MergeTree
  ORDER BY (Service, Hour)
  TTL Hour + toIntervalDay(100)`

/** The same for completed days, summed from their hours, so that reading a month is fast. */
export const createFlagDays = `
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
  TTL Day + toIntervalDay(100)`

/** A day of flags is summed up if it has a row here; `Hours` identifies the hourly sums it was made from. */
export const createSummedFlagDays = `
  CREATE TABLE IF NOT EXISTS coalmine_summed_flag_days (
    Service LowCardinality(String),
    Day DateTime('UTC'),
    Sum UInt64,
    Hours UInt64,
    At DateTime64(9) DEFAULT now64(9)
  )
  ENGINE = MergeTree
  ORDER BY (Service, Day)
  TTL Day + toIntervalDay(100)`

/**
 * What test runs did in each quarter of an hour, written down when ticks close: of operation '' are spans below requests. Rows that are
 * no test's say where users wrote to in the same ticks. Rows of the same key add up.
 */
export const createRuns = `
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
  TTL Quarter + toIntervalDay({retentionDays:UInt32})`

/** Ticks whose test runs are recorded, so that sums are added only once, however often a tick is closed. */
export const createRunTicks = `
  CREATE TABLE IF NOT EXISTS coalmine_run_ticks (
    Service LowCardinality(String),
    Tick DateTime('UTC')
  )
  ENGINE = MergeTree
  ORDER BY (Service, Tick)
  TTL Tick + toIntervalDay({retentionDays:UInt32})`

/** Events of test runs: that a run was revoked, by whom and why, and its judged effect on users. */
export const createRunEvents = `
  CREATE TABLE IF NOT EXISTS coalmine_run_events (
    Run String,
    Began DateTime64(3),
    Kind LowCardinality(String),
    At DateTime64(3),
    Told String CODEC(ZSTD(1))
  )
  ENGINE = MergeTree
  ORDER BY (Run, Began, Kind, At)
  TTL toDateTime(At) + toIntervalDay(400)`
