import type { Engine } from '../engine/engine.ts'
import { flagsOfSpans } from '../ingest/summed-flag-hours.ts'
import { sql } from '../sql.ts'

/** User requests that met a flag variant, in one environment of a service. Times are milliseconds since 1970. */
export interface FlagVariantRow {
  readonly service: string
  readonly environment: string
  readonly flag: string
  readonly variant: string
  readonly firstMs: number
  readonly lastMs: number
  /** Requests within each of the requested numbers of days, in that order. */
  readonly requests: readonly number[]
}

/** A build that met a flag; if the flag's name is empty, a build that served any requests. */
export interface FlagBuildRow {
  readonly service: string
  readonly environment: string
  readonly flag: string
  readonly build: string
  readonly firstMs: number
  readonly lastMs: number
  readonly requests: number
}

/** The history of flags in the last hundred days. */
export interface FlagLife {
  readonly variants: readonly FlagVariantRow[]
  /** The last builds that met each flag within a month, at most five. */
  readonly builds: readonly FlagBuildRow[]
  /** Since when each service is known. */
  readonly known: readonly { readonly service: string; readonly sinceMs: number }[]
}

/** Which flags to read, and the time ranges. Times are seconds since 1970. */
export interface FlagsRead {
  readonly service: string
  readonly flag: string
  /** Must include 30, for builds. */
  readonly days: readonly number[]
  /** From here on hours are read instead of days. */
  readonly hours: number
  /** From here on ticks are read instead of hours. */
  readonly ticks: number
  readonly until: number
}

/** Days to keep the summed hours of flags. */
export const flagDays = 100
const buildDays = 30
const mostLookedUp = 50

interface VariantRow {
  readonly service: string
  readonly environment: string
  readonly flag: string
  readonly variant: string
  readonly first: number
  readonly last: number
  readonly requests: readonly (number | string)[]
}
type BuildRow = Omit<VariantRow, 'variant' | 'requests'> & { readonly build: string; readonly requests: number }
type TickRow = Omit<VariantRow, 'environment'> & { readonly build: string; readonly met: number }

/**
 * Reads flags from summed hours and the ticks after them. A build with several environments is counted from whole hours only,
 * since ticks do not record the environment.
 */
export async function flagLife(engine: Engine, asked: FlagsRead): Promise<FlagLife> {
  const { service, flag, days, hours, ticks, until } = asked
  const params = { service, flag, days, hours, ticks, until, from: Math.max(0, until - flagDays * 86_400) }
  const sums = await engine.read<VariantRow & { readonly build: string; readonly ofBuild: number }>(flagSums, params)
  const variants = sums.filter(({ ofBuild }) => !ofBuild)
  const month = days.indexOf(buildDays)
  const builds = sums
    .filter(({ ofBuild }) => ofBuild)
    .map((row): BuildRow => ({ ...row, requests: Number(row.requests[month] ?? 0) }))
  const known = await engine.read<{ service: string; since: number }>(flagsKnownSince, { service })
  const late = await engine.read<TickRow>(flagTicks, params)
  const environments = await environmentsOf(engine, builds, late)
  const all = { variants: new Map<string, FlagVariantRow>(), builds: new Map<string, FlagBuildRow>() }
  for (const row of variants) addVariant(all.variants, { ...row, requests: row.requests.map(Number) })
  for (const row of builds) addBuild(all.builds, row)
  for (const row of late) {
    const environment = environments.get(keyOf(row.service, row.build))
    if (environment === undefined) continue
    const requests = row.requests.map(Number)
    if (row.flag !== '') addVariant(all.variants, { ...row, environment, requests })
    addBuild(all.builds, { ...row, environment, requests: row.met })
  }
  const sinceMs = new Map(known.map((one) => [one.service, one.since * 1000]))
  for (const { service: name, first } of late)
    sinceMs.set(name, Math.min(sinceMs.get(name) ?? Number.POSITIVE_INFINITY, first * 1000))
  return {
    variants: [...all.variants.values()],
    builds: [...all.builds.values()],
    known: [...sinceMs].map(([name, since]) => ({ service: name, sinceMs: since })),
  }
}

/** The same from spans alone, for the last day. */
export async function flagLifeOfSpans(engine: Engine, { service, flag, days, until }: FlagsRead): Promise<FlagLife> {
  const from = until - 86_400
  const rows = (
    await engine.read<Omit<TickRow, 'requests' | 'met'> & { environment: string; requests: number }>(flagSpans, {
      service,
      from,
      to: until,
    })
  ).filter((row) => flag === '' || row.flag === flag || row.flag === '')
  const all = { variants: new Map<string, FlagVariantRow>(), builds: new Map<string, FlagBuildRow>() }
  for (const row of rows) {
    if (row.flag !== '') addVariant(all.variants, { ...row, requests: days.map(() => Number(row.requests)) })
    addBuild(all.builds, { ...row, requests: Number(row.requests) })
  }
  return {
    variants: [...all.variants.values()],
    builds: [...all.builds.values()],
    known: [...new Set(rows.map((row) => row.service))].map((name) => ({ service: name, sinceMs: from * 1000 })),
  }
}

const keyOf = (...parts: readonly string[]): string => JSON.stringify(parts)

type Counted = Omit<VariantRow, 'requests'> & { readonly requests: readonly number[] }

function addVariant(all: Map<string, FlagVariantRow>, row: Counted): void {
  const { service, environment, flag, variant, first, last, requests } = row
  const key = keyOf(service, environment, flag, variant)
  const there = all.get(key)
  all.set(key, {
    service,
    environment,
    flag,
    variant,
    firstMs: Math.min(first * 1000, there?.firstMs ?? first * 1000),
    lastMs: Math.max(last * 1000, there?.lastMs ?? 0),
    requests: requests.map((n, at) => n + (there?.requests[at] ?? 0)),
  })
}

function addBuild(all: Map<string, FlagBuildRow>, row: BuildRow): void {
  const { service, environment, flag, build, first, last, requests } = row
  const key = keyOf(service, environment, flag, build)
  const there = all.get(key)
  all.set(key, {
    service,
    environment,
    flag,
    build,
    firstMs: Math.min(first * 1000, there?.firstMs ?? first * 1000),
    lastMs: Math.max(last * 1000, there?.lastMs ?? 0),
    requests: Number(requests) + (there?.requests ?? 0),
  })
}

/** The environment of each build that has only one: from summed hours, or else from its first spans since. */
async function environmentsOf(
  engine: Engine,
  builds: readonly BuildRow[],
  late: readonly TickRow[],
): Promise<ReadonlyMap<string, string>> {
  const seen = new Map<string, Set<string>>()
  for (const { service, build, environment } of builds) {
    const key = keyOf(service, build)
    seen.set(key, (seen.get(key) ?? new Set()).add(environment))
  }
  const firsts = new Map<string, TickRow>()
  for (const row of late) {
    const key = keyOf(row.service, row.build)
    if (!seen.has(key) && row.first < (firsts.get(key)?.first ?? Number.POSITIVE_INFINITY)) firsts.set(key, row)
  }
  for (const [key, { service, build, first }] of [...firsts].slice(0, mostLookedUp)) {
    const rows = await engine.read<{ environment: string }>(environmentsOfBuild, { service, build, from: first })
    seen.set(key, new Set(rows.map(({ environment }) => environment)))
  }
  return new Map([...seen].flatMap(([key, names]) => (names.size === 1 ? [[key, [...names][0]!]] : [])))
}

const ofAsked = `({service:String} = '' OR Service = {service:String})`
const ofFlag = (name: string): string => `({flag:String} = '' OR ${name} IN ('', {flag:String}))`

// Few hours are summed up twice: finding those and excluding them takes half the time of finding the right row for each hour.
const newest = (table: string, at: string): string => sql`
Sum IN (SELECT Sum FROM ${table})
AND (Service, ${at}, Sum) NOT IN (
  SELECT Service, ${at}, arrayJoin(arrayFilter(sum -> sum != argMax(Sum, At), groupUniqArray(Sum)))
  FROM ${table}
  WHERE ${ofAsked}
  GROUP BY Service, ${at}
  HAVING uniqExact(Sum) > 1)`

// Completed days, and the hours of the others.
const summedRows = sql`
FROM (
  SELECT Service, Environment, Flag, Variant, Build, Requests, FirstTick, LastTick
  FROM coalmine_flag_days
  WHERE ${ofAsked}
    AND ${ofFlag('Flag')}
    AND Day >= fromUnixTimestamp({from:UInt32})
    AND ${newest('coalmine_summed_flag_days', 'Day')}
  UNION ALL
  SELECT Service, Environment, Flag, Variant, Build, Requests, FirstTick, LastTick
  FROM coalmine_flag_hours
  WHERE ${ofAsked}
    AND ${ofFlag('Flag')}
    AND Hour >= fromUnixTimestamp(greatest({from:UInt32}, {hours:UInt32}))
    AND (Service, toStartOfDay(Hour)) NOT IN (
      SELECT Service, Day FROM coalmine_summed_flag_days WHERE Day >= fromUnixTimestamp({hours:UInt32}))
    AND ${newest('coalmine_summed_flag_hours', 'Hour')}
)`

const ageOf = (at: string): string =>
  `toUInt16(intDiv(greatest(0, toInt64({until:UInt32}) - toUnixTimestamp(${at}) - 1), 86400))`
const withinDays = `arrayMap(
  wanted -> arraySum(arrayMap((age, n) -> if(age < wanted, n, 0), mapKeys(ByAge), mapValues(ByAge))),
  {days:Array(UInt16)}) AS requests`

/**
 * The history of each variant, and the builds that met each flag within a month: the last five at most. Under the flag without a
 * name these are all builds that served. Rows are read once, and summed up by day before they are told apart.
 */
export const flagSums: string = sql`
  SELECT
    Service AS service,
    Environment AS environment,
    Flag AS flag,
    Variant AS variant,
    Build AS build,
    OfBuild AS ofBuild,
    toUnixTimestamp(First) AS first,
    toUnixTimestamp(Last) AS last,
    ${withinDays}
  FROM (
    SELECT
      Service,
      Environment,
      Flag,
      Variant,
      Build,
      grouping(Variant) AS OfBuild,
      min(DayFirst) AS First,
      max(DayLast) AS Last,
      sumMap(map(Age, DayRequests)) AS ByAge
    FROM (
      SELECT
        Service,
        Environment,
        Flag,
        Variant,
        Build,
        ${ageOf('LastTick')} AS Age,
        sum(Requests) AS DayRequests,
        min(FirstTick) AS DayFirst,
        max(LastTick) AS DayLast
      ${summedRows}
      GROUP BY Service, Environment, Flag, Variant, Build, Age
    )
    GROUP BY GROUPING SETS ((Service, Environment, Flag, Variant), (Service, Environment, Flag, Build))
  )
  WHERE if(OfBuild = 1, Last >= fromUnixTimestamp(toUInt32(greatest(0, toInt64({until:UInt32}) - 2592000))), Flag != '')
  ORDER BY ofBuild, last DESC, service, environment, flag, variant, build
  LIMIT 5 BY service, environment, flag, variant, ofBuild`

/** Since when flags of each service are known. */
export const flagsKnownSince: string = sql`
  SELECT Service AS service, toUnixTimestamp(min(Hour)) AS since
  FROM coalmine_summed_flag_hours
  WHERE ${ofAsked}
  GROUP BY service`

/** Flags from ticks whose hours are not summed up. */
export const flagTicks: string = sql`
  SELECT
    Service AS service,
    Build AS build,
    FlagKey AS flag,
    FlagVariant AS variant,
    toUnixTimestamp(First) AS first,
    toUnixTimestamp(Last) AS last,
    Met AS met,
    ${withinDays}
  FROM (
    SELECT
      Service,
      Build,
      FlagKey,
      FlagVariant,
      min(DayFirst) AS First,
      max(DayLast) AS Last,
      sum(DayRequests) AS Met,
      sumMap(map(Age, DayRequests)) AS ByAge
    FROM (
      SELECT
        Service,
        Build,
        FlagKey,
        FlagVariant,
        ${ageOf('Tick')} AS Age,
        sum(Requests) AS DayRequests,
        min(Tick) AS DayFirst,
        max(Tick) AS DayLast
      FROM coalmine_ticks
      WHERE ${ofAsked}
        AND ${ofFlag('FlagKey')}
        AND FlagKey != '(instance)' AND NOT Test
        AND Tick >= fromUnixTimestamp({ticks:UInt32})
        AND (Service, toStartOfHour(Tick)) NOT IN (
          SELECT Service, Hour FROM coalmine_summed_flag_hours WHERE Hour >= fromUnixTimestamp({ticks:UInt32}))
        AND Batch IN (SELECT Batch FROM coalmine_closed WHERE Tick >= fromUnixTimestamp({ticks:UInt32}))
        AND (Service, Tick, Batch) NOT IN (
          SELECT Service, Tick, arrayJoin(arrayFilter(batch -> batch != argMax(Batch, ClosedAt), groupUniqArray(Batch)))
          FROM coalmine_closed
          WHERE ${ofAsked} AND Tick >= fromUnixTimestamp({ticks:UInt32})
          GROUP BY Service, Tick
          HAVING uniqExact(Batch) > 1)
      GROUP BY Service, Build, FlagKey, FlagVariant, Age
    )
    GROUP BY Service, Build, FlagKey, FlagVariant
  )`

/** The environments named by a build's first spans since a given time. */
export const environmentsOfBuild = `
  SELECT DISTINCT if(ResourceAttributes['deployment.environment.name'] != '',
    ResourceAttributes['deployment.environment.name'], ResourceAttributes['deployment.environment']) AS environment
  FROM (
    SELECT ResourceAttributes
    FROM coalmine_requests
    WHERE Service = {service:String} AND Build = {build:String}
      AND Timestamp >= toDateTime64({from:UInt32}, 9) - INTERVAL 60 SECOND
    LIMIT 1000
  )`

/** Flags from the spans of a window, for stores with spans alone. */
export const flagSpans: string = sql`
  SELECT
    Service AS service,
    Environment AS environment,
    Build AS build,
    Flag AS flag,
    Variant AS variant,
    Requests AS requests,
    toUnixTimestamp(FirstTick) AS first,
    toUnixTimestamp(LastTick) AS last
  FROM (${flagsOfSpans(ofAsked)}
  )`
