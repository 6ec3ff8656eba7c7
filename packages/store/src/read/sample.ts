import { type SpanStatement, spanStatement } from '../cohort-texts.ts'
import { type Comparison, type SpanParams, spanParams } from '../comparison.ts'
import { isInnerSpan, ofAudience, spansOfWindow, userName, withTestsAsked } from '../conditions.ts'
import type { Engine } from '../engine/engine.ts'
import { getOrMake } from '../get-or-make.ts'
import { flagOf, parseSelector } from '../selector.ts'
import { sql } from '../sql.ts'
import { sinceOf, type TickWindow, tickSeconds } from '../tick.ts'

/** How the requests of one cohort were instrumented and sampled, in a few ticks. */
export interface CohortSample {
  readonly requests: number
  /** Spans of the service below the requests. */
  readonly children: number
  /** The instrumentation scope that produced most of the requests' spans. */
  readonly scope: string
  /** Requests by sampling probability, from the trace state; null if it has none. */
  readonly sampling: readonly {
    readonly probability: number | null
    readonly requests: number
    readonly errors: number
  }[]
  /** Requests for which a flag of the comparison was decided by targeting. */
  readonly targeted: number
  /** Requests that name a user: `user.id`, `enduser.id`, `session.id` or `client.address`. */
  readonly named: number
  /** Requests answered with a redirect: HTTP 3xx, but not 304, which says that nothing has changed. */
  readonly redirects: number
  /** Requests that end when they start, or before. */
  readonly timeless: number
  /** Median delay from the calls of other services to the start of the requests they made. */
  readonly skewMs: number | null
  /** The addresses at which other services called it, from their spans, with the number of calls. */
  readonly calledAt: readonly { readonly address: string; readonly calls: number }[]
}

interface CallRow {
  readonly cohort: 'stable' | 'canary'
  readonly address: string
  readonly skewsMs: readonly number[]
}

/** How both cohorts were instrumented and sampled. */
export interface Sample {
  readonly stable: CohortSample
  readonly canary: CohortSample
  /**
   * Traces that met both cohorts, how many of them had a failed canary request, and in how many of these stable was asked after it
   * had failed.
   */
  readonly metBoth: { readonly traces: number; readonly failed: number; readonly retried: number }
  /** Clock skew in ticks across the window, including the last of the sample, in order. */
  readonly clocks: readonly ClockTick[]
}

/** Clock skew in one tick: each cohort's median delay from a call to the start of its request; null if too few calls are found. */
export interface ClockTick {
  /** Milliseconds since 1970. */
  readonly tick: number
  readonly stableMs: number | null
  readonly canaryMs: number | null
}

interface Row {
  readonly cohort: 'stable' | 'canary' | 'both'
  readonly threshold: string
  readonly scope: string
  readonly requests: number
  readonly errors: number
  readonly targeted: number
  readonly named: number
  readonly redirects: number
  readonly timeless: number
  readonly retried: number
  readonly children: number
}

/** Some ticks of a comparison, in milliseconds since 1970: all of their traces, or one in `oneIn`. */
export interface SomeTicks {
  readonly ticksMs: readonly number[]
  readonly oneIn: number
  /** The tick in which the callers of both cohorts are looked for; the last one if it is not given. */
  readonly callsMs?: number | undefined
  /** More ticks across the window in which to measure clock skew, to detect a clock that was adjusted. */
  readonly clocksMs?: readonly number[]
}

/** Ticks, and the time range to read, in seconds since 1970. */
interface AskedTicks extends TickWindow {
  readonly ticks: readonly number[]
  readonly oneIn: number
}

/**
 * The parameters that select some ticks. If only a sample of traces is read, only the first seconds of the tick are, with a larger
 * sample there: spans are stored in the order of seconds.
 */
export function spanOf({ ticksMs, oneIn }: SomeTicks): AskedTicks {
  const ticks = ticksMs.map((ms) => ms / 1000)
  const seconds = ticks.length === 1 ? Math.ceil(tickSeconds / oneIn) : tickSeconds
  const from = Math.min(...ticks)
  return {
    ticks,
    since: sinceOf(from),
    from,
    to: Math.max(...ticks) + seconds,
    oneIn: Math.max(1, Math.floor((oneIn * seconds) / tickSeconds)),
  }
}

/** Reads the raw spans of a few ticks of one comparison. */
export async function sampleTicks(
  engine: Engine,
  comparison: Comparison,
  some: SomeTicks,
): Promise<Sample | undefined> {
  const last = some.callsMs ?? some.ticksMs.at(-1)
  if (last === undefined) return undefined
  const params = spanParams(comparison)
  const asked = { service: comparison.service, ...params }
  const [rows, calls] = await Promise.all([
    engine.read<Row>(sampleOfTicks(params), { ...asked, ...spanOf(some), flags: flagsOf(comparison) }),
    callsOf(engine, { ...asked, ...spanOf({ ...some, ticksMs: [last] }) }),
  ])
  // If no calls are stored in one tick, no other tick has any.
  const before = calls.length === 0 ? [] : (some.clocksMs ?? []).filter((tick) => tick !== last)
  const clocks: ClockTick[] = []
  for (const tick of before) {
    const span = spanOf({ oneIn: some.oneIn, ticksMs: [tick] })
    // Longer requests are not needed, and finding them would read much more.
    const since = Math.max(span.since, span.from - reaches[0]!)
    clocks.push(clockOf(tick, await callsOf(engine, { ...asked, ...span, since })))
  }
  const cohortOf = (name: 'stable' | 'canary'): CohortSample =>
    sampleOf(
      rows.filter(({ cohort }) => cohort === name),
      calls.filter(({ cohort }) => cohort === name),
    )
  const both = rows.filter(({ cohort }) => cohort === 'both')
  const metBoth = {
    traces: both.reduce((sum, { requests }) => sum + requests, 0),
    failed: both.reduce((sum, { errors }) => sum + errors, 0),
    retried: both.reduce((sum, { retried }) => sum + retried, 0),
  }
  return {
    stable: cohortOf('stable'),
    canary: cohortOf('canary'),
    metBoth,
    clocks: calls.length === 0 ? [] : [...clocks, clockOf(last, calls)],
  }
}

function clockOf(tick: number, calls: readonly CallRow[]): ClockTick {
  const of = (name: CallRow['cohort']): number | null => skewIn(calls.filter(({ cohort }) => cohort === name))
  return { tick, stableMs: of('stable'), canaryMs: of('canary') }
}

/** The median delay from calls to the start of their requests. */
function skewIn(calls: readonly CallRow[]): number | null {
  const skews = calls.flatMap(({ skewsMs }) => skewsMs).sort((a, b) => a - b)
  return skews.length >= fewestCalls ? skews[Math.floor(skews.length / 2)]! : null
}

// How far from a request to look for its call, in seconds: allows for the duration of calls and for clock skew.
const reaches = [60, 1800]

type CallsAsked = SpanParams & AskedTicks & { readonly service: string }

/**
 * The calls that requests answer. If only one cohort's calls are found, a clock may be off by minutes, so the search is widened.
 */
async function callsOf(engine: Engine, asked: CallsAsked): Promise<readonly CallRow[]> {
  const requests = await engine.read<CalledRequest>(calledInTick(asked), { ...asked })
  if (requests.length === 0) return []
  const traces = [...new Set(requests.map(({ traceId }) => traceId))]
  const spans = [...new Set(requests.map(({ parentSpanId }) => parentSpanId))]
  let rows: readonly CallRow[] = []
  for (const reach of reaches) {
    const calls = await engine.read<Call>(callsOfTraces, { ...asked, reach, traces, spans })
    rows = answeredBy(requests, calls)
    const enough = (['stable', 'canary'] as const).map(
      (name) => rows.flatMap(({ cohort, skewsMs }) => (cohort === name ? skewsMs : [])).length >= fewestCalls,
    )
    if (enough[0] === enough[1]) break
  }
  return rows
}

interface CalledRequest {
  readonly cohort: 'stable' | 'canary'
  readonly traceId: string
  readonly parentSpanId: string
  readonly startedAt: number
}

interface Call {
  readonly traceId: string
  readonly spanId: string
  readonly calledAt: number
  readonly address: string
}

function answeredBy(requests: readonly CalledRequest[], calls: readonly Call[]): readonly CallRow[] {
  const nameOf = (trace: string, span: string): string => `${trace} ${span}`
  const callsOfRequest = new Map<string, Call[]>()
  for (const call of calls) getOrMake(callsOfRequest, nameOf(call.traceId, call.spanId), () => []).push(call)
  const rows = new Map<string, CallRow & { readonly skewsMs: number[] }>()
  for (const { cohort, traceId, parentSpanId, startedAt } of requests)
    for (const { address, calledAt } of callsOfRequest.get(nameOf(traceId, parentSpanId)) ?? [])
      getOrMake(rows, `${cohort} ${address}`, () => ({ cohort, address, skewsMs: [] })).skewsMs.push(
        (startedAt - calledAt) / 1000,
      )
  return [...rows.values()]
}

// With fewer calls than this, one outlier decides the median.
const fewestCalls = 5

type Counted = 'requests' | 'errors' | 'children' | 'targeted' | 'named' | 'redirects' | 'timeless'

function sampleOf(rows: readonly Row[], calls: readonly CallRow[]): CohortSample {
  const sum = (some: readonly Row[], key: Counted): number => some.reduce((total, row) => total + row[key], 0)
  const by = (key: 'threshold' | 'scope'): (readonly [string, readonly Row[]])[] =>
    [...new Set(rows.map((row) => row[key]))]
      .sort()
      .map((value) => [value, rows.filter((row) => row[key] === value)] as const)
      .sort(([, a], [, b]) => sum(b, 'requests') - sum(a, 'requests'))
  return {
    requests: sum(rows, 'requests'),
    children: sum(rows, 'children'),
    scope: by('scope')[0]?.[0] ?? '',
    sampling: by('threshold').map(([threshold, some]) => ({
      probability: threshold === '' ? null : probabilityOf(threshold),
      requests: sum(some, 'requests'),
      errors: sum(some, 'errors'),
    })),
    targeted: sum(rows, 'targeted'),
    named: sum(rows, 'named'),
    redirects: sum(rows, 'redirects'),
    timeless: sum(rows, 'timeless'),
    skewMs: skewIn(calls),
    calledAt: calls
      .filter(({ address }) => address !== '')
      .map(({ address, skewsMs }) => ({ address, calls: skewsMs.length })),
  }
}

/**
 * A threshold is up to 14 hex digits without trailing zeros:
 * https://opentelemetry.io/docs/specs/otel/trace/tracestate-probability-sampling/
 */
function probabilityOf(threshold: string): number {
  return 1 - Number.parseInt(threshold.slice(0, 14).padEnd(14, '0'), 16) / 2 ** 56
}

/** The flags that the cohorts are chosen by, as `coalmine.flags.targeted` writes them. */
function flagsOf({ stable, canary }: Comparison): string[] {
  const flags = [...parseSelector(stable), ...parseSelector(canary)].flatMap((condition) => flagOf(condition) ?? [])
  return [...new Set(flags)].map((flag) => flag.replace(/[;=%]/g, encodeURIComponent))
}

/**
 * How the requests of some ticks, from all traces or a sample, were measured, by cohort: the spans below them, their
 * instrumentation scope, how they were sampled (the `th` of their trace state, '' if it has none), and for how many
 * targeting decided one of `flags`.
 */
export const sampleOfTicks: SpanStatement = spanStatement(
  ({ seenValues, spanInStable, spanInCanary, traceCohort, answered }) => sql`
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
      groupUniqArray(${seenValues}) AS Seen,
      ${traceCohort} AS cohort,
      if(cohort = 'both', maxIf(IsError, ${spanInCanary}), max(IsError)) AS Failed,
      max(hasAny(splitByChar(';', SpanAttributes['coalmine.flags.targeted']), {flags:Array(String)})) AS Targeted,
      max(${userName} != '') AS Named,
      max(HttpStatus BETWEEN 300 AND 399 AND HttpStatus != 304) AS Redirected,
      max(Duration) = 0 AS Timeless,
      cohort = 'both' AND Failed
        AND maxIf(Timestamp, ${spanInStable}) >= minIf(EndedAt, IsError AND ${spanInCanary}) AS Retried
    FROM ${answered}
    WHERE Service = {service:String}
      AND ${withTestsAsked}
      AND ${ofAudience}
      AND ${spansOfWindow}
      AND toUnixTimestamp(Tick) IN {ticks:Array(UInt32)}
      AND sipHash64(TraceId) % {oneIn:UInt32} = 0
    GROUP BY TraceId
    HAVING cohort != ''
  ) AS Requests
  LEFT JOIN (
    SELECT TraceId, uniqExact(sipHash64(SpanId)) AS Spans
    FROM coalmine_traces
    WHERE ServiceName = {service:String}
      AND ${spansOfWindow}
      AND toUnixTimestamp(Tick) IN {ticks:Array(UInt32)}
      AND sipHash64(TraceId) % {oneIn:UInt32} = 0
      AND ${isInnerSpan}
    GROUP BY TraceId
  ) AS Below USING TraceId
  GROUP BY cohort, threshold, scope`,
)

/**
 * Up to 100 requests of each cohort in one tick, of all or of one trace in so many, that answered a call. A message waits in its
 * queue, so when it was sent tells nothing about the clock of who takes it.
 */
export const calledInTick: SpanStatement = spanStatement(
  ({ seenValues, seenCohort, answered }) => sql`
  SELECT
    ${seenValues} AS Seen,
    ${seenCohort} AS cohort,
    TraceId AS traceId,
    ParentSpanId AS parentSpanId,
    toUnixTimestamp64Micro(Timestamp) AS startedAt
  FROM ${answered}
  WHERE Service = {service:String} AND ParentSpanId NOT IN ('', '0000000000000000')
    AND SpanKind NOT IN ('Consumer', 'SPAN_KIND_CONSUMER')
    AND ${spansOfWindow} AND cohort != ''
    AND sipHash64(TraceId) % {oneIn:UInt32} = 0
  ORDER BY TraceId, SpanId
  LIMIT 100 BY cohort`,
)

/**
 * Spans of other services, by their traces and ids: when, and at which address. A request starts later than its call by what a
 * network takes, unless clocks differ. They are looked for so many seconds around the tick.
 */
export const callsOfTraces = `
  SELECT
    TraceId AS traceId,
    SpanId AS spanId,
    toUnixTimestamp64Micro(Timestamp) AS calledAt,
    if(SpanAttributes['server.address'] = '', '',
      concat(SpanAttributes['server.address'], ':', SpanAttributes['server.port'])) AS address
  FROM coalmine_traces
  WHERE ServiceName != {service:String} AND TraceId IN {traces:Array(String)} AND SpanId IN {spans:Array(String)}
    AND Timestamp >= toDateTime64({since:UInt32} - {reach:UInt32}, 9)
    AND Timestamp < toDateTime64({to:UInt32} + {reach:UInt32}, 9)`
