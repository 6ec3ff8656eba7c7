import { buildName, instanceName, isEntrySpan, latestClosingsEver } from '../conditions.ts'
import type { Engine } from '../engine/engine.ts'
import { sql } from '../sql.ts'
import { tickSeconds } from '../tick.ts'
import type { Traces } from '../traces.ts'
import { evaluationsOf, type FlagEvaluations } from './evaluations.ts'
import { lateSpans } from './facts.ts'

/**
 * Which marks arrived from a service in the hour before its last span, from the start of a tick on; if it has no spans,
 * before its last event. All fields cover that window. Times are milliseconds since 1970.
 */
export interface DoctorFacts {
  readonly service: string
  readonly spans: number
  readonly firstMs: number
  readonly lastMs: number
  /** Entry spans: SERVER, CONSUMER or without a parent. */
  readonly requests: number
  /** Spans that name their build, in an attribute or in their resource. */
  readonly withBuild: number
  readonly withFlags: number
  /** Entry spans of test traffic. */
  readonly test: number
  /** HTTP SERVER spans without `http.route`: their operation is the span's name. */
  readonly withoutRoute: number
  readonly builds: readonly string[]
  /** The first hundred by name. */
  readonly flags: readonly string[]
  readonly instances: readonly string[]
  readonly sdks: readonly { readonly name: string; readonly language: string; readonly version: string }[]
  /** Flag evaluations from events in that time; undefined if events cannot be read. */
  readonly evaluations: readonly FlagEvaluations[] | undefined
  /** Why events cannot be read. */
  readonly unread: string | undefined
  /** From closed ticks, most requests first. */
  readonly operations: readonly { readonly operation: string; readonly requests: number }[]
  /** Names of operations that came up within a day, grouped by how their paths begin; the largest groups. */
  readonly names: {
    readonly all: number
    readonly kinds: readonly { readonly kind: string; readonly names: number; readonly requests: number }[]
  }
  /** Spans that arrived after their tick had closed. */
  readonly late: number
  /** Ticks that are not closed yet, so that no operation counts them: how many, their spans, and the seconds until the last closes. */
  readonly open: { readonly ticks: number; readonly spans: number; readonly seconds: number }
}

type Row = Omit<
  DoctorFacts,
  'service' | 'sdks' | 'evaluations' | 'unread' | 'operations' | 'names' | 'late' | 'open'
> & {
  readonly sdks: readonly (readonly [string, string, string])[]
}

/** Reads which marks arrived from a service; undefined if nothing arrived. */
export async function doctorFacts(
  engine: Engine,
  logs: Traces,
  { service, lookBackMs }: { readonly service: string; readonly lookBackMs: number },
  open: () => Promise<DoctorFacts['open']>,
): Promise<DoctorFacts | undefined> {
  const [row] = await engine.read<Row>(doctor, { service })
  const from = row!.spans === 0 ? 0 : Math.floor((row!.lastMs - hourMs) / 1000 / tickSeconds) * tickSeconds
  const sinceMs = from * 1000
  const onSpans = new Set(row!.flags)
  const { evaluations, unread } = await evaluationsOf(engine, logs, { service, sinceMs, lookBackMs, onSpans })
  if (row!.spans === 0 && !evaluations?.length) return undefined
  const operations = await engine.read<{ operation: string; requests: number }>(knownOperations, { service, from })
  const kinds = await engine.read<DoctorFacts['names']['kinds'][number] & { all: number }>(operationKinds, { service })
  const [{ late }] = (await engine.read<{ late: number }>(lateSpans, { service, from, to: 0xffffffff })) as [
    { late: number },
  ]
  return {
    ...row!,
    service,
    builds: told(row!.builds),
    flags: told(row!.flags).slice(0, shownFlags),
    instances: told(row!.instances),
    sdks: row!.sdks.filter(([name]) => name !== '').map(([name, language, version]) => ({ name, language, version })),
    evaluations,
    unread,
    operations,
    names: {
      all: kinds[0]?.all ?? 0,
      kinds: kinds.map(({ kind, names, requests }) => ({ kind, names, requests })),
    },
    late,
    open: await open(),
  }
}

const hourMs = 3_600_000
const shownFlags = 100

const told = (values: readonly string[]): string[] => values.filter((value) => value !== '').sort()

/** The operations in closed ticks since a given time, most requests first. */
export const knownOperations: string = sql`
  SELECT Operation AS operation, sum(Requests) AS requests
  FROM coalmine_ticks
  WHERE Service = {service:String} AND FlagKey = '' AND toUnixTimestamp(Tick) >= {from:UInt32}
    AND ${latestClosingsEver}
  GROUP BY operation
  ORDER BY requests DESC, operation
  LIMIT 501`

/** The names of operations that came up in a service's last day, grouped by how their paths begin, numbers replaced by '#'. */
export const operationKinds = `
  SELECT
    replaceRegexpAll(extract(Operation, '^[^/]*(?:/[^/]*)?'), '[0-9]+', '#') AS kind,
    count() AS names,
    sum(InDay) AS requests,
    sum(count()) OVER () AS all
  FROM (
    SELECT Operation, sum(Requests) AS InDay
    FROM coalmine_operation_hours
    WHERE Service = {service:String}
      AND Hour > (SELECT max(Hour) - INTERVAL 1 DAY FROM coalmine_operation_hours WHERE Service = {service:String})
    GROUP BY Operation
  )
  GROUP BY kind
  ORDER BY names DESC, kind
  LIMIT 5`

/** The marks that arrived from a service in the hour before its last span, in whole ticks. */
export const doctor: string = sql`
  SELECT
    count() AS spans,
    toUnixTimestamp64Milli(min(Timestamp)) AS firstMs,
    toUnixTimestamp64Milli(max(Timestamp)) AS lastMs,
    countIf(${isEntrySpan}) AS requests,
    countIf(SpanAttributes['service.version'] != '' OR ResourceAttributes['service.version'] != '') AS withBuild,
    countIf(SpanAttributes['coalmine.flags'] != ''
      OR arrayExists(key -> startsWith(key, 'coalmine.flag.'), mapKeys(SpanAttributes))) AS withFlags,
    countIf((${isEntrySpan}) AND SpanAttributes['coalmine.test'] = 'true') AS test,
    countIf(SpanKind IN ('Server', 'SPAN_KIND_SERVER')
      AND (SpanAttributes['http.request.method'] != '' OR SpanAttributes['http.method'] != '')
      AND SpanAttributes['http.route'] = '') AS withoutRoute,
    groupUniqArray(20)(${buildName}) AS builds,
    groupUniqArrayArray(10000)(arrayConcat(
      arrayMap(key -> substring(key, 15),
        arrayFilter(key -> startsWith(key, 'coalmine.flag.'), mapKeys(SpanAttributes))),
      arrayMap(pair -> decodeURLComponent(splitByChar('=', pair)[1]),
        arrayFilter(pair -> position(pair, '=') > 1, splitByChar(';', SpanAttributes['coalmine.flags']))))) AS flags,
    groupUniqArray(50)(${instanceName}) AS instances,
    groupUniqArray(10)((ResourceAttributes['telemetry.sdk.name'], ResourceAttributes['telemetry.sdk.language'],
      ResourceAttributes['telemetry.sdk.version'])) AS sdks
  FROM coalmine_traces
  WHERE ServiceName = {service:String} AND Timestamp >= (
    SELECT toStartOfInterval(max(Timestamp) - INTERVAL 1 HOUR, INTERVAL 5 SECOND) FROM coalmine_traces WHERE ServiceName = {service:String})`
