import { buildName, latestClosingsEver } from '../conditions.ts'
import type { Engine } from '../engine/engine.ts'
import { sql } from '../sql.ts'
import { tickSeconds } from '../tick.ts'

/** The origin of a build, as its spans state it; unknown strings are empty. */
export interface BuildMarks {
  readonly commit: string
  readonly repository: string
  /** The URL of the pull or merge request, if the repository's URL is known. */
  readonly url: string
  readonly author: string
  readonly mergedBy: string
  readonly environment: string
  /** How many changes it has on top of the previous build; 0 if unknown. */
  readonly changes: number
}

/** A build that has served users. Times are milliseconds since 1970. */
export interface BuildServed {
  readonly version: string
  readonly firstMs: number
  readonly lastMs: number
  readonly requests: number
  readonly marks: BuildMarks
}

/** A service's builds and each build's share of its requests over time. */
export interface BuildShares {
  readonly startMs: number
  readonly binSeconds: number
  /** The newest builds, each with its requests in every bin. */
  readonly builds: readonly (BuildServed & { readonly bins: readonly number[] })[]
  /** Requests of all builds in every bin. */
  readonly all: readonly number[]
}

/** Services and their newest builds. Times are milliseconds since 1970. */
export interface ServicesSeen {
  /** In the order of their names. */
  readonly services: readonly {
    readonly service: string
    readonly lastMs: number
    /** How many builds have served, and the newest of them. */
    readonly count: number
    readonly builds: readonly { readonly version: string; readonly firstMs: number; readonly lastMs: number }[]
  }[]
}

const mostBuilds = 30
const mostServices = 500
const mostNewest = 3
const mostShown = 8
const mostBins = 120
const shownHours = 24

/** The builds of a service that have served users, from closed ticks, newest first. */
export async function buildsServed(engine: Engine, service: string): Promise<readonly BuildServed[]> {
  type Row = Omit<BuildServed, 'marks' | 'firstMs' | 'lastMs'> & { readonly first: number; readonly last: number }
  const rows = await engine.read<Row>(servedBuilds, { service, limit: mostBuilds })
  return Promise.all(
    rows.map(async ({ version, requests, first, last }) => ({
      version,
      requests,
      firstMs: first * 1000,
      lastMs: (last + tickSeconds) * 1000,
      marks: await marksOf(engine, service, version, first),
    })),
  )
}

/** The same, with each build's share of requests in the service's last known day. */
export async function buildShares(engine: Engine, service: string): Promise<BuildShares> {
  const served = await buildsServed(engine, service)
  const end = Math.max(0, ...served.map(({ lastMs }) => lastMs)) / 1000
  const start = Math.max(end - shownHours * 3600, Math.min(...served.map(({ firstMs }) => firstMs)) / 1000)
  if (served.length === 0) return { startMs: 0, binSeconds: tickSeconds, builds: [], all: [] }
  const binSeconds = Math.max(1, Math.ceil((end - start) / mostBins / tickSeconds)) * tickSeconds
  const bins = Math.max(1, Math.ceil((end - start) / binSeconds))
  const rows = await engine.read<{ version: string; bin: number; requests: number }>(sharedRequests, {
    service,
    from: start,
    to: end,
    binSeconds,
  })
  const of = (version?: string): number[] => {
    const found = Array.from({ length: bins }, () => 0)
    for (const row of rows)
      if ((version === undefined || row.version === version) && row.bin < bins) found[row.bin]! += row.requests
    return found
  }
  return {
    startMs: start * 1000,
    binSeconds,
    builds: served.slice(0, mostShown).map((build) => ({ ...build, bins: of(build.version) })),
    all: of(),
  }
}

/** Services that have served users, from closed ticks, each with its newest builds. */
export async function newestBuilds(engine: Engine): Promise<ServicesSeen> {
  interface Row {
    readonly service: string
    readonly last: number
    readonly count: number
    readonly versions: readonly string[]
    readonly firsts: readonly number[]
    readonly lasts: readonly number[]
  }
  const rows = await engine.read<Row>(newestOfEach, { most: mostNewest, services: mostServices })
  return {
    services: rows.map(({ service, last, count, versions, firsts, lasts }) => ({
      service,
      lastMs: (last + tickSeconds) * 1000,
      count,
      builds: versions.map((version, at) => ({
        version,
        firstMs: firsts[at]! * 1000,
        lastMs: (lasts[at]! + tickSeconds) * 1000,
      })),
    })),
  }
}

// The requests that ended in a build's first tick began not long before it.
const beganSeconds = 60

async function marksOf(engine: Engine, service: string, version: string, first: number): Promise<BuildMarks> {
  const [row] = await engine.read<Omit<BuildMarks, 'url' | 'changes'> & { change: string; changes: string }>(
    buildMarks,
    { service, version, from: first - beganSeconds, to: first + 2 * tickSeconds },
  )
  const { commit, repository, change, author, mergedBy, environment, changes } = row!
  return {
    commit,
    repository,
    url: changeUrl(repository, change),
    author,
    mergedBy,
    environment,
    changes: /^\d{1,6}$/.test(changes) ? Number(changes) : 0,
  }
}

/** The URL of a pull request: its own, or built from its number and a repository on a known host. */
function changeUrl(repository: string, change: string): string {
  if (/^https?:\/\//.test(change)) return change
  if (!/^\d+$/.test(change) || !/^https:\/\/[^\s]+$/.test(repository)) return ''
  return repository.includes('gitlab') ? `${repository}/-/merge_requests/${change}` : `${repository}/pull/${change}`
}

/** When builds served users, and how often, newest builds first. */
export const servedBuilds: string = sql`
  SELECT
    Build AS version,
    sum(Requests) AS requests,
    toUnixTimestamp(min(Tick)) AS first,
    toUnixTimestamp(max(Tick)) AS last
  FROM coalmine_ticks
  WHERE Service = {service:String} AND FlagKey = '' AND NOT Test AND Build != '' AND ${latestClosingsEver}
  GROUP BY version
  ORDER BY first DESC, version
  LIMIT {limit:UInt32}`

/** The newest builds of each service. A tick that was closed again has the same builds, so that closings need not be told apart. */
export const newestOfEach: string = sql`
  SELECT
    Service AS service,
    max(Last) AS last,
    toUInt32(countIf(Build != '')) AS count,
    arrayReverseSort(arrayFilter(one -> one.2 != '', groupArray((First, Build, Last)))) AS newest,
    arrayMap(one -> one.2, arraySlice(newest, 1, {most:UInt32})) AS versions,
    arrayMap(one -> one.1, arraySlice(newest, 1, {most:UInt32})) AS firsts,
    arrayMap(one -> one.3, arraySlice(newest, 1, {most:UInt32})) AS lasts
  FROM (
    SELECT Service, Build, toUnixTimestamp(min(Tick)) AS First, toUnixTimestamp(max(Tick)) AS Last
    FROM coalmine_ticks
    WHERE FlagKey = '' AND NOT Test
    GROUP BY Service, Build
  )
  GROUP BY service
  ORDER BY service
  LIMIT {services:UInt32}`

/** Requests of users by build, in bins of so many seconds. */
export const sharedRequests: string = sql`
  SELECT
    Build AS version,
    intDiv(toUnixTimestamp(Tick) - {from:UInt32}, {binSeconds:UInt32}) AS bin,
    sum(Requests) AS requests
  FROM coalmine_ticks
  WHERE Service = {service:String} AND FlagKey = '' AND NOT Test
    AND Tick >= fromUnixTimestamp({from:UInt32}) AND Tick < fromUnixTimestamp({to:UInt32})
    AND ${latestClosingsEver}
  GROUP BY version, bin`

/** The origin of a build, from its first spans. */
export const buildMarks: string = sql`
  SELECT
    anyIf(ResourceAttributes['vcs.ref.head.revision'], ResourceAttributes['vcs.ref.head.revision'] != '') AS commit,
    anyIf(ResourceAttributes['vcs.repository.url.full'], ResourceAttributes['vcs.repository.url.full'] != '') AS repository,
    anyIf(ResourceAttributes['vcs.change.id'], ResourceAttributes['vcs.change.id'] != '') AS change,
    anyIf(ResourceAttributes['coalmine.change.author'], ResourceAttributes['coalmine.change.author'] != '') AS author,
    anyIf(ResourceAttributes['coalmine.change.merger'], ResourceAttributes['coalmine.change.merger'] != '') AS mergedBy,
    anyIf(ResourceAttributes['coalmine.change.count'], ResourceAttributes['coalmine.change.count'] != '') AS changes,
    anyIf(ResourceAttributes['deployment.environment.name'], ResourceAttributes['deployment.environment.name'] != '')
      AS environment
  FROM (
    SELECT ResourceAttributes
    FROM coalmine_traces
    WHERE ServiceName = {service:String}
      AND Timestamp >= toDateTime64({from:UInt32}, 9) AND Timestamp < toDateTime64({to:UInt32}, 9)
      AND ${buildName} = {version:String}
    LIMIT 1000
  )`
