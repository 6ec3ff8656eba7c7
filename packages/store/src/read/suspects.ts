import { type SpanStatement, spanStatement } from '../cohort-texts.ts'
import { type Comparison, spanParams } from '../comparison.ts'
import { closedOnly, ofAudience, operationName, spansOfWindow } from '../conditions.ts'
import type { Engine } from '../engine/engine.ts'
import { formatSelector } from '../selector.ts'
import { sql } from '../sql.ts'
import { sinceOf, type TickWindow, tickSeconds, windowOf } from '../tick.ts'
import { rawTickSizes } from './raw-ticks.ts'

/** Why a request is bad: slower than 95 % of stable's, an error, or a client error. */
export type Bad = 'slow' | 'failed' | 'client-error'

/** By block of time, the requests of a cohort that have an attribute, and how many of them were bad. */
export type BadBlocks = ReadonlyMap<number, { readonly n: number; readonly bad: number }>

/** A trace to look at. Times are milliseconds since 1970. */
export interface Exemplar {
  readonly traceId: string
  readonly startMs: number
  readonly seconds: number
}

/** What distinguishes the canary's bad requests from the others, and traces to look at. */
export interface Suspects {
  /** Requests that take longer are slow. */
  readonly slowFromSeconds: number
  readonly all: { readonly stable: BadBlocks; readonly canary: BadBlocks }
  /** `attribute` is written as in a selector: `flag:new-pricing=on`. */
  readonly attributes: readonly { readonly attribute: string; readonly stable: BadBlocks; readonly canary: BadBlocks }[]
  /** Bad traces of the canary and usual traces of stable: three of each, most typical first. */
  readonly exemplars: { readonly stable: readonly Exemplar[]; readonly canary: readonly Exemplar[] }
}

// Keeps reading to seconds, not minutes: of a long window, only the last part.
const mostSpans = 1_000_000
// Longer blocks of time lose hardly any evidence.
const mostBlocks = 120
// These attributes say that the request was bad, not why.
const outcomeKeys = [
  'http.response.status_code',
  'http.status_code',
  'rpc.grpc.status_code',
  'rpc.response.status_code',
  'error.type',
  'otel.status_code',
  'otel.status_description',
]

/** Counts bad requests of both cohorts by each attribute of the canary's requests, from raw spans. Takes seconds and may time out. */
export async function suspects(
  engine: Engine,
  comparison: Comparison,
  operation: string | null,
  bad: Bad,
): Promise<Suspects> {
  const params = spanParams(comparison)
  const { service } = comparison
  const window = await lastPartOf(engine, comparison)
  const asked = { service, ...window, ...params, operation: operation ?? '', bad }
  const [[slow], met] = await Promise.all([
    engine.read<{ stable: number; canary: number }>(slowFrom(params), asked),
    engine.read<{ key: string; values: readonly string[] }>(attributesMet(params), {
      ...asked,
      withoutKeys: [...params.keys, 'coalmine.flags', ...(bad === 'slow' ? [] : outcomeKeys)],
    }),
  ])
  const pairs = met.flatMap(({ key, values }) =>
    values.filter((value) => value !== '').map((value) => ({ key, value })),
  )
  interface Row {
    readonly key: string
    readonly value: string
    readonly cohort: 'stable' | 'canary'
    readonly blocks: readonly number[]
    readonly units: readonly number[]
    readonly bad: readonly number[]
  }
  const [rows, traces] = await Promise.all([
    engine.read<Row>(badByAttribute(params), {
      ...asked,
      slowFrom: slow!.stable,
      blockSeconds: Math.ceil((window.to - window.from) / mostBlocks / tickSeconds) * tickSeconds,
      pairKeys: pairs.map(({ key }) => key),
      pairValues: pairs.map(({ value }) => value),
    }),
    engine.read<Exemplar & { cohort: 'stable' | 'canary' }>(typicalTraces(params), {
      ...asked,
      stableTypical: slow!.stable,
      canaryTypical: slow!.canary,
    }),
  ])
  const nameOf = (...parts: readonly string[]): string => parts.join('\0')
  const rowOf = new Map(rows.map((row) => [nameOf(row.key, row.value, row.cohort), row]))
  const blocksOf = (key: string, value: string, cohort: Row['cohort']): BadBlocks => {
    const row = rowOf.get(nameOf(key, value, cohort))
    return new Map(row?.blocks.map((block, at) => [block, { n: row.units[at]!, bad: row.bad[at]! }]))
  }
  const counted = (key: string, value: string) => ({
    stable: blocksOf(key, value, 'stable'),
    canary: blocksOf(key, value, 'canary'),
  })
  const exemplars = (wanted: 'stable' | 'canary'): Exemplar[] =>
    traces.filter(({ cohort }) => cohort === wanted).map(({ cohort, ...trace }) => trace)
  return {
    slowFromSeconds: slow!.stable / 1e9,
    all: counted('', ''),
    attributes: pairs.map(({ key, value }) => ({
      attribute: formatSelector([{ from: 'span', key, value }]),
      ...counted(key, value),
    })),
    exemplars: { stable: exemplars('stable'), canary: exemplars('canary') },
  }
}

/** The last ticks of a comparison with few enough spans to read, as a window in seconds. */
export async function lastPartOf(engine: Engine, comparison: Comparison): Promise<TickWindow> {
  const { service } = comparison
  const sizes = await engine.read<{ tick: number; spans: number }>(rawTickSizes, { service, ...windowOf(comparison) })
  const last = sizes.at(-1)?.tick ?? 0
  let from = last
  let spans = 0
  for (const one of sizes.toReversed()) {
    spans += one.spans
    if (spans > mostSpans && one.tick < last) break
    from = one.tick
  }
  return { since: sinceOf(from), from, to: last + tickSeconds }
}

/**
 * Four statements over raw spans explain why a canary is worse, at one operation or at all (''). The first: from how many nanoseconds
 * on a request is slow, and how long the slow ones of each cohort typically take.
 */
export const slowFrom: SpanStatement = spanStatement(
  ({ spanInStable, spanInCanary, requests }) => sql`
  SELECT
    quantileExactIf(0.95)(Duration, IsStable) AS stable,
    quantileExactIf(0.95)(Duration, IsCanary) AS canary
  FROM (
    SELECT
      ${spanInStable} AS IsStable,
      ${spanInCanary} AS IsCanary,
      ${operationName} AS Name,
      Duration
    FROM ${requests}
    WHERE Service = {service:String}
      AND ${spansOfWindow}
      AND ${closedOnly}
      AND ${ofAudience}
      AND IsStable != IsCanary
      AND ({operation:String} = '' OR {operation:String} = if({traffic:String} = 'all' AND Test, concat(Name, ' (test)'), Name))
  )
  SETTINGS max_execution_time = 10, max_memory_usage = 1000000000`,
)

/**
 * The second: the attributes of the canary's requests, most frequent first, each with its most frequent values. An attribute with
 * too many values is an id, and one with the same value in all requests explains nothing.
 */
export const attributesMet: SpanStatement = spanStatement(
  ({ spanInStable, spanInCanary, requests }) => sql`
  SELECT pair.1 AS key, topK(20)(pair.2) AS values
  FROM (
    SELECT
      ${spanInStable} AS IsStable,
      ${spanInCanary} AS IsCanary,
      ${operationName} AS Name,
      mapUpdate(ResourceAttributes, mapUpdate(SpanAttributes, FlagAttributes)) AS Marks
    FROM ${requests}
    WHERE Service = {service:String}
      AND ${spansOfWindow}
      AND ${closedOnly}
      AND ${ofAudience}
      AND IsStable != IsCanary
      AND ({operation:String} = '' OR {operation:String} = if({traffic:String} = 'all' AND Test, concat(Name, ' (test)'), Name)) AND IsCanary
  )
  ARRAY JOIN arrayZip(mapKeys(Marks), mapValues(Marks)) AS pair
  WHERE key NOT IN {withoutKeys:Array(String)}
  GROUP BY key
  HAVING uniq(pair.2) <= 1000
  ORDER BY count() DESC, key
  LIMIT 50
  SETTINGS max_execution_time = 10, max_memory_usage = 1000000000`,
)

/**
 * The third: units and bad units by attribute, cohort and block of time; '' is every unit. A unit has the attributes of its
 * slowest span.
 */
export const badByAttribute: SpanStatement = spanStatement(
  ({ spanInStable, spanInCanary, requests }) => sql`
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
          ${spanInStable} AS IsStable,
          ${spanInCanary} AS IsCanary,
          ${operationName} AS Name,
          Tick, TraceId, Duration, IsError, IsClientError,
          mapUpdate(ResourceAttributes, mapUpdate(SpanAttributes, FlagAttributes)) AS Marks,
          arrayFilter(pair -> pair IN arrayZip({pairKeys:Array(String)}, {pairValues:Array(String)}),
            arrayZip(mapKeys(Marks), mapValues(Marks))) AS Pairs
        FROM ${requests}
        WHERE Service = {service:String}
          AND ${spansOfWindow}
          AND ${closedOnly}
          AND ${ofAudience}
          AND IsStable != IsCanary
          AND ({operation:String} = '' OR {operation:String} = if({traffic:String} = 'all' AND Test, concat(Name, ' (test)'), Name))
      )
      GROUP BY Tick, Name, TraceId, IsCanary
    )
    ARRAY JOIN arrayPushFront(UnitPairs, ('', '')) AS pair
    GROUP BY pair, InCanary, Block
  )
  GROUP BY key, value, cohort
  SETTINGS max_execution_time = 10, max_memory_usage = 1000000000`,
)

/** The fourth: example traces, bad ones of the canary and usual ones of stable, most typical first. */
export const typicalTraces: SpanStatement = spanStatement(
  ({ spanInStable, spanInCanary, requests }) => sql`
  SELECT
    if(IsCanary, 'canary', 'stable') AS cohort,
    TraceId AS traceId,
    toUnixTimestamp64Milli(argMax(Timestamp, Duration)) AS startMs,
    max(Duration) / 1e9 AS seconds
  FROM (
    SELECT
      ${spanInStable} AS IsStable,
      ${spanInCanary} AS IsCanary,
      ${operationName} AS Name,
      TraceId, Timestamp, Duration, IsError, IsClientError
    FROM ${requests}
    WHERE Service = {service:String}
      AND ${spansOfWindow}
      AND ${closedOnly}
      AND ${ofAudience}
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
  SETTINGS max_execution_time = 10, max_memory_usage = 1000000000`,
)
