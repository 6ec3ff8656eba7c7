import { sql } from './sql.ts'

/**
 * Conditions and expressions that several statements share, each named once. Statements are assembled from them when their modules
 * load; statements.golden.sql shows each one as it is sent.
 */

// Closed ticks

/** Rows of closed ticks within the window, whole ticks. */
export const ofWindow = `Tick >= fromUnixTimestamp({from:UInt32}) AND Tick < fromUnixTimestamp({to:UInt32})`

/** The requested traffic: users, tests, or all. */
export const ofTraffic = `({traffic:String} = 'all' OR Test = ({traffic:String} = 'test'))`

/** The same, plus the hour before. */
export const ofWindowAndHourBefore: string = andBefore(3_600)

/** The same, plus the day before. */
export const ofWindowAndDayBefore: string = andBefore(86_400)

function andBefore(seconds: number): string {
  return `Tick >= fromUnixTimestamp(toUInt32(greatest(0, toInt64({from:UInt32}) - ${seconds})))
AND Tick < fromUnixTimestamp({to:UInt32})`
}

/** Rows of the closing that counts, for every tick of the window; an import closes ticks again. */
export const latestClosings: string = latestOf(ofWindow)

/** The same, plus the hour before the window. */
export const latestClosingsAndHourBefore: string = latestOf(ofWindowAndHourBefore)

/** The same, plus the day before the window. */
export const latestClosingsAndDayBefore: string = latestOf(ofWindowAndDayBefore)

function latestOf(ticks: string): string {
  return sql`(Tick, Batch) IN (
  SELECT Tick, argMax(Batch, ClosedAt) FROM coalmine_closed
  WHERE Service = {service:String}
    AND ${ticks}
  GROUP BY Tick)`
}

/** The same for all ticks. */
export const latestClosingsEver = `(Tick, Batch) IN (
  SELECT Tick, argMax(Batch, ClosedAt) FROM coalmine_closed WHERE Service = {service:String} GROUP BY Tick)`

/** Rows of closed ticks that belong to stable. */
export const inStable = `({byBuild:Bool} = false OR Build = {stableBuild:String}) AND FlagVariant = {stableVariant:String}`

/** Rows of closed ticks that belong to the canary. */
export const inCanary = `({byBuild:Bool} = false OR Build = {canaryBuild:String}) AND FlagVariant = {canaryVariant:String}`

/** An operation of closed ticks; if all traffic is compared, tests have operations of their own. */
export const operationByTraffic = `if({traffic:String} = 'all' AND Test, concat(Operation, ' (test)'), Operation)`

/** Reductions of one comparison, made from the closings that count. */
export const latestReductions: string = sql`(Tick, Reduction) IN (
  SELECT Tick, argMax(Reduction, At)
  FROM coalmine_reductions
  WHERE Service = {service:String} AND Comparison = {comparison:UInt64}
    AND ${ofWindow}
    AND ${latestClosings}
  GROUP BY Tick)`

// Raw spans

/**
 * Spans that ended within the window. None of them started before `since`, which limits the search, as tables are ordered by start.
 * Timestamps are
 * compared with DateTime64 only: against a DateTime the engine (26.7) skips parts that begin within the last second before
 * the bound.
 */
export const spansOfWindow = `Timestamp >= toDateTime64({since:UInt32}, 9) AND Timestamp < toDateTime64({to:UInt32}, 9)
AND EndedAt >= toDateTime64({from:UInt32}, 9) AND EndedAt < toDateTime64({to:UInt32}, 9)`

/** Spans of ticks that are closed. */
export const closedOnly = `Tick IN (SELECT Tick FROM coalmine_closed WHERE Service = {service:String})`

/** Requests of the given audiences, or of all if none is given. */
export const ofAudience = `(empty({audience:Array(String)}) OR has({audience:Array(String)}, SpanAttributes['coalmine.audience']))`

/** Requests of users, and of tests if requested. */
export const withTestsAsked = `({traffic:String} = 'all' OR {stableTests:Bool} OR {canaryTests:Bool} OR NOT Test)`

/** Spans that answer a request: SERVER, CONSUMER, or without a parent. */
export const isEntrySpan = `SpanKind IN ('Server', 'Consumer', 'SPAN_KIND_SERVER', 'SPAN_KIND_CONSUMER')
  OR ParentSpanId IN ('', '0000000000000000')`

/** Spans below those. */
export const isInnerSpan = `SpanKind NOT IN ('Server', 'Consumer', 'SPAN_KIND_SERVER', 'SPAN_KIND_CONSUMER')
AND ParentSpanId NOT IN ('', '0000000000000000')`

/**
 * The errors below requests of some services, by trace: their service and start. The search covers spans that started while the
 * requests of the window were in progress, and reads small columns only; a trace has few errors.
 */
export function innerErrors(services: string): string {
  return sql`(
  SELECT TraceId, groupUniqArray(1000)((ServiceName, Timestamp)) AS InnerErrors
  FROM coalmine_traces
  WHERE ${services}
    AND Timestamp >= toDateTime64({since:UInt32}, 9) AND Timestamp < toDateTime64({to:UInt32}, 9)
    AND SpanKind NOT IN ('Server', 'Consumer', 'SPAN_KIND_SERVER', 'SPAN_KIND_CONSUMER')
    AND (StatusCode IN ('Error', 'STATUS_CODE_ERROR') OR has(Events.Name, 'exception'))
  GROUP BY TraceId
)`
}

/**
 * Whether a span of the request's service failed while the request was in progress, or the request itself recorded an exception. If a
 * trace has several requests in sequence, such as retries, each has its own errors.
 */
export const hasInnerError = `HasException OR arrayExists(
  one -> one.1 = Service AND one.2 >= Timestamp AND one.2 <= EndedAt, InnerErrors)`

/** Whether a unit hides an error: it has an inner error but its response shows none. */
export const hidesError = `UnitInnerError AND NOT UnitError AND UnitClientCode = 0`

/** The build of a span: its own attribute or its resource's. */
export const buildName = `if(SpanAttributes['service.version'] != '',
  SpanAttributes['service.version'], ResourceAttributes['service.version'])`

// A number, a UUID, an object or trace id in hex, a ULID.
const idInPath = `/(?:[0-9]+|[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|[0-9a-fA-F]{24,}|[0-9A-HJKMNP-TV-Z]{26})(/|$)`

/**
 * The name of a span as an operation: paths lose their query, and parts that are ids become '{id}'. Applied twice, because two
 * consecutive ids share a slash.
 */
export const nameOfSpan: string = `if(position(SpanName, '/') = 0, SpanName, replaceRegexpAll(replaceRegexpAll(replaceRegexpOne(
  SpanName, '[?].*$', ''), '${idInPath}', '/{id}\\\\1'), '${idInPath}', '/{id}\\\\1'))`

/** The process that a span comes from. */
export const instanceName = `multiIf(
  ResourceAttributes['service.instance.id'] != '', ResourceAttributes['service.instance.id'],
  ResourceAttributes['k8s.pod.name'] != '', ResourceAttributes['k8s.pod.name'],
  ResourceAttributes['host.name'])`

/** The user named by a request, or ''. */
export const userName = `arrayFirst(name -> name != '', [
  SpanAttributes['user.id'], ResourceAttributes['user.id'],
  SpanAttributes['enduser.id'], ResourceAttributes['enduser.id'],
  SpanAttributes['session.id'], ResourceAttributes['session.id'],
  SpanAttributes['client.address'], ResourceAttributes['client.address']])`

/**
 * The operations that have rows of their own: the 500 of each service with the most requests in the window and the day before it. A
 * client that sends random names, such as ids or a scanner's paths, therefore cannot displace a busier operation.
 */
export const namedOperations: string = namedOf('Service = {service:String}')

/** The same for several services. */
export const namedOperationsOfServices: string = namedOf('Service IN {services:Array(String)}')

function namedOf(services: string): string {
  return sql`(
  SELECT Service, Operation
  FROM coalmine_operation_hours
  WHERE ${services}
    AND Hour >= fromUnixTimestamp(toUInt32(greatest(0, toInt64({from:UInt32}) - 90000)))
    AND Hour < fromUnixTimestamp({to:UInt32})
  GROUP BY Service, Operation
  ORDER BY sum(Requests) DESC, Operation
  LIMIT 500 BY Service)`
}

/** The operation of a request if it has rows of its own, else '(other)'. */
export const requestOperation: string = sql`if((Service, Operation) IN ${namedOperations}, Operation, '(other)')`

/** The operation of a request, as above, or of a call; all calls have rows of their own. */
export const operationName: string = sql`if({calls:Bool} OR (Service, Operation) IN ${namedOperations},
  Operation, '(other)')`

// Units: the spans of one trace at one operation in one tick. Spans of a trace are not independent of each other, so a unit has one
// value; but each span counts for its own build, whatever else is in its trace.

/** The distinct combinations of key values in the spans of a unit, values separated by 0x01. */
export const unitSeen = `groupUniqArray(arrayStringConcat(SpanValues, '\\x01')) AS Seen`

/** A unit's value of each key; '(mixed)' if its spans disagree, which matters only for flags. */
export const unitValues = `if(length(Seen) = 1, splitByChar('\\x01', Seen[1]), arrayMap(
  values -> multiIf(empty(values), '', length(values) = 1, values[1], '(mixed)'),
  arrayMap(
    place -> arrayDistinct(arrayFilter(value -> value != '',
      arrayMap(values -> splitByChar('\\x01', values)[place], Seen))),
    arrayEnumerate({keys:Array(String)})))) AS Values`

/** The cohort that a unit counts in; 'both', or 'mixed' if its spans disagree on a flag. */
export const unitCohort = `multiIf(
  IsStable AND IsCanary AND UnitTest AND {stableTests:Bool} != {canaryTests:Bool},
    if({stableTests:Bool}, 'stable', 'canary'),
  IsStable AND IsCanary, 'both', IsStable, 'stable', IsCanary, 'canary', 'mixed')`

/** The operation of a unit; if all traffic is compared, tests have operations of their own. */
export const unitOperation = `if({traffic:String} = 'all' AND UnitTest, concat(UnitOperation, ' (test)'), UnitOperation)`

// Ticks that are closed together

/** Spans of some ticks of some services. */
export const spansOfTicks: string = sql`Service IN {services:Array(String)}
AND ${spansOfWindow}
AND (Service, toUnixTimestamp(Tick)) IN arrayZip({services:Array(String)}, {ticks:Array(UInt32)})`
