import type { Change, ChangeKind, TimelineChange } from './change.ts'
import type { Engine } from './engine/engine.ts'
import type { Access } from './opening.ts'
import { buildsServed } from './read/builds-served.ts'
import { firstServed, mergedChanges, withBuilds } from './timeline.ts'

/** Selects the changes to list. */
export interface ChangesAsked {
  /** Changes of this service, and changes not specific to one service. */
  readonly service?: string | undefined
  readonly version?: string | undefined
  readonly kind?: ChangeKind | undefined
  /** The time range, in milliseconds since 1970. */
  readonly sinceMs?: number | undefined
  readonly untilMs?: number | undefined
  /** The maximum number of changes; default 200. */
  readonly limit?: number | undefined
}

/** The timeline: deploys and other changes. */
export interface Changes {
  /** Stores a change, replacing any with the same id. Resolves to false if the store is read-only or its disk is full. */
  readonly keep: (change: Change) => Promise<boolean>
  /**
   * Changes, newest first. For a single service, they include deploys that nobody reported; such a deploy begins with the
   * build's first user request.
   */
  readonly list: (asked?: ChangesAsked) => Promise<readonly TimelineChange[]>
  /**
   * Stores the deploys of builds that first served users since `sinceMs`, so that they outlive their spans. Resolves to
   * their number.
   */
  readonly noteServed: (sinceMs: number) => Promise<number>
  /** The last deploy of a build, from reports and from its spans. */
  readonly deployOf: (service: string, version: string) => Promise<TimelineChange | undefined>
}

const usualLimit = 200

/** Reads and keeps changes in an engine's store. */
export function changesOf(
  engine: Engine,
  {
    access,
    isSpent,
    forgottenMs,
  }: {
    readonly access: Access
    readonly isSpent: () => boolean
    /** When the store's data begins: a build first seen then may have served before. */
    readonly forgottenMs: () => number
  },
): Changes {
  const kept = async (asked: ChangesAsked): Promise<readonly Change[]> => {
    // With access to spans alone there are no tables of ours.
    if (access === 'spans') return []
    const { service = '', sinceMs = 0, untilMs = lastMs, limit = usualLimit } = asked
    return engine.read<Change>(keptChanges, { service, sinceMs, untilMs, limit: Math.max(mostKept, 4 * limit) })
  }
  const list = async (asked: ChangesAsked = {}): Promise<readonly TimelineChange[]> => {
    const { service, version, kind, sinceMs = 0, untilMs = lastMs, limit = usualLimit } = asked
    // Another report of the same deploy may be hours older.
    const reported = mergedChanges(await kept({ ...asked, sinceMs: Math.max(0, sinceMs - dayMs) }))
    const isOfBuilds = service !== undefined && access !== 'spans' && (kind ?? 'deploy') === 'deploy'
    const builds = isOfBuilds ? await buildsServed(engine, service) : []
    return withBuilds(reported, builds, { service: service ?? '', forgottenMs: forgottenMs() })
      .filter((one) => one.atMs >= sinceMs && one.atMs < untilMs)
      .filter((one) => kind === undefined || one.kind === kind)
      .filter((one) => version === undefined || one.version === version)
      .slice(0, limit)
  }
  const keep = async (change: Change): Promise<boolean> => {
    if (access !== 'all' || isSpent()) return false
    await engine.write(keepChange, { ...change })
    return true
  }
  // Builds that already served when the store's data begins, and need not be checked again.
  const old = new Set<string>()
  return {
    keep,
    noteServed: async (sinceMs) => {
      if (access !== 'all' || isSpent()) return 0
      const serving = await engine.read<Serving>(servingBuilds, { since: Math.floor(sinceMs / 1000) })
      let noted = 0
      for (const { service, version } of serving) {
        const key = JSON.stringify([service, version])
        if (old.has(key)) continue
        const build = (await buildsServed(engine, service)).find((one) => one.version === version)
        if (build && build.firstMs > forgottenMs()) noted += Number(await keep(firstServed(build, service)))
        else old.add(key)
      }
      return noted
    },
    list,
    deployOf: async (service, version) => (await list({ service, version, kind: 'deploy', limit: 1 }))[0],
  }
}

interface Serving {
  readonly service: string
  readonly version: string
}

const dayMs = 86_400_000
const lastMs = 0xffffffff * 1000
const mostKept = 2_000

/** Stores a change. */
export const keepChange = `
  INSERT INTO coalmine_changes (
    Id, Kind, Service, Version, Flag, What, Author, MergedBy, Commit, Url, Environment, Changes, CommittedAt, At, Source)
  SELECT
    {id:String}, {kind:String}, {service:String}, {version:String}, {flag:String}, {what:String}, {author:String},
    {mergedBy:String}, {commit:String}, {url:String}, {environment:String}, {changes:UInt32},
    fromUnixTimestamp64Milli({committedMs:Int64}), fromUnixTimestamp64Milli({atMs:Int64}), {source:String}`

/** Changes of a service and those not specific to one, or all if no service is given: newest first, the newest report of each. */
export const keptChanges = `
  SELECT
    Id AS id, Kind AS kind, Service AS service, Version AS version, Flag AS flag, What AS what, Author AS author,
    MergedBy AS mergedBy, Commit AS commit, Url AS url, Environment AS environment, Changes AS changes,
    toUnixTimestamp64Milli(CommittedAt) AS committedMs, toUnixTimestamp64Milli(At) AS atMs, Source AS source
  FROM (
    SELECT *
    FROM coalmine_changes
    WHERE {service:String} = '' OR Service IN ('', {service:String})
    ORDER BY Kept DESC
    LIMIT 1 BY Service, Id
  )
  WHERE At >= fromUnixTimestamp64Milli({sinceMs:Int64}) AND At < fromUnixTimestamp64Milli({untilMs:Int64})
  ORDER BY At DESC, Id
  LIMIT {limit:UInt32}`

/** Builds that have served users since a given time and whose first requests are not stored as a deploy yet. */
export const servingBuilds = `
  SELECT Service AS service, Build AS version
  FROM coalmine_ticks
  WHERE FlagKey = '' AND NOT Test AND Build != '' AND Tick >= fromUnixTimestamp({since:UInt32})
    AND (Service, Build) NOT IN (SELECT Service, Version FROM coalmine_changes WHERE Source = 'spans')
  GROUP BY service, version
  ORDER BY service, version
  LIMIT 100`
