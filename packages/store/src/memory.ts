import { type SpanStatement, spanStatement } from './cohort-texts.ts'
import { type AsRead, type Chosen, type Comparison, cohortsOf } from './comparison.ts'
import { closedOnly, inCanary, latestClosingsEver, ofAudience, ofTraffic } from './conditions.ts'
import type { Engine } from './engine/engine.ts'
import { StoreError } from './errors.ts'
import type { Access } from './opening.ts'
import { formatSelector, parseSelector } from './selector.ts'
import { sql } from './sql.ts'

/** Identifies a comparison in the store: the service and selection of requests, without the window. */
export type Remembered = Pick<Comparison, 'service' | keyof Chosen>

/** A verdict that settled a comparison. */
export interface SettledVerdict {
  readonly service: string
  readonly stable: string
  readonly canary: string
  readonly verdict: 'pass' | 'fail'
}

/** State that a store keeps about comparisons from one look to the next. */
export interface Memory {
  /**
   * The start of a comparison, in milliseconds since 1970: the tick of the canary's first request. It is stored at the
   * first look that finds one and never moves, so that looking again is the same test; if nothing can be stored, it is
   * determined anew at each look. Undefined while the canary has no request in a closed tick.
   */
  readonly start: (comparison: Remembered) => Promise<number | undefined>
  /**
   * Counts a look at a comparison, for tests with a limited number of looks, and resolves to its number, from 1.
   * Looking again at the same data is the same look, so looks are told apart by the end of the data.
   *
   * Throws a StoreError of kind `usage` if the store is read-only.
   */
  readonly countLook: (comparison: Remembered, endMs: number) => Promise<number>
  /** Stores the verdict of a comparison of users' requests, unless the last verdict on this canary was the same. */
  readonly rememberVerdict: (verdict: SettledVerdict) => Promise<void>
  /** The selectors of a service's canaries whose last settled verdict is FAIL, newest first, at most 20. */
  readonly failedCanaries: (service: string) => Promise<readonly string[]>
  /** The last settled verdicts on flag variants, of one service or of all, newest first, at most a thousand. */
  readonly flagVerdicts: (service?: string) => Promise<readonly (SettledVerdict & { readonly atMs: number })[]>
}

const looksNotCounted =
  'mode: looks are counted in the store, and this user may not write there; leave out "mode" to look as often as you like, or ask for the rights that "coalmine store init --dry-run" names'

/** The memory of a store. On a full disk it can be read but nothing is added. */
export function memoryOf(
  engine: Engine,
  asRead: AsRead,
  { access, isSpent }: { readonly access: Access; readonly isSpent: () => boolean },
): Memory {
  const writes = (): boolean => access === 'all' && !isSpent()
  return {
    start: async (comparison) => {
      const names = comparisonNames(comparison)
      const [known] = await engine.read<{ start: number; looks: number }>(comparisonStart, names)
      if (known!.looks > 0) return known!.start * 1000
      const start = await firstServed(engine, asRead(comparison))
      if (start === undefined) return undefined
      if (writes()) await engine.write(rememberComparison, { ...names, start })
      return start * 1000
    },
    countLook: async (comparison, endMs) => {
      if (access !== 'all') throw new StoreError('usage', looksNotCounted)
      const params = { ...comparisonNames(comparison), end: Math.floor(endMs / 1000) }
      await engine.write(rememberLook, params)
      const [row] = await engine.read<{ look: number }>(looksSoFar, params)
      return row!.look
    },
    rememberVerdict: async (verdict) => {
      if (writes()) await engine.write(rememberVerdict, { ...verdict })
    },
    failedCanaries: async (service) => {
      const rows = await engine.read<{ canary: string }>(failedCanaries, { service })
      return rows.map(({ canary }) => canary)
    },
    flagVerdicts: (service = '') => engine.read(flagVerdicts, { service }),
  }
}

/** The tick of the canary's first request, in seconds since 1970. */
async function firstServed(engine: Engine, comparison: Remembered): Promise<number | undefined> {
  const cohorts = cohortsOf(comparison)
  const statement = cohorts.source === 'ticks' ? tickFirst : rawFirst(cohorts.params)
  const [first] = await engine.read<{ found: number; tick: number }>(statement, {
    service: comparison.service,
    from: 0,
    ...cohorts.params,
  })
  return first!.found === 0 ? undefined : first!.tick
}

function comparisonNames(comparison: Remembered): {
  readonly service: string
  readonly stable: string
  readonly canary: string
} {
  const { service, traffic = 'users', audience = [], side = 'requests' } = comparison
  const among = [
    ...(traffic === 'users' ? [] : [`traffic=${traffic}`]),
    // "downstream" is the old name of `calls`, kept so that stored comparisons are still found.
    ...(side === 'requests' ? [] : ['scope=downstream']),
    ...(audience.length === 0 ? [] : [`audience=${audience.toSorted().map(encodeURIComponent).join('%2C')}`]),
  ]
  const nameOf = (selector: string): string => [nameOfSelector(selector), ...among].join(',')
  return { service, stable: nameOf(comparison.stable), canary: nameOf(comparison.canary) }
}

// The order of a selector's conditions does not matter.
const nameOfSelector = (selector: string): string =>
  formatSelector(parseSelector(selector).sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0)))

/** The first start stored for a comparison, in seconds since 1970, and how many were stored; 0 if none. */
export const comparisonStart = `
  SELECT toUnixTimestamp(argMin(Start, FirstLook)) AS start, count() AS looks
  FROM coalmine_comparisons
  WHERE Service = {service:String} AND Stable = {stable:String} AND Canary = {canary:String}`

/** Stores the start of a comparison. */
export const rememberComparison = `
  INSERT INTO coalmine_comparisons
  SELECT {service:String}, {stable:String}, {canary:String}, fromUnixTimestamp({start:UInt32}), now64(3)`

/** Counts a look at the data up to a second. */
export const rememberLook = `
  INSERT INTO coalmine_looks
  SELECT {service:String}, {stable:String}, {canary:String}, fromUnixTimestamp({end:UInt32}), now64(3)`

/** The number of the look at data up to a given end: how many ends were seen up to and including it. */
export const looksSoFar = `
  SELECT countIf(first <= this) AS look
  FROM (
    SELECT DataEnd, min(At) AS first, anyIf(first, DataEnd = fromUnixTimestamp({end:UInt32})) OVER () AS this
    FROM coalmine_looks
    WHERE Service = {service:String} AND Stable = {stable:String} AND Canary = {canary:String}
    GROUP BY DataEnd)`

/** Adds a row only if the verdict changed: looking again at a settled comparison adds nothing. */
export const rememberVerdict = `
  INSERT INTO coalmine_verdicts
  SELECT {service:String}, {stable:String}, {canary:String}, {verdict:String}, now64(3)
  WHERE (
    SELECT argMax(Verdict, At) FROM coalmine_verdicts WHERE Service = {service:String} AND Canary = {canary:String}
  ) != {verdict:String}`

/** Canaries whose last settled verdict is FAIL, newest first. */
export const failedCanaries = `
  SELECT Canary AS canary
  FROM coalmine_verdicts
  WHERE Service = {service:String}
  GROUP BY Canary
  HAVING argMax(Verdict, At) = 'fail'
  ORDER BY max(At) DESC, Canary
  LIMIT 20`

/** When the canary of a comparison first served, from closed ticks. */
export const tickFirst: string = sql`
  SELECT count() AS found, toUnixTimestamp(min(Tick)) AS tick
  FROM coalmine_ticks
  WHERE Service = {service:String} AND FlagKey = {flagKey:String}
    AND ${ofTraffic}
    AND ${latestClosingsEver}
    AND ${inCanary}`

/** The same from raw spans; for a comparison of calls, when it first called. */
export const rawFirst: SpanStatement = spanStatement(
  ({ spanInCanary, requests }) => sql`
  SELECT count() AS found, toUnixTimestamp(min(Tick)) AS tick
  FROM ${requests}
  WHERE Service = {service:String} AND Timestamp >= toDateTime64({from:UInt32}, 9)
    AND ${closedOnly}
    AND ${ofAudience}
    AND ${spanInCanary}`,
)

/** The last verdict of each comparison whose canary is a variant of a flag. */
export const flagVerdicts = `
  SELECT
    Service AS service, Stable AS stable, Canary AS canary,
    argMax(Verdict, At) AS verdict, toUnixTimestamp64Milli(max(At)) AS atMs
  FROM coalmine_verdicts
  WHERE ({service:String} = '' OR Service = {service:String}) AND position(Canary, 'flag:') > 0
  GROUP BY service, stable, canary
  ORDER BY atMs DESC, service, stable, canary
  LIMIT 1000`
