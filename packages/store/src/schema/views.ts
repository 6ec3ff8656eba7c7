import { buildName, instanceName, isEntrySpan, nameOfSpan } from '../conditions.ts'
import { grpcCode, grpcName } from '../grpc-codes.ts'
import { sql } from '../sql.ts'

/** The spans, whatever their table is called. All other statements except inserts read them here. */
export const createTraces = `
  CREATE OR REPLACE VIEW coalmine_traces AS
  SELECT
    *,
    addNanoseconds(Timestamp, least(Duration, 900000000000)) AS EndedAt,
    toDateTime(intDiv(toUnixTimestamp(EndedAt), 5) * 5, 'UTC') AS Tick
  FROM otel_traces`

// A column may be made of those before it.
const spanColumns: readonly string[] = [
  'ServiceName AS Service',
  'Tick',
  'Timestamp',
  'EndedAt',
  'TraceId',
  'SpanId',
  'ParentSpanId',
  'TraceState',
  'SpanName',
  'SpanKind',
  'ScopeName',
  'Duration',
  'SpanAttributes',
  'ResourceAttributes',
  sql`multiIf(
  SpanAttributes['http.route'] != '',
    trimLeft(concat(
      if(SpanAttributes['http.request.method'] != '',
        SpanAttributes['http.request.method'], SpanAttributes['http.method']),
      ' ', SpanAttributes['http.route'])),
  SpanAttributes['rpc.method'] != '' AND SpanAttributes['rpc.service'] != '',
    concat(SpanAttributes['rpc.service'], '/', SpanAttributes['rpc.method']),
  SpanAttributes['rpc.method'] != '', SpanAttributes['rpc.method'],
  SpanAttributes['messaging.destination.template'] != '', SpanAttributes['messaging.destination.template'],
  ${nameOfSpan}) AS Operation`,
  sql`${buildName} AS Build`,
  `mapFilter((key, variant) -> startsWith(key, 'coalmine.flag.'), SpanAttributes) AS OwnFlags`,
  sql`if(SpanAttributes['coalmine.flags'] = '', OwnFlags, mapUpdate(
  CAST(arrayMap(
    pair -> (
      concat('coalmine.flag.', decodeURLComponent(splitByChar('=', pair)[1])),
      decodeURLComponent(splitByChar('=', pair)[2])),
    arrayFilter(pair -> position(pair, '=') > 1, splitByChar(';', SpanAttributes['coalmine.flags']))),
    'Map(LowCardinality(String), String)'),
  OwnFlags)) AS FlagAttributes`,
  sql`arrayStringConcat(arraySort(arrayMap(
  (key, variant) -> concat(substring(key, 15), '\\0', variant),
  mapKeys(FlagAttributes), mapValues(FlagAttributes)
)), '\\x01') AS FlagSet`,
  `SpanAttributes['coalmine.test'] = 'true' AS Test`,
  sql`toUInt16OrZero(if(SpanAttributes['http.response.status_code'] != '',
  SpanAttributes['http.response.status_code'], SpanAttributes['http.status_code'])) AS HttpStatus`,
  sql`if(SpanAttributes['rpc.response.status_code'] != '',
  SpanAttributes['rpc.response.status_code'], SpanAttributes['rpc.grpc.status_code']) AS RpcStatus`,
  sql`${grpcCode} AS GrpcCode`,
  `StatusCode IN ('Error', 'STATUS_CODE_ERROR') OR HttpStatus >= 500 OR GrpcCode IN (2, 4, 12, 13, 14, 15) AS IsError`,
  sql`multiIf(
  HttpStatus BETWEEN 400 AND 499, HttpStatus,
  GrpcCode IN (1, 3, 5, 6, 7, 8, 9, 10, 11, 16), GrpcCode,
  toUInt16(0)) AS ClientCode`,
  'ClientCode != 0 AS IsClientError',
  `has(Events.Name, 'exception') AS HasException`,
  sql`if(IsError, arrayFirst(attributes -> attributes['exception.type'] != '', Events.Attributes)['exception.type'], '')
  AS Exception`,
  sql`if(IsError, substringUTF8(multiIf(
  SpanAttributes['error.type'] NOT IN ('', toString(HttpStatus)), SpanAttributes['error.type'],
  Exception != '', Exception,
  HttpStatus >= 500, concat('HTTP ', toString(HttpStatus)),
  GrpcCode != 0, concat('gRPC ', ${grpcName}),
  RpcStatus NOT IN ('', '0', 'OK'), concat('RPC ', RpcStatus),
  '(not said)'), 1, 100), '') AS ErrorType`,
  'if(Duration = 0, toInt16(-32768), toInt16(ceil(log2(Duration / 1e9) * 32) - 1)) AS Bucket',
  sql`${instanceName} AS Instance`,
]

/**
 * Spans in the words of the product: operation, build, flags, test, errors.
 * gRPC codes 2, 4, 12, 13, 14, 15 are the server's fault, the others but OK blame the client:
 * opentelemetry.io/docs/specs/semconv/rpc/grpc. A client code is an HTTP status from 400 on, or a code of gRPC. The bucket is
 * that of an exponential histogram of seconds, scale 5; -32768 holds durations of zero. FlagAttributes are the span's
 * flags, one attribute each, also where it has them packed in one; an attribute of a flag's own counts before that. The
 * type of an error is what the span says beyond its status, else its exception's, else the status.
 */
export const createSpans: string = sql`
  CREATE OR REPLACE VIEW coalmine_spans AS
  SELECT
    ${spanColumns.join(',\n')}
  FROM coalmine_traces`

const columnNames: readonly string[] = spanColumns.map((column) => /\w+$/.exec(column)![0])

/**
 * Entry spans as `coalmine_requests` has them, with no more columns than a statement names: what a statement does not ask for
 * costs nothing to read, but for a small statement the engine spends half of the time finding that out.
 */
export function requestsWith(statement: string): string {
  const wanted = new Set<number>()
  const add = (text: string, before: number): void => {
    for (const word of text.match(/\b[A-Z]\w+/g) ?? []) {
      const place = columnNames.indexOf(word)
      if (place < 0 || place >= before || wanted.has(place)) continue
      wanted.add(place)
      add(spanColumns[place]!, place)
    }
  }
  add(statement, columnNames.length)
  const columns = spanColumns.filter((_, place) => wanted.has(place))
  return sql`(
  SELECT
    ${columns.join(',\n')}
  FROM coalmine_traces
  WHERE ${isEntrySpan}
)`
}

/** Entry spans: requests that the service answered. */
export const createRequests: string = sql`
  CREATE OR REPLACE VIEW coalmine_requests AS
  SELECT * FROM coalmine_spans
  WHERE ${isEntrySpan}`

/** Calls that the service made to a database or another service; the operation names the target and the request. */
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
