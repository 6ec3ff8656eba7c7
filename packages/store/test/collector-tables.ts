/**
 * What the OpenTelemetry Collector's ClickHouse exporter makes of `otel_traces` and `otel_logs`, as facts: columns, types,
 * keys. Read in open-telemetry/opentelemetry-collector-contrib, exporter/clickhouseexporter (traces_table.sql and
 * logs_table.sql, before that exporter_traces.go and example/default_ddl), in November 2026. Codecs and skipping indices change no answer;
 * those of the newest form are here, because the engine must know them.
 */

const mapType = 'Map(LowCardinality(String), String)'

const nested = (attributes: string): Readonly<Record<string, string>> => ({
  'Events.Timestamp': 'Array(DateTime64(9))',
  'Events.Name': 'Array(LowCardinality(String))',
  'Events.Attributes': `Array(${attributes})`,
  'Links.TraceId': 'Array(String)',
  'Links.SpanId': 'Array(String)',
  'Links.TraceState': 'Array(String)',
  'Links.Attributes': `Array(${attributes})`,
})

/** Names and types of the exporter's columns, in their order. */
export const exporterColumns: Readonly<Record<string, string>> = {
  Timestamp: 'DateTime64(9)',
  TraceId: 'String',
  SpanId: 'String',
  ParentSpanId: 'String',
  TraceState: 'String',
  SpanName: 'LowCardinality(String)',
  SpanKind: 'LowCardinality(String)',
  ServiceName: 'LowCardinality(String)',
  ResourceAttributes: mapType,
  ScopeName: 'String',
  ScopeVersion: 'String',
  SpanAttributes: mapType,
  Duration: 'UInt64',
  StatusCode: 'LowCardinality(String)',
  StatusMessage: 'String',
  ...nested(mapType),
}

/** Those of log records. */
export const exporterLogColumns: Readonly<Record<string, string>> = {
  Timestamp: 'DateTime64(9)',
  TimestampTime: 'DateTime',
  TraceId: 'String',
  SpanId: 'String',
  TraceFlags: 'UInt8',
  SeverityText: 'LowCardinality(String)',
  SeverityNumber: 'UInt8',
  ServiceName: 'LowCardinality(String)',
  Body: 'String',
  ResourceSchemaUrl: 'LowCardinality(String)',
  ResourceAttributes: mapType,
  ScopeSchemaUrl: 'LowCardinality(String)',
  ScopeName: 'String',
  ScopeVersion: 'LowCardinality(String)',
  ScopeAttributes: mapType,
  LogAttributes: mapType,
  EventName: 'String',
}

interface Form {
  readonly columns: Readonly<Record<string, string>>
  /** What stands behind the columns: computed ones, indices. */
  readonly more?: readonly string[]
  readonly keys: string
}

const { ScopeName: _name, ScopeVersion: _version, ...withoutScope } = exporterColumns

const items = (of: string): string =>
  `${of.replace('Attributes', 'AttributeItems')} Array(String) ALIAS arrayMap(kv -> concat(kv.1, '=', kv.2), CAST(${of}, 'Array(Tuple(String, String))'))`

/** The forms that the table has had. */
export const forms: Readonly<Record<'newest' | 'timestamp key' | 'signed durations' | 'no scope' | 'json', Form>> = {
  newest: {
    columns: exporterColumns,
    more: [
      items('ResourceAttributes'),
      items('SpanAttributes'),
      'INDEX idx_trace_id TraceId TYPE bloom_filter(0.001) GRANULARITY 1',
      'INDEX idx_span_attr_key mapKeys(SpanAttributes) TYPE bloom_filter(0.01) GRANULARITY 1',
      'INDEX idx_span_attr_value mapValues(SpanAttributes) TYPE bloom_filter(0.01) GRANULARITY 1',
      'INDEX idx_duration Duration TYPE minmax GRANULARITY 1',
      'INDEX idx_lower_span_name lower(SpanName) TYPE tokenbf_v1(32768, 3, 0) GRANULARITY 8',
    ],
    keys: 'PRIMARY KEY (ServiceName, SpanName, toDateTime(Timestamp)) ORDER BY (ServiceName, SpanName, toDateTime(Timestamp), Timestamp)',
  },
  'timestamp key': { columns: exporterColumns, keys: 'ORDER BY (ServiceName, SpanName, Timestamp)' },
  'signed durations': {
    columns: { ...exporterColumns, Duration: 'Int64' },
    keys: 'ORDER BY (ServiceName, SpanName, toUnixTimestamp(Timestamp), TraceId)',
  },
  'no scope': {
    columns: { ...withoutScope, Duration: 'Int64' },
    keys: 'ORDER BY (ServiceName, SpanName, toUnixTimestamp(Timestamp), TraceId)',
  },
  json: {
    columns: { ...exporterColumns, ResourceAttributes: 'JSON', SpanAttributes: 'JSON', ...nested('JSON') },
    keys: 'ORDER BY (ServiceName, SpanName, toDateTime(Timestamp), Timestamp)',
  },
}

/** The statements that make a form of the table, with what the exporter keeps beside it: when each trace was. */
export function exporterTables({ columns, more = [], keys }: Form): readonly string[] {
  const all = [...Object.entries(columns).map(([name, type]) => `\`${name}\` ${type}`), ...more]
  return [
    `CREATE TABLE IF NOT EXISTS otel_traces (${all.join(', ')})
     ENGINE = MergeTree PARTITION BY toDate(Timestamp) ${keys} SETTINGS index_granularity = 8192, ttl_only_drop_parts = 1`,
    `CREATE TABLE IF NOT EXISTS otel_traces_trace_id_ts (
       TraceId String, Start SimpleAggregateFunction(min, DateTime), End SimpleAggregateFunction(max, DateTime))
     ENGINE = AggregatingMergeTree PARTITION BY toStartOfWeek(Start) ORDER BY (TraceId)`,
    `CREATE MATERIALIZED VIEW IF NOT EXISTS otel_traces_trace_id_ts_mv TO otel_traces_trace_id_ts AS
     SELECT TraceId, min(Timestamp) AS Start, max(Timestamp) AS End FROM otel_traces WHERE TraceId != '' GROUP BY TraceId`,
  ]
}

const { EventName: _event, ...withoutEventName } = exporterLogColumns
const { TimestampTime: _time, ...withoutTime } = withoutEventName

/** The forms that the table of log records has had. */
export const logForms: Readonly<Record<'newest' | 'no event name' | 'no time', Form>> = {
  newest: { columns: exporterLogColumns, keys: 'ORDER BY (ServiceName, TimestampTime, Timestamp)' },
  'no event name': { columns: withoutEventName, keys: 'ORDER BY (ServiceName, TimestampTime)' },
  'no time': {
    columns: { ...withoutTime, TraceFlags: 'UInt32', SeverityNumber: 'Int32', ScopeVersion: 'String' },
    keys: 'ORDER BY (ServiceName, SeverityText, toUnixTimestamp(Timestamp), TraceId)',
  },
}

/** The statement that makes a form of it. */
export function exporterLogTable({ columns, keys }: Form): string {
  const all = Object.entries(columns).map(([name, type]) =>
    name === 'TimestampTime' ? `${name} ${type} DEFAULT toDateTime(Timestamp)` : `${name} ${type}`,
  )
  return `CREATE TABLE otel_logs (${all.join(', ')}) ENGINE = MergeTree PARTITION BY toDate(Timestamp) ${keys}`
}
