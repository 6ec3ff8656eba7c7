/** The files that rows pass through on their way into the embedded engine, which parses no binary text of a statement. */
export const incomingTables = ['coalmine_incoming', 'coalmine_incoming_too'] as const

/** Its texts are plain: measured, LowCardinality ones are parsed 3.5 times slower than they are converted on insert. */
export const createIncoming = (table: string): string => `
  CREATE OR REPLACE TABLE ${table} (
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

export const incomingPaths = `
  SELECT name AS table, data_paths[1] AS file
  FROM system.tables
  WHERE database = currentDatabase() AND name IN ('coalmine_incoming', 'coalmine_incoming_too')`

export const insertIncoming = (table: string): string => `
  INSERT INTO otel_traces (
    Timestamp, TraceId, SpanId, ParentSpanId, TraceState, SpanName, SpanKind, ServiceName, ResourceAttributes, ScopeName,
    ScopeVersion, SpanAttributes, Duration, StatusCode, StatusMessage, Events.Timestamp, Events.Name, Events.Attributes,
    Links.TraceId, Links.SpanId, Links.TraceState, Links.Attributes
  )
  SELECT * FROM ${table}`

/** For an engine that is reached over HTTP: the rows are the body of the request. */
export const insertRowBinary = (traces: string): string => `
  INSERT INTO ${traces} (
    Timestamp, TraceId, SpanId, ParentSpanId, TraceState, SpanName, SpanKind, ServiceName, ResourceAttributes, ScopeName,
    ScopeVersion, SpanAttributes, Duration, StatusCode, StatusMessage, Events.Timestamp, Events.Name, Events.Attributes,
    Links.TraceId, Links.SpanId, Links.TraceState, Links.Attributes
  ) FORMAT RowBinary`

/** The columns are those of the table, whichever form of it the Collector's exporter made: what it has not is left out. */
export const insertJson = (logs: string): string => `
  INSERT INTO ${logs} FORMAT JSONEachRow`

/**
 * For the engine in this process, which reads rows behind their statement. The token is another each time: events of one
 * millisecond may be equal, and the table would take them for a repeated insert.
 */
export const insertJsonLines = (logs: string, lines: string, token: string): string => `
  INSERT INTO ${logs} SETTINGS input_format_skip_unknown_fields = 1, insert_deduplication_token = '${token}'
  FORMAT JSONEachRow
${lines}`
